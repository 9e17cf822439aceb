/** The newest value of every metric of the catalogue. A value that nobody knows is absent, never zero. */
import { assert, LIMITS, must } from '../base/index.ts';
import type { Metric } from './catalogue.ts';
import { METRICS } from './catalogue.ts';
import type { Family } from './families.ts';
import { FAMILIES, familyOf } from './families.ts';
import type { HistogramSnapshot } from './histogram.ts';
import { Histogram } from './histogram.ts';

/** Label value under which everything beyond LIMITS.maxMetricSeries is counted. */
const OTHER = 'other';

/** One series of a family; `label` is the value of the family's label, '' where it has none. */
export interface Series {
  readonly label: string;
  /** A histogram, or the value of a gauge or counter. */
  readonly value: number | HistogramSnapshot;
}

export class MetricsRegistry {
  readonly #values = new Map<string, number>();
  /** Families whose observations are made here, by id and label. */
  readonly #histograms = new Map<string, Map<string, Histogram>>();
  readonly #counters = new Map<string, Map<string, number>>();
  /** Families that come whole from elsewhere. */
  readonly #given = new Map<string, readonly Series[]>();

  /** Sets the metric with the seed's name `id`; null = unknown now. */
  set(id: string, value: number | null): void {
    assert(
      METRICS.some((m) => m.id === id),
      `"${id}" is not in the catalogue of metrics`,
    );
    if (value === null || !Number.isFinite(value)) this.#values.delete(id);
    else this.#values.set(id, value);
  }

  /** One observation of a histogram. */
  observe(id: string, value: number, label = ''): void {
    const { buckets } = familyNamed(id, 'histogram');
    const series = child(this.#histograms, id);
    const key = bounded(series, label);
    const histogram = series.get(key) ?? new Histogram(buckets);
    series.set(key, histogram);
    histogram.observe(value);
  }

  /** Counts one more. */
  count(id: string, label = ''): void {
    familyNamed(id, 'counter');
    const series = child(this.#counters, id);
    const key = bounded(series, label);
    series.set(key, (series.get(key) ?? 0) + 1);
  }

  /** All series of a family that is measured elsewhere; beyond the limit the rest is left out. */
  give(id: string, series: readonly Series[]): void {
    must(familyOf(id), `the family ${id}`);
    this.#given.set(id, series.slice(0, LIMITS.maxMetricSeries));
  }

  /** Known values in the order of the catalogue. */
  entries(): (readonly [Metric, number])[] {
    return METRICS.flatMap((metric): [Metric, number][] => {
      const value = this.#values.get(metric.id);
      return value === undefined ? [] : [[metric, value]];
    });
  }

  /** Families with their series; those without any are left out, as a histogram of one series never is. */
  families(): (readonly [Family, readonly Series[]])[] {
    return FAMILIES.flatMap((family): (readonly [Family, readonly Series[]])[] => {
      const series = this.#seriesOf(family);
      return series.length === 0 ? [] : [[family, series]];
    });
  }

  #seriesOf({ id, kind, label, buckets }: Family): readonly Series[] {
    const given = this.#given.get(id);
    if (given !== undefined) return given;
    const counters = [...(this.#counters.get(id) ?? [])].map(([key, value]) => ({ label: key, value }));
    const histograms = [...(this.#histograms.get(id) ?? [])].map(([key, histogram]) => {
      return { label: key, value: histogram.snapshot() };
    });
    const series = [...counters, ...histograms];
    // nothing happened yet is known, and a rate needs its zero; of labels nobody knows the values yet
    if (series.length > 0 || label !== null || kind !== 'histogram') return series;
    return [{ label: '', value: new Histogram(buckets).snapshot() }];
  }
}

function familyNamed(id: string, kind: Family['kind']): Family {
  const family = must(familyOf(id), `the family ${id}`);
  assert(family.kind === kind, `${id} is a ${family.kind}, no ${kind}`);
  return family;
}

function child<T>(parents: Map<string, Map<string, T>>, id: string): Map<string, T> {
  const found = parents.get(id) ?? new Map<string, T>();
  parents.set(id, found);
  return found;
}

/** The label's own value while there is room for one more. */
function bounded(series: ReadonlyMap<string, unknown>, label: string): string {
  return series.has(label) || series.size < LIMITS.maxMetricSeries - 1 ? label : OTHER;
}
