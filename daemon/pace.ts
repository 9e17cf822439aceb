/**
 * How fast bulk data may leave this node: a rate, with what was not used of the last
 * moment to spend at once. All transfers of a node share one, so that bringing nodes up
 * leaves the network to the heartbeats and the log. No clock of its own.
 */
import type { Bytes, Duration, Instant } from '../src/base/index.ts';

/** Unused time that may be made up for at once. */
const BURST_MS = 50;

export class Pace {
  readonly #bytesPerMs: number;
  /** When everything that was let through so far has had its time. */
  #paidUpTo: Instant = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: Bytes) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Lets `bytes` through; answers how long they have to wait, in ms. */
  take(bytes: Bytes, now: Instant): Duration {
    this.#paidUpTo = Math.max(this.#paidUpTo, now - BURST_MS) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#paidUpTo - now);
  }
}
