/** A clock that stands until it is told: timers fire in order, and promises settle between them. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Cancel, Clock } from '../../../../src/base/index.ts';

export class ManualClock implements Clock {
  #now = 1000;
  readonly #timers = new Set<{ at: number; fn: () => void }>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return Date.UTC(2026, 10, 29) + this.#now;
  }

  wakeAt(at: number, fn: () => void): Cancel {
    const timer = { at, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** When the next one fires; infinity without one. */
  get nextAt(): number {
    return Math.min(...[...this.#timers].map((t) => t.at));
  }

  /** Moves on by `ms`, stopping at every timer on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await turn();
    while (this.nextAt <= end) await this.#fire();
    this.#now = end;
    await turn();
  }

  /** Moves to the next timer; false without one. */
  async step(): Promise<boolean> {
    if (this.nextAt === Number.POSITIVE_INFINITY) return false;
    await this.#fire();
    return true;
  }

  async #fire(): Promise<void> {
    const [first] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (first === undefined) return;
    this.#timers.delete(first);
    this.#now = Math.max(this.#now, first.at);
    first.fn();
    await turn();
  }
}
