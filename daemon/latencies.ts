/**
 * Latency of client requests over the last minute: histograms of ten seconds each (HdrHistogram, in Node), of
 * which the oldest is given up when a new one begins. However many requests there are, each counts, and the
 * memory stays the same; quantiles are true to one part in a hundred.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

const SLICE_MS = 10_000;
/** With the one under way: the last 50 to 60 s. */
const SLICES = 6;
/** Microseconds. What takes longer counts as this. */
const RANGE = { lowest: 1, highest: 600_000_000, figures: 2 };

interface Slice {
  readonly histogram: RecordableHistogram;
  /** Number of its ten seconds since the start of the clock; −∞ = unused. */
  number: number;
}

export class Latencies {
  readonly #slices: readonly Slice[] = Array.from({ length: SLICES }, () => ({
    histogram: createHistogram(RANGE),
    number: Number.NEGATIVE_INFINITY,
  }));
  readonly #sum = createHistogram(RANGE);
  #total = 0;
  #errors = 0;

  /** Hears each sample; set once by whoever counts them. */
  onRecord: (ms: number) => void = () => {};

  /** Requests and failed requests since the start. */
  get totals(): { readonly requests: number; readonly errors: number } {
    return { requests: this.#total, errors: this.#errors };
  }

  record(ms: number, failed: boolean): void {
    this.onRecord(ms);
    const number = Math.floor(performance.now() / SLICE_MS);
    const slice = this.#slices[number % SLICES] as Slice;
    if (slice.number !== number) {
      slice.histogram.reset();
      slice.number = number;
    }
    slice.histogram.record(Math.min(RANGE.highest, Math.max(RANGE.lowest, Math.round(ms * 1000))));
    this.#total++;
    if (failed) this.#errors++;
  }

  /** The q-quantile of the last minute, ms; null without samples. */
  quantile(q: number): number | null {
    const oldest = Math.floor(performance.now() / SLICE_MS) - SLICES;
    const recent = this.#slices.filter(({ number }) => number > oldest);
    if (recent.length === 0) return null;
    this.#sum.reset();
    for (const { histogram } of recent) this.#sum.add(histogram);
    return this.#sum.percentile(q * 100) / 1000;
  }
}
