/**
 * So many calls a second for each identity: a bucket of one second's worth, filled all
 * the time. It holds off scripts that ran wild, no attack: who may not ask at all was
 * refused before.
 */
import { LIMITS } from '../base/index.ts';

interface Bucket {
  readonly tokens: number;
  /** Monotonic ms of the last call. */
  readonly at: number;
}

export class Rates {
  readonly #perSecond: number;
  /** Longest unused first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** True when `who` may call at `now` (monotonic ms), and counts that call. */
  take(who: string, now: number): boolean {
    const { tokens, at } = this.#buckets.get(who) ?? { tokens: this.#perSecond, at: now };
    const filled = Math.min(this.#perSecond, tokens + ((now - at) / 1000) * this.#perSecond);
    this.#buckets.delete(who);
    this.#buckets.set(who, { tokens: filled >= 1 ? filled - 1 : filled, at: now });
    if (this.#buckets.size > LIMITS.maxRatedIdentities) this.#forgetOldest();
    return filled >= 1;
  }

  #forgetOldest(): void {
    for (const who of this.#buckets.keys()) {
      this.#buckets.delete(who);
      return;
    }
  }
}
