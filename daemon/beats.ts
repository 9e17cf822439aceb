/**
 * Regular looks of a thread, all at the same moments: a process that rests pays for each time that it is
 * woken, not for what it does then. Five looks at rhythms of their own woke a node 29 times a second.
 */
import { assert, type Duration } from '../src/base/index.ts';

/** All rhythms are multiples of it. */
const BEAT_MS: Duration = 100;

interface Look {
  readonly beats: number;
  readonly look: () => void;
}

class Beats {
  readonly #looks = new Set<Look>();
  #count = 0;
  #timer: NodeJS.Timeout | null = null;

  /**
   * Calls `look` every `ms`, a multiple of 100, at beats that all share, until the returned function is
   * called. Keeps no process alive.
   */
  every(ms: Duration, look: () => void): () => void {
    assert(ms > 0 && ms % BEAT_MS === 0, `${ms} ms is no multiple of ${BEAT_MS}`);
    const entry = { beats: ms / BEAT_MS, look };
    this.#looks.add(entry);
    this.#timer ??= setInterval(() => this.#beat(), BEAT_MS).unref();
    return () => {
      this.#looks.delete(entry);
      if (this.#looks.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  #beat(): void {
    this.#count++;
    for (const { beats, look } of this.#looks) if (this.#count % beats === 0) look();
  }
}

/** Of this thread. */
export const beats = new Beats();
