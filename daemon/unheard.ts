/**
 * What was posted to another thread and has not been taken there. A message port holds any number of
 * messages, outside of the heap and its limit: whoever posts must stop in time, and asks now and then how
 * far the other end has come.
 */
import type { Bytes } from '../src/base/index.ts';

/** Asked so many times within the limit: an answer to each message would cost more than it says. */
const ASKS_PER_LIMIT = 16;

export class Unheard {
  readonly #limit: Bytes;
  #posted: Bytes = 0;
  #asked: Bytes = 0;
  #heard: Bytes = 0;

  constructor(limit: Bytes) {
    this.#limit = limit;
  }

  /** Counts a message; the answer goes with it, and comes back with `heard`. Null: none is wanted. */
  posted(bytes: Bytes): number | null {
    this.#posted += bytes;
    if (this.#posted - this.#asked < this.#limit / ASKS_PER_LIMIT) return null;
    return this.ask();
  }

  /** What a message says that asks by itself. */
  ask(): number {
    this.#asked = this.#posted;
    return this.#asked;
  }

  /** The other end has taken all up to the message that asked with `upTo`. */
  heard(upTo: number): void {
    this.#heard = Math.max(this.#heard, upTo);
  }

  /** What was posted and is not known to be taken: up to a sixteenth of the limit more than waits. */
  get bytes(): Bytes {
    return this.#posted - this.#heard;
  }

  /** Nothing more is to be posted before the next `heard`, which has been asked for. */
  get isTooMuch(): boolean {
    return this.bytes >= this.#limit;
  }
}
