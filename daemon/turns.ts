/**
 * Work of a moment that makes much at once, such as answers of megabytes: so many bytes a turn of the event
 * loop. What comes in one packet would otherwise be made all together, before the first of it is counted or
 * leaves, and whoever else is there would wait for all of it.
 */
import { type Bytes, LIMITS, SqlccError } from '../src/base/index.ts';

/** An empty list costs something too. */
const SMALL_BYTES = 1024;
const LATE = 'too many lists were asked for before this one';

interface Waiting {
  /** Nobody waits for it any more. */
  readonly isOver: () => boolean;
  readonly run: () => Bytes;
  readonly drop: () => void;
}

export class Turns {
  readonly #waiting: Waiting[] = [];
  #spent: Bytes = 0;
  #isScheduled = false;

  /**
   * What `work` answers, made at once where this turn has room, else in a later one, in order. What `isOver`
   * by then is not made and throws deadline_exceeded; throws overloaded when LIMITS.maxWaitingLists wait.
   */
  take<T extends { readonly bytes: Bytes }>(work: () => T, isOver: () => boolean): Promise<T> {
    if (this.#waiting.length >= LIMITS.maxWaitingLists) {
      const text = `${this.#waiting.length} lists are waiting on this node`;
      return Promise.reject(new SqlccError('overloaded', text));
    }
    return new Promise((resolve, reject) => {
      const run = (): Bytes => {
        try {
          const made = work();
          resolve(made);
          return made.bytes;
        } catch (error) {
          reject(error as Error);
          return 0;
        }
      };
      const drop = (): void => reject(new SqlccError('deadline_exceeded', LATE));
      if (this.#waiting.length === 0 && this.#hasRoom) this.#spend(run());
      else this.#waiting.push({ isOver, run, drop });
    });
  }

  get #hasRoom(): boolean {
    return this.#spent < LIMITS.listBytesPerTurn;
  }

  #spend(bytes: Bytes): void {
    this.#spent += bytes + SMALL_BYTES;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // an immediate runs behind the microtasks of this turn, and one that it asks for in the next turn only
    setImmediate(() => {
      this.#isScheduled = false;
      this.#spent = 0;
      this.#go();
    });
  }

  #go(): void {
    while (this.#hasRoom) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      if (first.isOver()) first.drop();
      else this.#spend(first.run());
    }
  }
}
