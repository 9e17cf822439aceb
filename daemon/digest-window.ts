/**
 * Compares replicas while they run: every node folds the digests of its results over
 * windows of the log that are the same everywhere, and followers send theirs to the
 * leader. A window that began before a restart is skipped, not guessed.
 */
import type { LogIndex } from '../src/base/index.ts';

/** Entries in a window. */
export const DIGEST_WINDOW = 256;
const KEPT = 1024;

export class DigestWindow {
  #value = 0;
  #whole: boolean;
  #last: LogIndex;
  readonly #done = new Map<LogIndex, number>();

  /** `appliedIndex`: what the state holds at start. */
  constructor(appliedIndex: LogIndex) {
    this.#last = appliedIndex;
    this.#whole = appliedIndex % DIGEST_WINDOW === 0;
  }

  /** Adds the result of one entry; answers the window's digest when it is the last of a whole window. */
  add(index: LogIndex, digest: number): number | null {
    if (index !== this.#last + 1) this.#whole = false;
    this.#last = index;
    this.#value = (Math.imul(this.#value, 0x01000193) ^ (digest >>> 0) ^ Math.floor(digest / 2 ** 32)) >>> 0;
    if (index % DIGEST_WINDOW !== 0) return null;
    const result = this.#whole ? this.#value : null;
    this.#value = 0;
    this.#whole = true;
    if (result !== null) this.#keep(index, result);
    return result;
  }

  /**
   * False when this node knows another digest for the window that ends at `index`; true when equal or not
   * known.
   */
  agrees(index: LogIndex, digest: number): boolean {
    const own = this.#done.get(index);
    return own === undefined || own === digest;
  }

  #keep(index: LogIndex, digest: number): void {
    this.#done.set(index, digest);
    for (const old of this.#done.keys()) {
      if (this.#done.size <= KEPT) break;
      this.#done.delete(old);
    }
  }
}
