/**
 * Registry → text for Prometheus and OpenMetrics, or JSON. Formats: the text format 0.0.4 and OpenMetrics
 * 1.0.
 */
import type { Metric, MetricGroup } from './catalogue.ts';
import { exposedName, isExposed, kindOf, QUERY_LATENCY } from './catalogue.ts';
import type { HistogramSnapshot } from './histogram.ts';
import type { MetricsRegistry } from './registry.ts';

export type ExpositionFormat = 'prometheus' | 'openmetrics' | 'json';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  json: 'application/json',
};

export interface ExpositionOptions {
  readonly format: ExpositionFormat;
  /** On every series: `cluster` and `node`. */
  readonly labels: Readonly<Record<string, string>>;
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

function series(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}{${pairs.join(',')}} ${value}`;
}

function isSelected(metric: Metric, { selection }: ExpositionOptions): boolean {
  const names = selection[metric.group];
  return names === null || names.includes(metric.id);
}

function head(name: string, kind: string, help: string): string[] {
  return [`# HELP ${name} ${help.replaceAll('\\', '\\\\')}`, `# TYPE ${name} ${kind}`];
}

function histogram(snapshot: HistogramSnapshot, options: ExpositionOptions): string[] {
  const { name, help } = QUERY_LATENCY;
  const buckets = snapshot.bounds.map((bound, n) => {
    const labels = { ...options.labels, le: String(bound) };
    return series(`${name}_bucket`, labels, snapshot.cumulative[n] ?? 0);
  });
  return [
    ...head(name, 'histogram', help),
    ...buckets,
    series(`${name}_bucket`, { ...options.labels, le: '+Inf' }, snapshot.count),
    series(`${name}_sum`, options.labels, snapshot.sum),
    series(`${name}_count`, options.labels, snapshot.count),
  ];
}

function text(registry: MetricsRegistry, options: ExpositionOptions): string {
  const open = options.format === 'openmetrics';
  const lines = registry.entries().flatMap(([metric, value]) => {
    if (!isExposed(metric) || !isSelected(metric, options)) return [];
    const name = exposedName(metric);
    const kind = open && kindOf(metric) === 'untyped' ? 'unknown' : kindOf(metric);
    return [...head(name, kind, metric.help), series(name, options.labels, value)];
  });
  const latency = options.selection.node === null || options.selection.node.includes('query_latency');
  return [
    ...lines,
    ...(latency ? histogram(registry.queryLatency, options) : []),
    ...head('sqlcc_build_info', 'gauge', 'Version of the daemon; always 1'),
    series('sqlcc_build_info', { ...options.labels, version: options.version }, 1),
    ...(open ? ['# EOF'] : []),
    '',
  ].join('\n');
}

/** All known values in the wanted format. */
export function expose(registry: MetricsRegistry, options: ExpositionOptions): string {
  if (options.format !== 'json') return text(registry, options);
  const shown = registry.entries().filter(([metric]) => isSelected(metric, options));
  const metrics = Object.fromEntries(shown.map(([metric, value]) => [metric.id, value]));
  return `${JSON.stringify({ schemaVersion: 1, ...options.labels, metrics })}\n`;
}
