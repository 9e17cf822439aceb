/**
 * How fresh an answer is. One place turns a wanted level into waiting, and into the
 * `read` record that every answer carries.
 */
import type { ReadInfo } from '../src/api/index.ts';
import type { LogIndex, NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ConsensusLink } from './consensus-link.ts';
import type { LeaderAddress } from './protocol.ts';
import type { ReadWish } from './requests.ts';
import type { StateLink } from './state-link.ts';

/**
 * A read that can't be confirmed fails within this time, whatever the caller's deadline: the seed's minority
 * stops by itself.
 */
const BARRIER_LIMIT_MS = 1800;
/** A request waits this long for a leader before it is told that there is none. */
const LEADER_WAIT_MS = 1000;
/** Status and lists prefer a stale answer with its age over a long wait. */
const STATUS_BARRIER_MS = 400;

/** A read that waits for nothing waits so long for what was applied, and then reads what there is. */
const SETTLE_MS = 20;

const ELSEWHERE =
  'ask a node of the majority, or read with level none; it goes on by itself once it is reached';

export class Reads {
  readonly #nodeId: NodeId;
  readonly #consensus: ConsensusLink;
  readonly #state: StateLink;
  #caughtUpAt = performance.now();
  /** Why there is no majority here, in words; null = there is one, or nobody knows. Set by who can tell. */
  isolation: () => string | null = () => null;

  constructor(nodeId: NodeId, consensus: ConsensusLink, state: StateLink) {
    this.#nodeId = nodeId;
    this.#consensus = consensus;
    this.#state = state;
    consensus.onStatus(() => this.#observe());
  }

  get isLeader(): boolean {
    return this.#consensus.status?.role === 'leader';
  }

  /** The leader's address as this node knows it; null without one. */
  leader(): LeaderAddress | null {
    const id = this.#consensus.status?.leaderId ?? null;
    const record = id === null ? undefined : this.#state.cluster?.nodes[id];
    if (record === undefined) return null;
    return { node_id: record.nodeId, host: record.host, port: record.port, client_port: record.clientPort };
  }

  /** Where other nodes of the record listen, in a stable order. */
  others(): { readonly host: string; readonly port: number }[] {
    return Object.values(this.#state.cluster?.nodes ?? {}).filter((n) => n.nodeId !== this.#nodeId);
  }

  /** Returns on the leader; elsewhere throws not_leader with its address, or no_leader after a short wait. */
  async requireLeader(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + Math.min(timeoutMs, LEADER_WAIT_MS);
    for (;;) {
      if (this.isLeader) return;
      const leader = this.leader();
      if (leader !== null && leader.node_id !== this.#nodeId) {
        throw new SqlccError('not_leader', `this node follows ${leader.node_id}`, { details: { leader } });
      }
      const left = deadline - performance.now();
      if (left <= 0) throw this.#noLeader();
      await this.#nextStatus(left);
    }
  }

  /** Resolves once this node knows a leader at another address than `passed`, or after `timeoutMs`. */
  async untilLeaderBeside(passed: string, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + Math.min(timeoutMs, LEADER_WAIT_MS);
    const bare = passed.replaceAll(/[[\]]/g, '');
    for (;;) {
      const leader = this.leader();
      const left = deadline - performance.now();
      if (left <= 0 || (leader !== null && `${leader.host}:${leader.port}` !== bare)) return;
      await this.#nextStatus(left);
    }
  }

  #noLeader(): SqlccError {
    const why = this.isolation();
    if (why === null) return new SqlccError('no_leader', 'the cluster has no leader now');
    return new SqlccError('no_leader', `${this.#nodeId} is ${why}`, { hint: ELSEWHERE });
  }

  /** A read that no majority confirmed; where this node knows why, it says so. */
  #unconfirmed(error: unknown): unknown {
    const why = this.isolation();
    if (why === null || !(error instanceof SqlccError) || error.code !== 'no_quorum') return error;
    return new SqlccError('no_quorum', `${this.#nodeId} is ${why}`, { hint: ELSEWHERE });
  }

  /** Resolves with the next word of the consensus thread, or after `timeoutMs`. */
  #nextStatus(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      const stop = this.#consensus.onStatus(done);
    });
  }

  /** Remembers when this node's state was last as new as what it knows to be committed. */
  #observe(): void {
    const commit = this.#consensus.status?.commitIndex ?? 0;
    if (this.#state.appliedIndex >= commit) this.#caughtUpAt = performance.now();
  }

  /** Waits until a read at this level may be answered from this node's state. */
  async prepare(wish: ReadWish, timeoutMs: number): Promise<ReadInfo> {
    try {
      return await this.#prepared(wish, timeoutMs);
    } catch (error) {
      throw this.#unconfirmed(error);
    }
  }

  async #prepared(wish: ReadWish, timeoutMs: number): Promise<ReadInfo> {
    switch (wish.level) {
      case 'linearizable': {
        const began = performance.now();
        const limit = Math.min(timeoutMs, BARRIER_LIMIT_MS);
        const index = await this.#consensus.readBarrier(limit);
        if (index > this.#state.settledIndex)
          await this.#readable(index, Math.max(1, timeoutMs - (performance.now() - began)));
        return this.info('quorum');
      }
      case 'session':
        await this.#readable(wish.minIndex, timeoutMs);
        break;
      case 'weak':
        await this.requireLeader(timeoutMs);
        break;
      case 'none':
        break;
    }
    await this.#newest();
    return this.info('stale');
  }

  async #readable(index: LogIndex, timeoutMs: number): Promise<void> {
    const began = performance.now();
    await this.#state.whenApplied(index, timeoutMs);
    await this.#state.whenSettled(index, Math.max(1, timeoutMs - (performance.now() - began)));
  }

  /** All that was applied here can be read, or the applier is at something long. */
  async #newest(): Promise<void> {
    const { appliedIndex, settledIndex } = this.#state;
    if (appliedIndex > settledIndex) await this.#state.whenSettled(appliedIndex, SETTLE_MS).catch(() => {});
  }

  /** For views of the cluster: a quorum's word if one comes soon, else this node's own with its age. */
  async bestEffort(stale: boolean): Promise<ReadInfo> {
    if (stale) return this.info('stale');
    try {
      return await this.prepare({ level: 'linearizable', minIndex: 0 }, STATUS_BARRIER_MS);
    } catch {
      return this.info('stale');
    }
  }

  /**
   * The record of an answer given now. A stale one is as old as this node's last word from a leader, or as
   * the moment since which its state lags behind what it knows to be committed, whichever is longer ago.
   */
  info(mode: 'quorum' | 'stale'): ReadInfo {
    this.#observe();
    const age =
      mode === 'quorum' ? 0 : Math.max(this.#leaderSilenceMs(), performance.now() - this.#caughtUpAt);
    return { mode, age_ms: Math.round(age), node_id: this.#nodeId, applied_index: this.#state.appliedIndex };
  }

  #leaderSilenceMs(): number {
    if (this.isLeader) return 0;
    const silence = this.#consensus.status?.silenceMs ?? null;
    return (silence ?? performance.now() - this.#state.appliedAt) + this.#consensus.statusAgeMs;
  }
}
