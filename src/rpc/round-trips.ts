/**
 * The last round trips to all peers, for the floor of the election timeout. What counts is
 * the lower of a peer's last two: one answer that came late was an outage and says nothing
 * of the distance (without this, every cable that was pulled and put back would make the
 * next election wait ten times its length); a link that is slow is slow twice in a row.
 */
import type { NodeId } from '../base/index.ts';

const KEPT = 256;
/** So many high samples are no fact yet: while a process starts, its answers are slow. */
const MAY_BE_CHANCE = 2;

export class RoundTrips {
  readonly #samples: number[] = [];
  readonly #last = new Map<NodeId, number>();
  #next = 0;

  record(peer: NodeId, ms: number): void {
    const before = this.#last.get(peer);
    this.#last.set(peer, ms);
    // of a new peer nothing is known: the first one is only remembered
    if (before === undefined) return;
    this.#samples[this.#next] = Math.min(before, ms);
    this.#next = (this.#next + 1) % KEPT;
  }

  /** Nothing is known of the peer any more. */
  forget(peer: NodeId): void {
    this.#last.delete(peer);
  }

  /** 99th percentile in ms, of few samples the third highest; 0 before the first one. */
  p99(): number {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const rank = Math.min(Math.floor(sorted.length * 0.99), sorted.length - MAY_BE_CHANCE - 1);
    return sorted[Math.max(0, rank)] ?? 0;
  }
}
