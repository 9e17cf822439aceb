/** Counts of observations by upper bound (Prometheus histogram); fixed buckets, so its size never changes. */
import { assert } from '../base/index.ts';

export interface HistogramSnapshot {
  /** Upper bounds, ascending; the last bucket is unbounded and not listed. */
  readonly bounds: readonly number[];
  /** Observations at or below each bound. */
  readonly cumulative: readonly number[];
  readonly count: number;
  readonly sum: number;
}

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    assert(
      bounds.every((b, n) => n === 0 || b > (bounds[n - 1] ?? b)),
      'bounds of a histogram grow',
    );
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  /** `times` observations of one value. */
  observe(value: number, times = 1): void {
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    if (bucket >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += times;
    this.#sum += value * times;
  }

  snapshot(): HistogramSnapshot {
    let below = 0;
    const cumulative = this.#counts.map((n) => {
      below += n;
      return below;
    });
    return { bounds: this.#bounds, cumulative, count: this.#count, sum: this.#sum };
  }
}
