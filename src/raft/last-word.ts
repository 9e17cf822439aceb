/**
 * When a leader was surely heard last: from then on nobody led, says the record of the next election. Not a
 * rule of it: leases and timers go by `contactAt`. What is read after this node stood still (a stopped
 * process, a machine asleep) may have lain in a queue all the while, and its sender may be dead: it counts
 * from where the standstill began.
 */
import type { Duration, Instant } from '../base/index.ts';

export class LastWord {
  #at: Instant | null = null;
  /** The last standstill, and until when what it left in queues may come out of them. */
  #stoodFrom: Instant = Number.POSITIVE_INFINITY;
  #doubtedUntil: Instant = Number.NEGATIVE_INFINITY;

  /** Null = never in this life. */
  get at(): Instant | null {
    return this.#at;
  }

  /** Nothing at all happened here between these two instants. */
  stoodStill(from: Instant, until: Instant, doubtMs: Duration): void {
    this.#stoodFrom = from;
    this.#doubtedUntil = until + doubtMs;
  }

  /** A leader was heard at `at`, or a leader heard a majority of those who follow it. */
  heard(at: Instant): void {
    const isDoubted = at >= this.#stoodFrom && at <= this.#doubtedUntil;
    this.#at = Math.max(this.#at ?? at, isDoubted ? this.#stoodFrom : at);
  }
}
