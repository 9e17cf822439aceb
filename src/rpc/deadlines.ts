/**
 * Deadlines of many short calls: nearly all of them are met, so what counts is the cost of
 * setting one and taking it back. One timer looks at all; a timer of its own only for those
 * that are soon.
 */

/** How late a deadline may be told, ms; a sooner one than four times this has a timer of its own. */
const GRAIN_MS = 25;

export interface Deadline {
  readonly at: number;
  readonly expire: () => void;
  readonly timer: NodeJS.Timeout | null;
}

export class Deadlines {
  readonly #waiting = new Set<Deadline>();
  #looking: NodeJS.Timeout | null = null;

  /** Calls `expire` once, `ms` from now or up to 25 ms later, unless it is cleared. */
  set(ms: number, expire: () => void): Deadline {
    const isSoon = ms < 4 * GRAIN_MS;
    const timer = isSoon ? setTimeout(expire, ms) : null;
    const deadline = { at: performance.now() + ms, expire, timer };
    if (isSoon) return deadline;
    this.#waiting.add(deadline);
    // what waits keeps the process alive by itself, a connection or a listener
    this.#looking ??= setInterval(() => this.#look(), GRAIN_MS).unref();
    return deadline;
  }

  clear(deadline: Deadline): void {
    if (deadline.timer !== null) clearTimeout(deadline.timer);
    else this.#waiting.delete(deadline);
  }

  #look(): void {
    const now = performance.now();
    for (const deadline of this.#waiting) {
      if (deadline.at > now) continue;
      this.#waiting.delete(deadline);
      deadline.expire();
    }
    if (this.#waiting.size > 0 || this.#looking === null) return;
    clearInterval(this.#looking);
    this.#looking = null;
  }
}
