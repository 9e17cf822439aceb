/**
 * Paces a walk over the whole state: one at a time, whoever asks meanwhile shares its
 * answer, and then the machine is left alone for some time. So nobody can keep a core
 * busy or the WAL from being cut by asking again and again.
 */
import type { LogIndex } from '../base/index.ts';

export interface StateHash {
  readonly hash: string;
  /** What was applied at that point. */
  readonly index: LogIndex;
}

/** Rest between two walks, in times of the one before. */
const REST = 4;

export class PacedHash {
  readonly #walk: () => Promise<StateHash>;
  #running: Promise<StateHash> | null = null;
  #restUntil = 0;

  constructor(walk: () => Promise<StateHash>) {
    this.#walk = walk;
  }

  /** Joins the walk under way or begins the next one. */
  ask(): Promise<StateHash> {
    this.#running ??= this.#next().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #next(): Promise<StateHash> {
    const restMs = this.#restUntil - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    const began = performance.now();
    try {
      return await this.#walk();
    } finally {
      const now = performance.now();
      this.#restUntil = now + REST * (now - began);
    }
  }
}
