/**
 * What the routes of one node stand on: a record of its parts, made once by NodeManager and changed by
 * nobody.
 */
import type { Logger, NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState } from '../src/cluster/index.ts';
import type { ClusterConfig } from '../src/config/index.ts';
import type { NodeHealth } from '../src/health/index.ts';
import type { Call, HttpClient } from '../src/rpc/index.ts';
import type { ReaderPool, StateReader } from '../src/state/index.ts';
import type { AlertDesk } from './alert-desk.ts';
import type { AvailabilityFile } from './availability-file.ts';
import type { HealthCheckReport } from './check-now.ts';
import type { ConsensusLink } from './consensus-link.ts';
import type { NodePki } from './data-files.ts';
import type { DenialChain } from './denial-chain.ts';
import type { Denials } from './denials.ts';
import type { EventHub } from './event-hub.ts';
import { hasRoom, noRoom, type Written } from './full-disk.ts';
import type { GossipDriver } from './gossip-driver.ts';
import type { History } from './history.ts';
import type { KeyWatch } from './key-watch.ts';
import type { Latencies } from './latencies.ts';
import type { LiveConfig } from './live-config.ts';
import type { OwnLag } from './log-pace.ts';
import type { LogTail } from './log-tail.ts';
import type { LogThreshold } from './log-threshold.ts';
import type { MetricsAnswer, TextFormat } from './metrics-source.ts';
import type { NodeEvents } from './node-events.ts';
import type { MemberFacts, ViewSources } from './node-view.ts';
import type { OwnFile } from './own-file.ts';
import type { AppliedResult, NodeFacts } from './protocol.ts';
import type { Reads } from './reads.ts';
import { encodeCommand, originOf, refuseSession } from './requests.ts';
import type { SeenCertificates } from './seen-certificates.ts';
import type { StateLink } from './state-link.ts';
import type { SystemSample } from './system-sampler.ts';
import type { Turns } from './turns.ts';
import type { Verifier } from './verifier.ts';

export interface NodeContext {
  readonly facts: NodeFacts;
  readonly config: ClusterConfig;
  /** Which version of the replicated configuration this node runs with. */
  readonly live: LiveConfig;
  /** The node's own configuration file as it is now. */
  readonly ownFile: OwnFile;
  readonly version: string;
  /** Which start of the data folder this is. */
  readonly bootCounter: number;
  /** For what this node asks of others. */
  readonly http: HttpClient;
  /** Wall time of this start. */
  readonly startedAt: number;
  readonly consensus: ConsensusLink;
  readonly state: StateLink;
  readonly reader: StateReader;
  readonly readers: ReaderPool;
  /** Lists of keys are read so many bytes a turn. */
  readonly lists: Turns;
  readonly verifier: Verifier;
  readonly reads: Reads;
  readonly hub: EventHub;
  readonly keys: KeyWatch;
  readonly gossip: GossipDriver;
  readonly availability: Pick<AvailabilityFile, 'report'>;
  readonly latencies: Latencies;
  readonly history: History;
  readonly events: Pick<NodeEvents, 'leaderlessMs'>;
  readonly logger: Logger;
  readonly logThreshold: LogThreshold;
  /** The newest lines that were written. */
  readonly logTail: LogTail;
  /** Refused callers of this node. */
  readonly denials: Denials;
  /** What was told of them, on this disk. */
  readonly denialChain: DenialChain;
  /** Certificates that callers showed. */
  readonly seen: SeenCertificates;
  /** Renews this node's certificate, whether it is due or not; throws what the signer throws. */
  readonly renewNow: () => Promise<NodePki>;
  /** The newest reading of this machine. */
  readonly sample: () => SystemSample;
  /** All nodes by their own words. */
  readonly healths: () => ReadonlyMap<NodeId, NodeHealth>;
  /** A check of this node now. */
  readonly checkNow: () => Promise<HealthCheckReport>;
  /** All metrics of this node. */
  readonly metrics: () => MetricsAnswer;
  /** The same as text for scrapers. */
  readonly exposition: (format: TextFormat) => { readonly contentType: string; readonly text: string };
  /** How far this node is behind the leader, bytes by estimate; null = nobody knows. */
  readonly lag: () => OwnLag;
  /** Estimated bytes of so many entries of the log. */
  readonly bytesOf: (entries: number | null) => number | null;
  readonly alerts: Pick<AlertDesk, 'duty' | 'tell' | 'sink'>;
  /** Runs the leader's duties now instead of at their next tick. */
  readonly pokeDuties: () => void;
  /** This node's view of itself, as gossip spreads it. */
  readonly ownFacts: () => MemberFacts;
  /** True once the eight start steps are done and until the stop begins. */
  readonly isReady: () => boolean;
}

/** The replicated record; throws unavailable before this node has one. */
export function requireCluster(context: NodeContext): ClusterState {
  const cluster = context.state.cluster;
  if (cluster === null)
    throw new SqlccError('unavailable', 'this node has not received the cluster state yet');
  return cluster;
}

/** All that this node knows now; throws unavailable while it knows nothing. */
export function viewSources(context: NodeContext): ViewSources {
  const cluster = requireCluster(context);
  const raft = context.consensus.status;
  if (raft === null) throw new SqlccError('unavailable', 'this node is starting');
  const members = new Map<NodeId, MemberFacts>(context.gossip.members());
  members.set(context.facts.nodeId, context.ownFacts());
  const { minReplicas } = context.config.replication;
  const { leaderlessMs } = context.events;
  const rules = context.config.alerts;
  const { nodeId } = context.facts;
  const { membership: membershipPolicy } = context.config;
  return {
    nodeId,
    cluster,
    raft,
    members,
    minReplicas,
    membershipPolicy,
    leaderlessMs,
    rules,
    now: Date.now(),
  };
}

/** What this node knows of a node, itself included; undefined for one of which nothing was heard. */
export function memberFacts(context: NodeContext, nodeId: NodeId): MemberFacts | undefined {
  return nodeId === context.facts.nodeId ? context.ownFacts() : context.gossip.member(nodeId);
}

/** Throws storage_failed while the data disk is too full for `what`. */
export function requireSpace(context: NodeContext, what: Written): void {
  const { diskFreeBytes } = context.sample();
  if (hasRoom(what, diskFreeBytes)) return;
  const others = Object.keys(context.state.cluster?.nodes ?? {}).length - 1;
  throw noRoom(context.facts.nodeId, diskFreeBytes, Math.max(0, others));
}

/**
 * Puts a command of control into the log in the caller's name and waits for its result. Such commands have
 * no sessions: throws invalid_argument when the caller wants one. `author`: for a caller that is somebody by
 * another proof than its connection's.
 */
export function proposeCommand(
  context: NodeContext,
  command: ClusterCommand,
  call: Call,
  author: { readonly actor?: string; readonly credential?: string } = {},
): Promise<AppliedResult> {
  refuseSession(call);
  requireSpace(context, 'control');
  const kind = command.kind === 'config-put' ? 'config' : 'command';
  const { actor = call.identity.id, ...proof } = author;
  const origin = { ...originOf(call), ...proof };
  return context.consensus.proposals.propose(
    kind,
    encodeCommand(command, actor, { origin }),
    call.remainingMs(),
  );
}
