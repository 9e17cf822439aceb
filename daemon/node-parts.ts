/**
 * The parts of one daemon, made in the order in which they need each other. Nothing
 * is started here that listens or campaigns: NodeManager starts the parts, step by step.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeRefusal } from '../src/auth/index.ts';
import { LIMITS, type Logger, type NodeId } from '../src/base/index.ts';
import { type ClusterConfig, DistributedConfig } from '../src/config/index.ts';
import type { RaftSettings } from '../src/raft/index.ts';
import { HttpClient } from '../src/rpc/index.ts';
import { ReaderPool, StateReader } from '../src/state/index.ts';
import { AvailabilityFile } from './availability-file.ts';
import { ConfigTrial } from './config-trial.ts';
import { ConsensusLink } from './consensus-link.ts';
import { type Identity, nextBootCounter } from './data-dir.ts';
import { type NodePki, readPki } from './data-files.ts';
import { DenialChain } from './denial-chain.ts';
import { type Denial, Denials } from './denials.ts';
import { entryUrl } from './entry-url.ts';
import { EventHub } from './event-hub.ts';
import { GossipDriver } from './gossip-driver.ts';
import { History } from './history.ts';
import { KeyWatch } from './key-watch.ts';
import { keepHosts } from './known-hosts.ts';
import { Latencies } from './latencies.ts';
import { LiveConfig } from './live-config.ts';
import type { LogTail } from './log-tail.ts';
import type { LogThreshold } from './log-threshold.ts';
import type { MeasuresReport } from './measures.ts';
import { NodeEvents } from './node-events.ts';
import { OwnFile } from './own-file.ts';
import type { ConsensusToMain, NodeFacts } from './protocol.ts';
import { Reads } from './reads.ts';
import { readSealedJson } from './sealed-json.ts';
import { SeenCertificates } from './seen-certificates.ts';
import { StateLink } from './state-link.ts';
import { SystemSampler } from './system-sampler.ts';
import { createThreads, type Threads } from './threads.ts';
import { Turns } from './turns.ts';
import { Verifier } from './verifier.ts';

export interface NodeOptions {
  readonly config: ClusterConfig;
  readonly identity: Identity;
  readonly dataDir: string;
  readonly logger: Logger;
  readonly logThreshold: LogThreshold;
  /** What `logger` wrote last. */
  readonly logTail: LogTail;
  /** The file that `config` was read from. */
  readonly configFile: string;
}

/** Where to find other nodes before the replicated record tells. */
export interface Seed {
  readonly nodeId: NodeId;
  readonly host: string;
  readonly port: number;
  readonly peerPort: number;
}

export function readSeeds(dataDir: string): Seed[] {
  const path = join(dataDir, 'seeds.json');
  return existsSync(path) ? ((readSealedJson(path)['seeds'] ?? []) as Seed[]) : [];
}

export interface NodeParts {
  readonly options: NodeOptions;
  /** The replicated configuration over the node's own; follows the record. */
  readonly inForce: DistributedConfig;
  readonly live: LiveConfig;
  readonly ownFile: OwnFile;
  readonly trial: ConfigTrial;
  readonly facts: NodeFacts;
  readonly pki: NodePki;
  readonly bootCounter: number;
  readonly startedAt: number;
  readonly threads: Threads;
  readonly consensus: ConsensusLink;
  readonly state: StateLink;
  readonly reader: StateReader;
  readonly readers: ReaderPool;
  readonly lists: Turns;
  readonly verifier: Verifier;
  readonly reads: Reads;
  readonly hub: EventHub;
  readonly keys: KeyWatch;
  readonly gossip: GossipDriver;
  readonly availability: AvailabilityFile;
  readonly latencies: Latencies;
  /** Of writes that this node handed to consensus. */
  readonly commits: Latencies;
  readonly history: History;
  readonly sampler: SystemSampler;
  /** For what this node asks of other nodes. */
  readonly http: HttpClient;
  readonly events: NodeEvents;
  readonly denials: Denials;
  readonly denialChain: DenialChain;
  /** Certificates that callers showed. */
  readonly seen: SeenCertificates;
}

/**
 * Raft's settings from the configuration; who may be promoted and who is avoided comes with the replicated
 * record.
 */
export function raftSettings(
  config: ClusterConfig,
  autoPromote: readonly NodeId[],
  avoid: readonly NodeId[],
): RaftSettings {
  const { heartbeatIntervalMs, electionTimeoutMs } = config.raft;
  const promoteAfterMs = LIMITS.learnerStableMs;
  return { heartbeatIntervalMs, electionTimeoutMs, hintStaggerMs: 7, autoPromote, promoteAfterMs, avoid };
}

/** Refused callers and peers: counted, logged, and kept on this disk. */
function makeRefusals(dataDir: string, logger: Logger) {
  const denialChain = new DenialChain(dataDir, (reason) =>
    logger.log('error', 'denials-not-kept', { reason }),
  );
  const keep = (denial: Denial): void => denialChain.append(denial, Date.now());
  const denials = new Denials((denial) => {
    logger.log('warn', 'denied', { ...denial });
    keep(denial);
  });
  // the consensus worker counts those at its own door, and tells of them as lines of the log
  const workerLog = ({ level, event, fields }: Extract<ConsensusToMain, { kind: 'log' }>): void => {
    logger.log(level, event, fields);
    if (event === 'peer-denied') keep(fields as unknown as Denial);
  };
  return { denials, denialChain, workerLog };
}

/** What gossip finds goes to the events, which are made behind it. */
function gossipListener(events: () => NodeEvents): ConstructorParameters<typeof GossipDriver>[0]['listener'] {
  return {
    verdict: (peer, liveness, by, cause) => events().onVerdict(peer, liveness, by, cause),
    gone: (peer) => events().onGone(peer),
  };
}

/** Opens the state and makes everything else around it. */
export async function makeParts(options: NodeOptions): Promise<NodeParts> {
  const { identity, dataDir, logger, config } = options;
  const { nodeId, clusterId, instanceId } = identity;
  const facts: NodeFacts = { clusterId, nodeId, instanceId, dataDir };
  const pki = readPki(dataDir);
  const bootCounter = nextBootCounter(dataDir);
  const startedAt = Date.now();
  const threads = createThreads();
  const { denials, denialChain, workerLog } = makeRefusals(dataDir, logger);
  const hub = new EventHub(nodeId, `${bootCounter}-${startedAt.toString(36)}`);
  const sampler = new SystemSampler(dataDir);
  const http = new HttpClient({ ca: pki.caCert, cert: pki.nodeCert, key: pki.nodeKey });
  keepHosts(dataDir);
  const gossip = new GossipDriver({
    ...{ clusterId, nodeId, instanceId, bootCounter },
    pkiDir: join(dataDir, 'pki'),
    advertise: { host: advertisedHost(config), port: config.network.port },
    probes:
      config.network.probeLane === 'udp' ? { host: config.network.host, port: config.network.port } : null,
    listener: gossipListener(() => events),
    logger,
    refusal: (claim) => nodeRefusal(state.cluster, claim),
  });
  const state = new StateLink(threads.statePort, {
    applied: (message) => {
      if (message.clusterState !== null) consensus.follow(message.clusterState);
      events.onApplied(message);
    },
    restored: (index) => {
      if (state.cluster !== null) consensus.follow(state.cluster);
      events.onRestored(index);
    },
    mark: (id, index) => verifier.onMark(id, index),
    diverged: (peer, index) => events.onDiverged(peer, index, state.cluster),
    snapshot: (message) => events.onSnapshot(message),
    log: ({ level, event, fields }) => logger.log(level, event, fields),
  });
  await openState(state, threads, { facts, snapshotThreshold: config.raft.logCompactionThreshold });
  const reader = StateReader.open(join(dataDir, 'engine'));
  const readers = new ReaderPool({ dir: join(dataDir, 'engine'), entry: entryUrl('reader-process') });
  const verifier = new Verifier({ readers, state, logger });
  const keys = new KeyWatch(state.appliedIndex);
  hub.load(reader.events(LIMITS.eventHistory), state.appliedIndex);
  const memories = remembered(dataDir);
  const consensus = new ConsensusLink(threads.consensusPort, {
    events: (batch) => events.onRaft(batch),
    status: () => events.onStatus(),
    leader: () => reads.leader(),
    peer: (peer, status) => events.onPeer(peer, status),
    handOver: (handOver) => events.onHandOver(handOver),
    measures: hearMeasures(gossip, memories.availability),
    committed: (ms) => memories.commits.record(ms, false),
    log: workerLog,
  });
  if (state.cluster !== null) consensus.follow(state.cluster);
  const reads = new Reads(nodeId, consensus, state);
  const events = new NodeEvents({ nodeId, consensus, hub, keys, reader, gossip, logger });
  return {
    ...{ options, ...followed(options, state), facts, pki, bootCounter, startedAt, threads },
    ...{ consensus, state, reader, readers, lists: new Turns(), reads, verifier },
    ...{ denials, denialChain, ...memories, hub, keys, gossip, sampler, http, events },
  };
}

/** What is gathered while the daemon runs; of availability also what was before. */
function remembered(dataDir: string) {
  const availability = new AvailabilityFile(dataDir, performance.now());
  return {
    ...{ availability, seen: new SeenCertificates(), history: new History() },
    ...{ latencies: new Latencies(), commits: new Latencies() },
  };
}

/** What the consensus thread measured goes to those who reckon with it. */
function hearMeasures(gossip: GossipDriver, availability: AvailabilityFile) {
  return ({ clocks, availability: totals }: MeasuresReport): void => {
    const at = { wall: Date.now(), now: performance.now() };
    gossip.clocks.measured(clocks, at.wall, at.now);
    availability.heard(totals, at);
  };
}

/** The node's own configuration with what the record has so far laid over it. */
function followed({ config, configFile, logThreshold }: NodeOptions, state: StateLink): ConfigParts {
  const inForce = new DistributedConfig(config);
  const live = new LiveConfig(inForce, { logger: logThreshold, state });
  live.follow(state.cluster);
  return { inForce, live, ownFile: new OwnFile(configFile, inForce), trial: new ConfigTrial() };
}

type ConfigParts = Pick<NodeParts, 'inForce' | 'live' | 'ownFile' | 'trial'>;

/** Starts the state worker and waits for its file; ends all threads when it can't be opened. */
async function openState(
  state: StateLink,
  threads: Threads,
  data: Parameters<Threads['startState']>[0],
): Promise<void> {
  const opened = state.whenOpen();
  threads.startState(data);
  await opened.catch(async (error) => {
    await threads.end();
    throw error;
  });
}

/** The host that others reach this node at. */
export function advertisedHost(config: ClusterConfig): string {
  return config.network.advertiseHost ?? config.network.host;
}
