/**
 * Work of a moment that makes much at once, such as an answer of megabytes: one piece a turn of the event
 * loop. What comes in one packet would otherwise be made all together, before the first of it is counted or
 * leaves, and whoever else is there would wait for all of it.
 */
import { LIMITS, SqlccError } from '../src/base/index.ts';

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /**
   * Resolves when it is this one's turn, at once when nobody else had this one. Throws overloaded when
   * LIMITS.maxPendingReads wait already.
   */
  async next(): Promise<void> {
    if (this.#waiting.length >= LIMITS.maxPendingReads)
      throw new SqlccError('overloaded', `${this.#waiting.length} large reads are waiting on this node`);
    if (this.#isTaken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#take();
  }

  /** An immediate runs behind the microtasks of this turn, and one that it asks for in the next turn only. */
  #take(): void {
    this.#isTaken = true;
    setImmediate(() => {
      const resolve = this.#waiting.shift();
      this.#isTaken = resolve !== undefined;
      if (resolve === undefined) return;
      this.#take();
      resolve();
    });
  }
}
