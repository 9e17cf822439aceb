/**
 * What one node may spend on news and synchronisation. A bucket alone gives what was saved up on top
 * of what comes in meanwhile: in the first second more than the rate. A limit of each second alone is
 * spent at its beginning, and whoever dies then is told of at its end. So it is both: a small bucket
 * that fills at the full rate, and a look back over the last second.
 */
import { type Duration, type Instant, LIMITS } from '../base/index.ts';

const SLOT_MS: Duration = 100;
/** A second and the slot that has begun: the oldest is not forgotten before all of it is a second old. */
const SLOTS = 1000 / SLOT_MS + 1;

export class Budget {
  #tokens: number = LIMITS.maxGossipBurstBytes;
  #tokensAt: Instant = 0;
  /** Bytes by slot of time, in a ring. */
  readonly #spent: number[] = new Array(SLOTS).fill(0);
  #slot = 0;
  #spentInAll = 0;

  /** Takes `bytes`; false, and nothing is taken, when there are not so many. `now` never goes back. */
  spend(now: Instant, bytes: number): boolean {
    const rate = LIMITS.maxGossipBytesPerSecond;
    const saved = this.#tokens + ((now - this.#tokensAt) / 1000) * rate;
    this.#tokens = Math.min(LIMITS.maxGossipBurstBytes, saved);
    this.#tokensAt = now;
    const slot = this.#enter(Math.floor(now / SLOT_MS));
    if (bytes > this.#tokens || this.#spentInAll + bytes > rate) return false;
    this.#tokens -= bytes;
    this.#spentInAll += bytes;
    this.#spent[slot] = (this.#spent[slot] ?? 0) + bytes;
    return true;
  }

  /** Forgets slots that have passed; the place of the one that `now` is in. */
  #enter(slot: number): number {
    for (let n = Math.max(this.#slot + 1, slot - SLOTS + 1); n <= slot; n++) {
      this.#spentInAll -= this.#spent[n % SLOTS] ?? 0;
      this.#spent[n % SLOTS] = 0;
    }
    this.#slot = slot;
    return slot % SLOTS;
  }
}
