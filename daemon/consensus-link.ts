/**
 * The main thread's end of the consensus worker: proposals, read barriers, membership
 * changes, transfers, and the newest status. It only carries; the worker decides.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import type { NodeRoster } from '../src/auth/index.ts';
import type { Bytes, Duration, Instant, LogIndex, NodeId } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { MembershipChange, RaftSettings, RaftStatus, ReadResult } from '../src/raft/index.ts';
import { Deadlines } from '../src/rpc/index.ts';
import { Gatherer } from './gatherer.ts';
import type { HandOver, Restraint } from './hand-overs.ts';
import type { MeasuresReport } from './measures.ts';
import { type OutgoingProposal, packProposals } from './packed-proposals.ts';
import { Proposals } from './proposals.ts';
import type { ConsensusToMain, LeaderAddress, MainToConsensus, PeerLink, Refused } from './protocol.ts';
import { refusedError } from './refused.ts';
import type { TrafficCounts } from './traffic.ts';
import { Unheard } from './unheard.ts';

export interface ConsensusListener {
  readonly events: (batch: Extract<ConsensusToMain, { kind: 'events' }>['events']) => void;
  readonly status: () => void;
  /** Where the leader listens, for callers whose proposal this node can't take. */
  readonly leader: () => LeaderAddress | null;
  readonly peer: (peer: NodeId, status: 'lost' | 'dead' | 'restored') => void;
  readonly handOver: (handOver: HandOver) => void;
  readonly measures: (report: MeasuresReport) => void;
  /** How long a proposal of this node took until it was applied. */
  readonly committed: (ms: Duration) => void;
  readonly log: (message: Extract<ConsensusToMain, { kind: 'log' }>) => void;
}

interface Barrier {
  readonly settle: (index: LogIndex) => void;
  readonly fail: () => void;
}

/** No read waits longer for others to share a round with. */
const LONGEST_READ_WAIT_MS = 5;

/** A barrier that got no answer is asked again under a new id: an old answer must not confirm a new read. */
const BARRIER_RETRY_MS = 25;

/** What a message to the other thread costs, and each proposal in it beside its bytes. */
const MESSAGE_BYTES: Bytes = 128;
const PROPOSAL_BYTES: Bytes = 64;

function sizeOf(message: MainToConsensus): Bytes {
  if (message.kind !== 'propose') return MESSAGE_BYTES;
  const { ids, data } = message.packed;
  return MESSAGE_BYTES + PROPOSAL_BYTES * ids.length + data.byteLength;
}

type Authorities = NonNullable<NodeRoster['authorities']>;

function shaOf({ signing, beside }: Authorities): Authorities {
  return { signing: { sha256: signing.sha256 }, beside: beside && { sha256: beside.sha256 } };
}

export class ConsensusLink {
  readonly proposals: Proposals;
  readonly #port: MessagePort;
  /** A consensus thread without a processor leaves everything in the port, also what nobody waits for. */
  readonly #untaken = new Unheard(LIMITS.maxUntakenBytes);
  readonly #listener: ConsensusListener;
  readonly #barriers = new Map<number, Barrier[]>();
  readonly #transfers = new Map<number, (outcome: { ok: boolean; reason: string }) => void>();
  #barrierBatch: Barrier[] = [];
  readonly #readGatherer = new Gatherer(LONGEST_READ_WAIT_MS, () => this.#flushBarriers());
  readonly #deadlines = new Deadlines();
  readonly #statusListeners = new Set<() => void>();
  #nextBarrierId = 1;
  #rosterKey = '';
  #restraintKey = '';
  /** Reads that wait for their barrier, in whatever round. */
  #pendingReads = 0;
  #status: RaftStatus | null = null;
  #links: readonly PeerLink[] = [];
  #diskLatencyMs = 0;
  #loopLagMs = 0;
  #traffic: TrafficCounts = { logBytes: 0, logEntries: 0, heartbeats: 0, errors: 0 };
  #statusAt: Instant = 0;
  #measures: MeasuresReport | null = null;
  #ready: ((refused: Refused | null) => void) | null = null;
  #isRefused = false;
  #stopped: (() => void) | null = null;

  constructor(port: MessagePort, listener: ConsensusListener) {
    this.#port = port;
    this.#listener = listener;
    const send = (batch: readonly OutgoingProposal[]): void => {
      const packed = packProposals(batch);
      this.#post({ kind: 'propose', packed }, [packed.data.buffer]);
    };
    const untaken = (): Bytes => this.#untaken.bytes;
    this.proposals = new Proposals(send, listener.leader, untaken, listener.committed);
    port.on('message', (message: ConsensusToMain) => this.#receive(message));
  }

  /** The newest status; null before the worker's first word. */
  get status(): RaftStatus | null {
    return this.#status;
  }

  /** Calls `listener` after each new status until the returned function is called. */
  onStatus(listener: () => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  /** How old the status is, ms. */
  get statusAgeMs(): number {
    return performance.now() - this.#statusAt;
  }

  get links(): readonly PeerLink[] {
    return this.#links;
  }

  get diskLatencyMs(): number {
    return this.#diskLatencyMs;
  }

  get loopLagMs(): number {
    return this.#loopLagMs;
  }

  get traffic(): TrafficCounts {
    return this.#traffic;
  }

  /** What the worker counts for metrics; null before its first word. */
  get measures(): MeasuresReport | null {
    return this.#measures;
  }

  /** Resolves when the worker has recovered its log and listens for peers; rejects with why it can't. */
  whenReady(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ready = (refused) => (refused === null ? resolve() : reject(refusedError(refused)));
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new SqlccError('internal', `the consensus worker ended with ${code}`)),
      );
    });
  }

  /**
   * An index at which a read is linearizable (ReadIndex, dissertation §6.4); rejects with no_leader at the
   * deadline.
   */
  readBarrier(timeoutMs: number): Promise<LogIndex> {
    if (this.#pendingReads >= LIMITS.maxPendingReads) {
      return Promise.reject(new SqlccError('overloaded', 'too many reads are waiting on this node'));
    }
    if (this.#untaken.isTooMuch)
      return Promise.reject(new SqlccError('overloaded', 'the consensus thread of this node is behind'));
    this.#pendingReads++;
    return new Promise<LogIndex>((settle, fail) => {
      let isOver = false;
      const end = (): void => {
        if (!isOver) this.#pendingReads--;
        isOver = true;
      };
      const deadline = this.#deadlines.set(timeoutMs, () => {
        end();
        fail(new SqlccError('no_quorum', `no leader confirmed a read within ${Math.round(timeoutMs)} ms`));
      });
      const barrier: Barrier = {
        settle: (index) => {
          end();
          this.#deadlines.clear(deadline);
          settle(index);
        },
        fail: () => {
          if (!isOver) setTimeout(() => this.#askBarrier(barrier), BARRIER_RETRY_MS);
        },
      };
      this.#askBarrier(barrier);
    });
  }

  /**
   * Changes who counts; resolves with the log index of the change once it is accepted, rejects with the
   * refusal.
   */
  changeMembership(
    change: MembershipChange,
    expectedMembershipIndex: LogIndex,
    timeoutMs: number,
  ): Promise<void> {
    const id = this.proposals.nextId();
    const waiting = this.proposals.wait(id, timeoutMs);
    this.#post({ kind: 'membership', id, change, expectedMembershipIndex });
    return waiting.then(() => {});
  }

  /** Hands leadership over; the outcome says whether the target leads and why not. */
  transfer(to: NodeId | null, timeoutMs: number): Promise<{ ok: boolean; reason: string }> {
    const id = this.proposals.nextId();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#transfers.delete(id);
        resolve({ ok: false, reason: `no answer within ${timeoutMs} ms` });
      }, timeoutMs);
      this.#transfers.set(id, (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
      this.#post({ kind: 'transfer', id, to });
    });
  }

  settings(settings: RaftSettings): void {
    this.#post({ kind: 'settings', settings });
  }

  /** Whom the peer connections and the hearing of their words go by. */
  follow({ nodes, removed, revoked, authorities, pause, cooldowns }: NodeRoster & Restraint): void {
    this.#restrain({ pause, cooldowns });
    const known = Object.entries(nodes).map(
      ([id, { suffrage, keySha256, seat }]) =>
        [id, { suffrage, keySha256, ...(seat !== undefined && { seat }) }] as const,
    );
    const roster: NodeRoster = {
      nodes: Object.fromEntries(known),
      removed: removed.map(({ nodeId, keySha256 }) => ({ nodeId, keySha256 })),
      revoked: revoked.flatMap(({ serial }) => (serial === null ? [] : [{ serial }])),
      ...(authorities !== undefined && { authorities: shaOf(authorities) }),
    };
    const key = JSON.stringify(roster);
    if (key === this.#rosterKey) return;
    this.#rosterKey = key;
    this.#post({ kind: 'roster', roster });
  }

  #restrain(restraint: Restraint): void {
    const key = JSON.stringify(restraint);
    if (key === this.#restraintKey) return;
    this.#restraintKey = key;
    this.#post({ kind: 'restraint', restraint });
  }

  /** The node's certificate was renewed on disk. */
  reloadCertificates(): void {
    this.#post({ kind: 'certificates' });
  }

  hint(peer: NodeId, status: 'lost' | 'restored'): void {
    this.#post({ kind: 'peer-hint', peer, status });
  }

  /** Says goodbye to the peers and closes the log. */
  stop(): Promise<void> {
    if (this.#isRefused) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#post({ kind: 'stop' });
    });
  }

  #askBarrier(barrier: Barrier): void {
    this.#barrierBatch.push(barrier);
    this.#readGatherer.came(0);
  }

  /** Reads that arrived before this moment share one round; later ones must not. */
  #flushBarriers(): void {
    const id = this.#nextBarrierId++;
    this.#barriers.set(id, this.#barrierBatch);
    this.#barrierBatch = [];
    this.#post({ kind: 'read-index', ids: [id] });
  }

  #post(message: MainToConsensus, transfer: ArrayBuffer[] = []): void {
    const upTo = this.#untaken.posted(sizeOf(message));
    this.#port.postMessage(message, transfer);
    if (upTo !== null) this.#port.postMessage({ kind: 'hear', upTo } satisfies MainToConsensus);
  }

  #receive(message: ConsensusToMain): void {
    switch (message.kind) {
      case 'ready':
        return this.#ready?.(null);
      case 'refused':
        this.#isRefused = true;
        return this.#ready?.(message);
      case 'stopped':
        return this.#stopped?.();
      case 'hear':
        // behind the work: the other thread tells no faster than this one hears
        return this.#post({ kind: 'heard', upTo: message.upTo });
      case 'heard':
        return this.#untaken.heard(message.upTo);
      case 'refusals':
        return this.proposals.onRefused(message.results);
      case 'overwritten':
        return this.proposals.onOverwritten(message.ids);
      case 'reads':
        return this.#onReads(message.results);
      case 'status':
        this.#status = message.status;
        this.#links = message.links;
        this.#diskLatencyMs = message.diskLatencyMs;
        this.#loopLagMs = message.loopLagMs;
        this.#traffic = message.traffic;
        this.#statusAt = performance.now();
        for (const listener of [...this.#statusListeners]) listener();
        return this.#listener.status();
      case 'hand-over':
        return this.#listener.handOver(message.handOver);
      case 'measures':
        this.#measures = message.report;
        return this.#listener.measures(message.report);
      case 'events':
        this.#onTransferEvents(message.events);
        return this.#listener.events(message.events);
      case 'peer':
        return this.#listener.peer(message.peer, message.status);
      case 'log':
        return this.#listener.log(message);
    }
  }

  #onReads(results: readonly ReadResult[]): void {
    for (const result of results) {
      const waiting = this.#barriers.get(result.id) ?? [];
      this.#barriers.delete(result.id);
      this.#readGatherer.answered(waiting.length);
      for (const barrier of waiting) {
        if (result.index === null) barrier.fail();
        else barrier.settle(result.index);
      }
    }
  }

  #onTransferEvents(events: Extract<ConsensusToMain, { kind: 'events' }>['events']): void {
    for (const { event } of events) {
      if (event.kind !== 'transfer-ended') continue;
      this.#transfers.get(event.id)?.({ ok: event.ok, reason: event.reason });
      this.#transfers.delete(event.id);
    }
  }
}
