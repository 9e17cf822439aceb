/**
 * The catalogue in Prometheus' own language: how a metric is read there, one value a node or one a cluster,
 * and conditions of alert rules as expressions over them. What is recorded has a name of its own, by the
 * convention level:metric:operation.
 */
import type { Metric } from './catalogue.ts';
import { METRICS } from './catalogue.ts';
import type { Family } from './families.ts';
import { FAMILIES } from './families.ts';
import { exposedName } from './names.ts';

/** Over how much time rates and percentiles are taken: several scrapes, whatever the usual interval. */
const RATE_WINDOW = '5m';
const QUANTILES = [0.5, 0.95, 0.99] as const;

/** They only grow while a daemon lives: people want their rate. */
const CUMULATIVE: ReadonlySet<string> = new Set([
  ...['error_count', 'denied_count', 'heartbeat_count', 'disk_io_read', 'disk_io_write'],
  ...['leader_changes_total', 'query_errors_total'],
]);

export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export function isCumulative({ id }: Pick<Metric, 'id'>): boolean {
  return CUMULATIVE.has(id);
}

/** `p95` */
function percentile(quantile: number): string {
  return `p${quantile * 100}`;
}

function quantileRecordings(family: Family): Recording[] {
  const name = exposedName(family);
  const labels = ['cluster', 'node', ...(family.label === null ? [] : [family.label]), 'le'];
  const rate = `rate(${name}_bucket[${RATE_WINDOW}])`;
  return QUANTILES.map((quantile) => ({
    record: `node:${name}:${percentile(quantile)}`,
    expr: `histogram_quantile(${quantile}, sum by (${labels.join(', ')}) (${rate}))`,
  }));
}

/** Recorded names of a histogram's percentiles. */
export function quantileNames(family: Family): readonly { readonly name: string; readonly legend: string }[] {
  return QUANTILES.map((quantile) => ({
    name: `node:${exposedName(family)}:${percentile(quantile)}`,
    legend: percentile(quantile),
  }));
}

/** Of the views that nodes have of their cluster the best informed one: a node that is cut off sees less. */
function clusterRecording(metric: Metric): Recording {
  const name = exposedName(metric);
  return { record: `cluster:${name}:max`, expr: `max by (cluster) (${name})` };
}

/** What a server that scrapes every second and one that does so each minute can agree on. */
const ERROR_RATIO: Recording = {
  record: `node:sqlcc_error_rate:rate${RATE_WINDOW}`,
  expr:
    `sum by (cluster, node) (rate(sqlcc_query_errors_total[${RATE_WINDOW}])) / ` +
    `sum by (cluster, node) (rate(sqlcc_query_latency_seconds_count[${RATE_WINDOW}]))`,
};

/** Everything that is recorded, in the order of the catalogue. */
export function recordings(): Recording[] {
  return [
    ...METRICS.filter((m) => m.group === 'cluster').map(clusterRecording),
    ERROR_RATIO,
    ...FAMILIES.filter((f) => f.kind === 'histogram').flatMap(quantileRecordings),
  ];
}

/** Percentiles that conditions know as values: id → family and quantile. */
const AS_QUANTILE: Readonly<Record<string, string>> = {
  query_latency_p50: 'node:sqlcc_query_latency_seconds:p50',
  query_latency_p95: 'node:sqlcc_query_latency_seconds:p95',
  query_latency_p99: 'node:sqlcc_query_latency_seconds:p99',
  event_loop_lag: 'max by (cluster, node) (node:sqlcc_event_loop_lag_seconds:p99)',
  fsync: 'node:sqlcc_fsync_seconds:p99',
};

interface Reading {
  readonly scope: 'cluster' | 'node';
  readonly expr: string;
}

/** How a condition's identifier is read; undefined for a name that is no metric. */
function readingOf(id: string): Reading | undefined {
  const quantile = AS_QUANTILE[id];
  if (quantile !== undefined) return { scope: 'node', expr: quantile };
  if (id === 'error_rate') return { scope: 'node', expr: ERROR_RATIO.record };
  const metric = METRICS.find((m) => m.id === id);
  if (metric === undefined) return undefined;
  if (metric.group === 'cluster') return { scope: 'cluster', expr: clusterRecording(metric).record };
  return { scope: 'node', expr: `max by (cluster, node) (${exposedName(metric)})` };
}

/** Factors to the units of `/metrics`: seconds, bytes, ratios. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, '%': 0.01 },
  ...{ B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
};

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)([a-zA-Z%]*)(?:\/s)?|([a-z_][a-z0-9_]*)|([<>=!]=|[-+*/()<>]))/y;
const WORDS: ReadonlySet<string> = new Set(['and', 'or']);

/**
 * A rule's condition as PromQL; null where PromQL says it otherwise or not at all (`not`, a reading of nodes
 * compared with one of the cluster, a name that is no metric).
 */
export function promqlOf(condition: string): string | null {
  const words: string[] = [];
  const scopes = new Set<string>();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < condition.trimEnd().length) {
    const match = TOKEN.exec(condition);
    if (match === null) return null;
    const [, number, unit = '', name, sign] = match;
    if (number !== undefined) {
      const factor = unit === '' ? 1 : UNITS[unit];
      if (factor === undefined) return null;
      words.push(String(Number((Number(number) * factor).toPrecision(15))));
    } else if (name !== undefined && !WORDS.has(name)) {
      const reading = readingOf(name);
      if (reading === undefined) return null;
      scopes.add(reading.scope);
      words.push(reading.expr);
    } else {
      words.push(name ?? sign ?? '');
    }
  }
  return scopes.size === 1 ? words.join(' ') : null;
}
