/**
 * Registry → text for Prometheus and OpenMetrics, or JSON. Formats: the text format 0.0.4 and OpenMetrics
 * 1.0.
 */
import type { Metric } from './catalogue.ts';
import { isExposed } from './catalogue.ts';
import type { Family } from './families.ts';
import { BUILD_INFO, labelsOf } from './families.ts';
import type { HistogramSnapshot } from './histogram.ts';
import type { MetricGroup, MetricKind } from './names.ts';
import { exposedName, kindOf } from './names.ts';
import type { MetricsRegistry, Series } from './registry.ts';

export type ExpositionFormat = 'prometheus' | 'openmetrics' | 'json';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  json: 'application/json',
};

type Labels = Readonly<Record<string, string>>;

export interface ExpositionOptions {
  readonly format: ExpositionFormat;
  /** On every series: `cluster` and `node`. */
  readonly labels: Labels;
  readonly version: string;
  /** Names to show by group (the `metrics:` block); null = all. */
  readonly selection: Readonly<Record<MetricGroup, readonly string[] | null>>;
}

/** Everything is shown. */
export const ALL_METRICS: ExpositionOptions['selection'] = {
  cluster: null,
  node: null,
  raft: null,
  replication: null,
};

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}{${pairs.join(',')}} ${value}`;
}

function isSelected(
  { group, id }: Pick<Metric, 'group' | 'id'>,
  { selection }: Pick<ExpositionOptions, 'selection'>,
): boolean {
  const names = selection[group];
  return names === null || names.includes(id);
}

/** OpenMetrics has another word for untyped, and names a counter's family without its `_total`. */
function head(name: string, kind: MetricKind, help: string, { format }: ExpositionOptions): string[] {
  const open = format === 'openmetrics';
  const family = open && kind === 'counter' ? name.replace(/_total$/, '') : name;
  const type = open && kind === 'untyped' ? 'unknown' : kind;
  return [`# HELP ${family} ${help.replaceAll('\\', '\\\\')}`, `# TYPE ${family} ${type}`];
}

function histogram(name: string, labels: Labels, snapshot: HistogramSnapshot): string[] {
  const buckets = snapshot.bounds.map((bound, n) => {
    return line(`${name}_bucket`, { ...labels, le: String(bound) }, snapshot.cumulative[n] ?? 0);
  });
  return [
    ...buckets,
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, snapshot.count),
    line(`${name}_sum`, labels, snapshot.sum),
    line(`${name}_count`, labels, snapshot.count),
  ];
}

function familyText(family: Family, all: readonly Series[], options: ExpositionOptions): string[] {
  const name = exposedName(family);
  const lines = all.flatMap((series) => {
    const labels = { ...options.labels, ...labelsOf(family, series.label) };
    const { value } = series;
    return typeof value === 'number' ? [line(name, labels, value)] : histogram(name, labels, value);
  });
  return [...head(name, family.kind, family.help, options), ...lines];
}

function text(registry: MetricsRegistry, options: ExpositionOptions): string {
  const lines = registry.entries().flatMap(([metric, value]) => {
    if (!isExposed(metric) || !isSelected(metric, options)) return [];
    const name = exposedName(metric);
    return [...head(name, kindOf(metric), metric.help, options), line(name, options.labels, value)];
  });
  const families = registry
    .families()
    .flatMap(([family, all]) => (isSelected(family, options) ? familyText(family, all, options) : []));
  return [
    ...lines,
    ...families,
    ...head(exposedName(BUILD_INFO), BUILD_INFO.kind, BUILD_INFO.help, options),
    line(exposedName(BUILD_INFO), { ...options.labels, [BUILD_INFO.label]: options.version }, 1),
    ...(options.format === 'openmetrics' ? ['# EOF'] : []),
    '',
  ].join('\n');
}

/** One series of a family as a row; a histogram tells how many observations there were and their sum. */
export interface SeriesRow {
  readonly id: string;
  readonly labels: Labels;
  readonly value?: number;
  readonly count?: number;
  readonly sum?: number;
}

/** Every series of every family, in the order of the catalogue. */
export function seriesRows(
  registry: MetricsRegistry,
  selection: ExpositionOptions['selection'],
): SeriesRow[] {
  const shown = registry.families().filter(([family]) => isSelected(family, { selection }));
  return shown.flatMap(([family, all]) =>
    all.map((series): SeriesRow => {
      const { value } = series;
      const row = { id: family.id, labels: labelsOf(family, series.label) };
      return typeof value === 'number' ? { ...row, value } : { ...row, count: value.count, sum: value.sum };
    }),
  );
}

/** All known values in the wanted format. */
export function expose(registry: MetricsRegistry, options: ExpositionOptions): string {
  if (options.format !== 'json') return text(registry, options);
  const shown = registry.entries().filter(([metric]) => isSelected(metric, options));
  const metrics = Object.fromEntries(shown.map(([metric, value]) => [metric.id, value]));
  const series = seriesRows(registry, options.selection);
  return `${JSON.stringify({ schemaVersion: 1, ...options.labels, metrics, series })}\n`;
}
