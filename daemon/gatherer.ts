/** Runs `flush` when those who wait shall leave together: gathering.ts decides, this waits. */
import type { Bytes, Duration } from '../src/base/index.ts';
import { Gathering } from './gathering.ts';

export class Gatherer {
  readonly #gathering: Gathering;
  readonly #flush: () => void;
  #isPlanned = false;
  #timer: NodeJS.Timeout | null = null;

  /** Nobody waits longer than `longestWaitMs`. `flush` takes all who came since the last one. */
  constructor(longestWaitMs: Duration, flush: () => void) {
    this.#gathering = new Gathering(longestWaitMs);
    this.#flush = flush;
  }

  /** One more waits to leave. */
  came(bytes: Bytes): void {
    this.#gathering.came(bytes, performance.now());
    this.#plan();
  }

  /** So many of those who had left are answered: who waits may have waited for them. */
  answered(count: number): void {
    if (count === 0) return;
    this.#gathering.answered(count, performance.now());
    if (this.#gathering.waiting > 0) this.#plan();
  }

  /** Looked at behind what this turn of the event loop still brings. */
  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#flushOrWait();
    });
  }

  #flushOrWait(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#gathering.waiting === 0) return;
    const now = performance.now();
    const waitMs = this.#gathering.waitMs(now);
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#flushOrWait(), waitMs);
      return;
    }
    this.#gathering.left(now);
    this.#flush();
  }
}
