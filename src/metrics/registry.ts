/** The newest value of every metric of the catalogue. A value that nobody knows is absent, never zero. */
import { assert } from '../base/index.ts';
import type { Metric } from './catalogue.ts';
import { METRICS, QUERY_LATENCY } from './catalogue.ts';
import type { HistogramSnapshot } from './histogram.ts';
import { Histogram } from './histogram.ts';

export class MetricsRegistry {
  readonly #values = new Map<string, number>();
  readonly #queryLatency = new Histogram(QUERY_LATENCY.buckets);

  /** Sets the metric with the seed's name `id`; null = unknown now. */
  set(id: string, value: number | null): void {
    assert(
      METRICS.some((m) => m.id === id),
      `"${id}" is not in the catalogue of metrics`,
    );
    if (value === null || !Number.isFinite(value)) this.#values.delete(id);
    else this.#values.set(id, value);
  }

  get(id: string): number | undefined {
    return this.#values.get(id);
  }

  /** One request took so long. */
  observeQuery(seconds: number): void {
    this.#queryLatency.observe(seconds);
  }

  get queryLatency(): HistogramSnapshot {
    return this.#queryLatency.snapshot();
  }

  /** Known values in the order of the catalogue. */
  entries(): (readonly [Metric, number])[] {
    return METRICS.flatMap((metric): [Metric, number][] => {
      const value = this.#values.get(metric.id);
      return value === undefined ? [] : [[metric, value]];
    });
  }
}
