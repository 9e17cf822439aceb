/**
 * Whether what this process decided may still be carried out. One that stood still (stopped, starved) goes on
 * where it was: its timers are due at once, and that another node leads by now it hears only then. Until that
 * is asked and answered nothing is begun.
 */
import type { Duration, Instant } from '../src/base/index.ts';

/** Who has not looked for so long stood still: three looks of the desk. */
const STILL_MS: Duration = 600;

export interface StandstillParts {
  readonly now: () => Instant;
  /** Asks who leads; resolves with whether this node knows, once it does or once nobody answered. */
  readonly confirm: () => Promise<boolean>;
  /** This process knows again. */
  readonly goOn: () => void;
}

export class Standstill {
  readonly #parts: StandstillParts;
  #lookedAt: Instant | null = null;
  #isAsking = false;
  /** It stood still once more since it asked. */
  #isLate = false;
  #isStopped = false;

  constructor(parts: StandstillParts) {
    this.#parts = parts;
  }

  /** Call it regularly, more than once in 600 ms. */
  look(): void {
    this.#notice();
    this.#lookedAt = this.#parts.now();
  }

  /** False from the moment on at which it went on until it knows who leads. */
  get mayBegin(): boolean {
    this.#notice();
    return !this.#isAsking;
  }

  /** Asks nobody any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #notice(): void {
    const now = this.#parts.now();
    if (this.#lookedAt === null || now - this.#lookedAt <= STILL_MS) return;
    this.#lookedAt = now;
    this.#isLate = true;
    if (!this.#isAsking) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    let isKnown = false;
    while (!isKnown && !this.#isStopped) {
      this.#isLate = false;
      isKnown = await this.#parts.confirm();
      this.#notice();
      // an answer of before the last standstill says nothing about now
      if (this.#isLate) isKnown = false;
    }
    this.#isAsking = false;
    if (!this.#isStopped) this.#parts.goOn();
  }
}
