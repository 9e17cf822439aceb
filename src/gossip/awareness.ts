/**
 * How well this node itself is (Lifeguard, LHA): 0 = well, 8 = hardly. A node that
 * stands still or gets no answers suspects later, because one overloaded member is
 * enough to make plain SWIM kill healthy ones.
 */
import type { Duration, Instant } from '../base/index.ts';
import { MAX_OWN_HEALTH } from './suspicion.ts';

/** Trouble counts once in this time for each reason. */
const WORSE_MS: Duration = 1000;
/** Without new trouble the counter falls by one in this time: slower than it rises, or steady trouble hid. */
const BETTER_MS: Duration = 2000;

export type Trouble = 'stall' | 'lag' | 'accused' | 'no-answers';

export class Awareness {
  #value = 0;
  #stepAt: Instant = 0;
  readonly #lastAt = new Map<Trouble, Instant>();

  /** 0 … 8. */
  get value(): number {
    return this.#value;
  }

  /** When `recover` is due; infinity while well. */
  get wakeAt(): Instant {
    return this.#value === 0 ? Number.POSITIVE_INFINITY : this.#stepAt + BETTER_MS;
  }

  worse(trouble: Trouble, now: Instant): void {
    const last = this.#lastAt.get(trouble);
    if (last !== undefined && now - last < WORSE_MS) return;
    this.#lastAt.set(trouble, now);
    this.#value = Math.min(MAX_OWN_HEALTH, this.#value + 1);
    this.#stepAt = now;
  }

  recover(now: Instant): void {
    while (this.#value > 0 && now >= this.#stepAt + BETTER_MS) {
      this.#value--;
      this.#stepAt += BETTER_MS;
    }
  }
}
