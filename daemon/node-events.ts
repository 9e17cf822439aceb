/**
 * Where the parts of a node hear of each other: what was applied goes to waiting
 * callers, watchers and streams; what Raft and gossip say becomes events; a broken
 * connection is evidence for both. Wiring only: each line hands something on.
 */
import {
  type Duration,
  LIMITS,
  type LogFields,
  type Logger,
  type LogIndex,
  type NodeId,
} from '../src/base/index.ts';
import type { ClusterEvent, ClusterState, Operation } from '../src/cluster/index.ts';
import type { RaftEvent } from '../src/raft/index.ts';
import type { StateReader } from '../src/state/index.ts';
import type { ConsensusLink } from './consensus-link.ts';
import { Divergence } from './divergence.ts';
import { ElectionWatch, vacantMs, type WonElection } from './election-watch.ts';
import type { EventHub } from './event-hub.ts';
import type { GossipDriver } from './gossip-driver.ts';
import type { HandOver } from './hand-overs.ts';
import type { KeyWatch } from './key-watch.ts';
import { unpackResults } from './packed-results.ts';
import type { ConsensusToMain, StateToMain } from './protocol.ts';
import { ownEvent } from './raft-events.ts';

/**
 * Without a leader for this long, writes that wait learn that their outcome is unknown (the limit for
 * clients is 2 s).
 */
const LEADERLESS_FAIL_MS = 1500;

export interface EventParts {
  readonly nodeId: NodeId;
  readonly consensus: ConsensusLink;
  readonly hub: EventHub;
  readonly keys: KeyWatch;
  readonly reader: StateReader;
  readonly gossip: GossipDriver;
  readonly logger: Logger;
}

type Liveness = 'alive' | 'suspect' | 'dead' | 'left';

const VERDICT_KIND = {
  alive: 'member-alive',
  suspect: 'member-suspect',
  dead: 'member-failed',
  left: 'member-left',
} as const;

/** Fields for a log line: what is no scalar becomes JSON. */
function flat(fields: Readonly<Record<string, unknown>>): LogFields {
  const entries = Object.entries(fields).map(([name, value]): [string, string | number | boolean | null] =>
    typeof value === 'object' && value !== null
      ? [name, JSON.stringify(value)]
      : [name, value as string | number | boolean | null],
  );
  return Object.fromEntries(entries);
}

export class NodeEvents {
  readonly divergence: Divergence;
  readonly #parts: EventParts;
  #leaderlessSince: number | null = null;
  #campaigns = '';
  readonly #elections: ElectionWatch;
  /** Called with each election that this node won; set once by NodeManager. */
  elected: (event: WonElection, leaderlessMs: Duration) => void = () => {};
  /** Hears every event of Raft, and of the record; set once by whoever counts them. */
  heardRaft: (event: RaftEvent) => void = () => {};
  heardApplied: (events: readonly ClusterEvent[]) => void = () => {};
  /** Called when this leader begins to give leadership away by itself; set once by NodeManager. */
  handingOver: (cause: string) => void = () => {};
  /** Why there is no majority here, in words; set once by who can tell. */
  isolation: () => string | null = () => null;
  /** Called when the replicated record may have changed; set once by NodeManager. */
  clusterChanged: () => void = () => {};

  constructor(parts: EventParts) {
    this.#parts = parts;
    this.divergence = new Divergence(parts.nodeId);
    this.#elections = new ElectionWatch(parts.nodeId);
  }

  onApplied(message: Extract<StateToMain, { kind: 'applied' }>): void {
    const { consensus, hub, keys } = this.#parts;
    const results = unpackResults(message.results);
    if (results.length > 0) consensus.proposals.onApplied(results);
    keys.publish(message.kvChanges, message.appliedIndex);
    hub.publish(message.events, message.appliedIndex);
    this.heardApplied(message.events);
    if (message.clusterState !== null) this.clusterChanged();
  }

  onRestored(index: LogIndex): void {
    const { nodeId, hub, keys, reader } = this.#parts;
    keys.reset(index);
    // the snapshot brought the events that led to it
    hub.load(reader.events(LIMITS.eventHistory), index);
    this.clusterChanged();
    const message = `${nodeId} took over a snapshot at ${index}`;
    hub.publishOwn({
      kind: 'snapshot-installed',
      severity: 'info',
      nodeId,
      at: Date.now(),
      message,
      data: { index },
    });
  }

  onDiverged(peer: NodeId, index: LogIndex, cluster: ClusterState | null): void {
    const { nodeId, logger, hub } = this.#parts;
    if (!this.divergence.add(peer, index, cluster)) return;
    logger.log('error', 'replica-diverged', { peer, index });
    const isOwn = this.divergence.accused(cluster).some((accused) => accused.nodeId === nodeId);
    const [odd, others] = isOwn ? [nodeId, 'most others'] : [peer, nodeId];
    const advice = 'do not trust it: take it out and join it anew';
    const message = `${odd} computed another result than ${others} up to ${index}; ${advice}`;
    hub.publishOwn({
      kind: 'replica-diverged',
      severity: 'critical',
      nodeId: odd,
      at: Date.now(),
      message,
      data: { index },
    });
    // it is spared when somebody else has to lead
    this.clusterChanged();
  }

  onHandOver(handOver: HandOver): void {
    const { nodeId, logger, hub } = this.#parts;
    const { kind, cause } = handOver;
    logger.log('info', 'hand-over', { ...handOver });
    if (kind !== 'held') return this.handingOver(cause);
    const { because } = handOver;
    const message = `${nodeId} would give leadership away (${cause}), but ${because}`;
    hub.publishOwn({
      ...{ kind: 'hand-over-held', severity: 'warning', nodeId, at: Date.now(), message },
      data: { cause, because },
    });
  }

  /** A change of the Raft group that an operation needs was refused: it is tried again for a while. */
  onStepRefused({ id, kind, phase, from, to }: Operation, reason: string): void {
    const { nodeId, logger, hub } = this.#parts;
    logger.log('warn', 'operation-step-refused', { operation: id, kind, phase, reason });
    const message = `${kind} ${id}: ${phase} is refused and tried again: ${reason}`;
    hub.publishOwn({
      ...{
        kind: 'operation-phase',
        severity: 'warning',
        nodeId: to ?? from ?? nodeId,
        at: Date.now(),
        message,
      },
      data: { operation: id, kind, phase, result: reason },
    });
  }

  onSnapshot({ index, size, ms }: Extract<StateToMain, { kind: 'snapshot-made' }>): void {
    const { nodeId, hub } = this.#parts;
    const message = `${nodeId} made a snapshot at ${index} (${size} bytes, ${ms} ms)`;
    hub.publishOwn({
      kind: 'snapshot-made',
      severity: 'info',
      nodeId,
      at: Date.now(),
      message,
      data: { index, size, ms },
    });
  }

  onRaft(batch: Extract<ConsensusToMain, { kind: 'events' }>['events']): void {
    const { nodeId, logger, hub } = this.#parts;
    for (const { at, event } of batch) {
      const { kind, ...fields } = event;
      logger.log('info', `raft-${kind}`, flat(fields));
      if (event.kind === 'pre-vote') {
        const told = ownEvent(nodeId, at, event);
        if (told !== null) hub.publishOwn(told);
        continue;
      }
      this.heardRaft(event);
      this.#elections.heard(event);
      if (event.kind === 'leader-changed') this.#campaigns = '';
      if (event.kind === 'campaign-started') {
        // without a majority a node asks again and again: once is news
        const key = `${event.term} ${event.campaign}`;
        if (key === this.#campaigns) continue;
        this.#campaigns = key;
      }
      const shown = ownEvent(nodeId, at, event);
      if (shown !== null) hub.publishOwn(shown);
      if (event.kind === 'elected')
        this.elected({ ...event, standing: this.#elections.won(event) }, vacantMs(event, this.leaderlessMs));
    }
    this.onStatus();
  }

  /** How long this node has known of no leader; 0 with one. */
  get leaderlessMs(): Duration {
    const since = this.#leaderlessSince;
    if (since === null) return 0;
    // a follower's silence began before it gave its leader up
    const silenceMs = this.#parts.consensus.status?.silenceMs ?? 0;
    return Math.round(Math.max(silenceMs, performance.now() - since));
  }

  onStatus(): void {
    const { consensus } = this.#parts;
    const status = consensus.status;
    if (status !== null) this.#elections.followed(status);
    if (status === null || status.leaderId !== null) {
      this.#leaderlessSince = null;
      return;
    }
    this.#leaderlessSince ??= performance.now();
    if (performance.now() - this.#leaderlessSince < LEADERLESS_FAIL_MS) return;
    const why = this.isolation() ?? 'no leader: a majority of the voters does not answer';
    consensus.proposals.failAll(why);
  }

  onPeer(peer: NodeId, status: 'lost' | 'dead' | 'restored'): void {
    const { gossip, logger } = this.#parts;
    logger.log('info', 'peer-connection', { peer, status });
    if (status === 'dead' || status === 'restored') gossip.evidence(peer, status);
  }

  /**
   * Evidence for Raft too. A verdict by silence is none: consensus listens for itself, by another thread on
   * both sides, and a leader whose main thread is swamped for seconds may be heard there all the time.
   */
  onGone(peer: NodeId): void {
    this.#parts.consensus.hint(peer, 'lost');
  }

  onVerdict(peer: NodeId, liveness: Liveness, by: readonly NodeId[], cause: string): void {
    const { nodeId, consensus, logger, hub } = this.#parts;
    if (liveness === 'alive') consensus.hint(peer, 'restored');
    const severity = liveness === 'dead' ? 'critical' : liveness === 'suspect' ? 'warning' : 'info';
    const message = `${nodeId} sees ${peer} ${liveness}${cause === '' ? '' : `: ${cause}`}`;
    hub.publishOwn({
      kind: VERDICT_KIND[liveness],
      severity,
      nodeId: peer,
      at: Date.now(),
      message,
      data: { by, cause },
    });
    logger.log('info', 'member', { peer, liveness, cause });
  }
}
