/** The newest round trips to one member: a mean tells nothing of the slow ones among them. */
import type { Duration } from '../base/index.ts';

/** At the usual pace of probes less than a minute. */
const KEPT = 128;

export interface RttSpread {
  readonly p50Ms: Duration;
  readonly p99Ms: Duration;
}

export class RttWindow {
  readonly #samples: Duration[] = [];
  #next = 0;
  /** Null = a sample came since it was asked for. */
  #spread: RttSpread | null = null;

  record(ms: Duration): void {
    this.#samples[this.#next] = ms;
    this.#next = (this.#next + 1) % KEPT;
    this.#spread = null;
  }

  /** By nearest rank; null before the first sample. */
  get spread(): RttSpread | null {
    if (this.#samples.length === 0) return null;
    if (this.#spread === null) {
      const sorted = this.#samples.toSorted((a, b) => a - b);
      const rank = (share: number): Duration => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      this.#spread = { p50Ms: rank(0.5), p99Ms: rank(0.99) };
    }
    return this.#spread;
  }
}
