/**
 * Linearizable reads of a leader without touching the log (dissertation §6.4).
 *
 * A read notes the commit index and a round. Rounds are a counter that every append
 * and heartbeat carries; once a quorum has answered the noted round or a later one,
 * the leader was still the leader after the read began, so its index is safe.
 * Before the leader has committed an entry of its own term it does not know the
 * commit index, so earlier reads wait (§6.4 step 1).
 */
import type { InstanceId, LogIndex, NodeId } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';

/** Who asked: a local caller, or another node on behalf of one. */
export type ReadOrigin =
  | { readonly kind: 'local'; readonly id: number }
  | {
      readonly kind: 'remote';
      readonly id: number;
      readonly from: NodeId;
      readonly fromInstance: InstanceId;
    };

export interface ConfirmedRead {
  readonly origin: ReadOrigin;
  readonly index: LogIndex;
}

export class ReadIndexQueue {
  /** Reads that wait for the first commit of this term. */
  #deferred: ReadOrigin[] = [];
  #waiting: { readonly origin: ReadOrigin; readonly index: LogIndex; readonly round: number }[] = [];
  #head = 0;
  /** The newest round asked for, and the newest that was broadcast. */
  #round = 0;
  #broadcast = 0;

  get size(): number {
    return this.#deferred.length + this.#waiting.length - this.#head;
  }

  /** The round that messages sent now carry. */
  get round(): number {
    return this.#round;
  }

  /** Adds a read at `commit`, or defers it while `commit` is null; false when full. */
  add(origin: ReadOrigin, commit: LogIndex | null): boolean {
    if (this.size >= LIMITS.maxPendingReads) return false;
    if (commit === null) {
      this.#deferred.push(origin);
      return true;
    }
    // all reads of a turn share one round
    this.#round = this.#broadcast + 1;
    this.#waiting.push({ origin, index: commit, round: this.#round });
    return true;
  }

  /** The leader has committed in its own term: deferred reads begin now. */
  release(commit: LogIndex): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const origin of deferred) this.add(origin, commit);
  }

  /** True once for each round that heartbeats must carry out now. */
  takeBroadcast(): boolean {
    if (this.#broadcast === this.#round) return false;
    this.#broadcast = this.#round;
    return true;
  }

  /** Reads that a quorum's answers to `round` confirm. */
  confirm(round: number): ConfirmedRead[] {
    const out: ConfirmedRead[] = [];
    while (this.#head < this.#waiting.length) {
      const first = this.#waiting[this.#head];
      if (first === undefined || first.round > round) break;
      out.push(first);
      this.#head++;
    }
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    return out;
  }

  /** Everything that waits, taken out: it can't be answered any more. */
  drain(): ReadOrigin[] {
    const out = [...this.#deferred, ...this.#waiting.slice(this.#head).map((w) => w.origin)];
    this.#deferred = [];
    this.#waiting = [];
    this.#head = 0;
    return out;
  }
}
