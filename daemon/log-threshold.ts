/**
 * From which level on lines are written. It may be changed for a while and goes back by
 * itself: a forgotten DEBUG must not fill a disk.
 */
import type { LogLevel, Timestamp } from '../src/base/index.ts';

export class LogThreshold {
  readonly #start: LogLevel;
  #base: LogLevel;
  /** Instead of the base, for a while; null: no. */
  #passing: LogLevel | null = null;
  #until: Timestamp | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** `start`: what the daemon was started with. */
  constructor(start: LogLevel) {
    this.#start = start;
    this.#base = start;
  }

  get current(): LogLevel {
    return this.#passing ?? this.#base;
  }

  /** What it goes back to: by the configuration, or by the start. */
  get base(): LogLevel {
    return this.#base;
  }

  /** The configuration's word; null: it has none, what the daemon was started with holds. */
  setLevel(level: LogLevel | null): void {
    this.#base = level ?? this.#start;
  }

  /** When it goes back, wall time; null: it is at its base. */
  get until(): Timestamp | null {
    return this.#until;
  }

  /** Changes it for `forMs` from `now` on, instead of any change before; `onEnd`: it went back. */
  change(level: LogLevel, forMs: number, now: Timestamp, onEnd: () => void): void {
    this.reset();
    this.#passing = level;
    this.#until = now + forMs;
    this.#timer = setTimeout(() => {
      this.reset();
      onEnd();
    }, forMs);
    this.#timer.unref();
  }

  /** Back to the base at once. */
  reset(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#until = null;
    this.#passing = null;
  }
}
