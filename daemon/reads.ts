/**
 * How fresh an answer is. One place turns a wanted level into waiting, and into the
 * `read` record that every answer carries.
 */
import type { ReadInfo } from '../src/api/index.ts';
import type { NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ConsensusLink } from './consensus-link.ts';
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

/** Where a leader listens, as `not_leader` tells it. */
export interface LeaderAddress {
  readonly node_id: NodeId;
  readonly host: string;
  readonly port: number;
  readonly client_port: number;
}

export class Reads {
  readonly #nodeId: NodeId;
  readonly #consensus: ConsensusLink;
  readonly #state: StateLink;

  constructor(nodeId: NodeId, consensus: ConsensusLink, state: StateLink) {
    this.#nodeId = nodeId;
    this.#consensus = consensus;
    this.#state = state;
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

  /** Returns on the leader; elsewhere throws not_leader with its address, or no_leader after a short wait. */
  async requireLeader(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + Math.min(timeoutMs, LEADER_WAIT_MS);
    for (;;) {
      if (this.isLeader) return;
      const leader = this.leader();
      if (leader !== null && leader.node_id !== this.#nodeId) {
        throw new SqlccError('not_leader', `this node follows ${leader.node_id}`, { details: { leader } });
      }
      if (performance.now() >= deadline) throw new SqlccError('no_leader', 'the cluster has no leader now');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits until a read at this level may be answered from this node's state. */
  async prepare(wish: ReadWish, timeoutMs: number): Promise<ReadInfo> {
    switch (wish.level) {
      case 'linearizable': {
        const began = performance.now();
        const limit = Math.min(timeoutMs, BARRIER_LIMIT_MS);
        const index = await this.#consensus.readBarrier(limit);
        await this.#state.whenApplied(index, Math.max(1, timeoutMs - (performance.now() - began)));
        return this.info('quorum');
      }
      case 'session':
        await this.#state.whenApplied(wish.minIndex, timeoutMs);
        return this.info('stale');
      case 'weak':
        await this.requireLeader(timeoutMs);
        return this.info('stale');
      case 'none':
        return this.info('stale');
    }
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
   * The record of an answer given now. The age of a stale one is the time since this node last heard from a
   * leader.
   */
  info(mode: 'quorum' | 'stale'): ReadInfo {
    const contact = this.#consensus.status?.silenceMs ?? null;
    const age =
      mode === 'quorum' || this.isLeader
        ? 0
        : (contact ?? performance.now() - this.#state.appliedAt) + this.#consensus.statusAgeMs;
    return { mode, age_ms: Math.round(age), node_id: this.#nodeId, applied_index: this.#state.appliedIndex };
  }
}
