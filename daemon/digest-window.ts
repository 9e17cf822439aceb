/**
 * Compares replicas while they run: every node folds the digests of its results over
 * windows of the log that are the same everywhere, and followers send theirs to the
 * leader. A follower may be first: its word waits until the leader has closed the same
 * window. A window that began before a restart is skipped, not guessed.
 */
import type { LogIndex, NodeId } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';

/** Entries in a window. */
export const DIGEST_WINDOW = 256;

interface Word {
  readonly peer: NodeId;
  readonly index: LogIndex;
  readonly digest: number;
}

export class DigestWindow {
  readonly #differs: (peer: NodeId, index: LogIndex) => void;
  readonly #done = new Map<LogIndex, number>();
  /** Words about windows that are still open here, oldest first. */
  #early: Word[] = [];
  #value = 0;
  #whole: boolean;
  #last: LogIndex;

  /**
   * `appliedIndex`: what the state holds at start. `differs` hears of each word that is another than this
   * node's own.
   */
  constructor(appliedIndex: LogIndex, differs: (peer: NodeId, index: LogIndex) => void) {
    this.#last = appliedIndex;
    this.#whole = appliedIndex % DIGEST_WINDOW === 0;
    this.#differs = differs;
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
    this.#settle();
    return result;
  }

  /** A peer's word on the window that ends at `index`; compared now, or when that window closes here. */
  compare(peer: NodeId, index: LogIndex, digest: number): void {
    if (index > this.#last) {
      this.#early.push({ peer, index, digest });
      if (this.#early.length > LIMITS.digestsKept) this.#early.shift();
      return;
    }
    const own = this.#done.get(index);
    if (own !== undefined && own !== digest) this.#differs(peer, index);
  }

  #settle(): void {
    if (this.#early.length === 0) return;
    const due = this.#early.filter((word) => word.index <= this.#last);
    this.#early = this.#early.filter((word) => word.index > this.#last);
    for (const { peer, index, digest } of due) this.compare(peer, index, digest);
  }

  #keep(index: LogIndex, digest: number): void {
    this.#done.set(index, digest);
    for (const old of this.#done.keys()) {
      if (this.#done.size <= LIMITS.digestsKept) break;
      this.#done.delete(old);
    }
  }
}
