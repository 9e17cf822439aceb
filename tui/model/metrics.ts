/**
 * Figures of one node over the span that charts show: the present value, the least, p99, the most, and the
 * samples. Made of what the screen has: the figures of the last hour (cpu, lag, applied; also of before it
 * was opened) and the rows of the pictures that it recorded.
 */
import type { NodeRow, StatusResponse } from '../feed/wire.ts';
import type { Model, Wall } from './model.ts';
import { shown } from './selectors.ts';
import { holdMs, ratesOf, type TracePoint } from './trace.ts';

export interface Sample {
  readonly at: Wall;
  readonly value: number;
}

export type MetricUnit = 'ratio' | 'count' | 'ms';

export interface Metric {
  readonly name: string;
  readonly unit: MetricUnit;
  /** At the shown second; null = not told. */
  readonly now: number | null;
  /** Null where nobody recorded a sample. */
  readonly min: number | null;
  /** Nearest rank: the least value that 99 of 100 samples do not exceed. */
  readonly p99: number | null;
  readonly max: number | null;
  /** Oldest first. */
  readonly samples: readonly Sample[];
}

interface Source {
  readonly name: string;
  readonly unit: MetricUnit;
  /** From the trace, where it has this figure; else `row` is read from the recorded pictures. */
  readonly traced?: (point: TracePoint) => number | null;
  readonly row: (row: NodeRow) => number | null | undefined;
}

/** What others measure of a node: once it is dead that is of before. */
function ofLiving(read: Source['row']): Source['row'] {
  return (row) => (row.liveness === 'dead' ? null : read(row));
}

/** The most telling first: small screens show the upper ones. */
const SOURCES: readonly Source[] = [
  { name: 'cpu %', unit: 'ratio', traced: (p) => p.cpu, row: (r) => r.cpu_usage },
  { name: 'lag', unit: 'count', traced: (p) => p.lag, row: ofLiving((r) => r.lag_entries) },
  { name: 'fsync ms', unit: 'ms', row: (r) => r.fsync_ms },
  { name: 'commit ms', unit: 'ms', row: (r) => r.commit_latency_p95_ms },
  { name: 'query ms', unit: 'ms', row: (r) => r.query_latency_p95_ms },
  { name: 'queries/s', unit: 'count', row: (r) => r.queries_per_second },
  { name: 'errors %', unit: 'ratio', row: (r) => r.error_rate },
  { name: 'stall ms', unit: 'ms', row: (r) => r.event_loop_lag_ms },
  { name: 'RTT ms', unit: 'ms', row: ofLiving((r) => r.rtt_ms || null) },
  { name: 'memory %', unit: 'ratio', row: (r) => r.memory_usage },
  { name: 'disk %', unit: 'ratio', row: (r) => r.disk_usage },
  { name: 'clients', unit: 'count', row: (r) => r.active_connections },
];
const APPLIED = 'applied/s';

interface Memo {
  readonly key: readonly unknown[];
  readonly metrics: readonly Metric[];
}
/** The last answer: most frames change neither samples nor span. */
let memo: Memo | null = null;

/** Every figure of which there is a sample or a present value, over the `spanMs` before now. */
export function metricsOf(model: Model, nodeId: string): readonly Metric[] {
  const { status } = shown(model);
  const { now, spanMs, record, trace } = model;
  const key = [nodeId, now, spanMs, record, trace, status];
  if (memo !== null && key.every((part, i) => part === memo?.key[i])) return memo.metrics;
  const from = now - spanMs;
  const points = (trace[nodeId] ?? []).filter((p) => p.at >= from && p.at <= now);
  const present = status?.nodes.find((n) => n.node_id === nodeId);
  const all = keptStatuses(model).flatMap(({ at, status: { nodes } }) => {
    const row = nodes.find((n) => n.node_id === nodeId);
    return row === undefined ? [] : [{ at, row }];
  });
  const metrics = SOURCES.map((source): Metric => {
    const { traced } = source;
    const samples =
      traced === undefined
        ? told(all, ({ at, row }) => [at, source.row(row)])
        : told(points, (point) => [point.at, traced(point)]);
    return metricOf(source, present === undefined ? null : (source.row(present) ?? null), samples);
  });
  const rates = told(ratesOf(points), (point) => [point.at, point.applied]);
  const applied = metricOf({ name: APPLIED, unit: 'count' }, appliedNow(model, nodeId), rates);
  const known = metrics.toSpliced(2, 0, applied).filter((m) => m.now !== null || m.samples.length > 0);
  memo = { key, metrics: known };
  return known;
}

/** Entries that it applies a second; null of who is dead or fell silent: it applies nobody knows what. */
export function appliedNow(model: Model, nodeId: string): number | null {
  const row = shown(model).status?.nodes.find((n) => n.node_id === nodeId);
  if (row?.liveness === 'dead') return null;
  const { now, refreshMs, trace } = model;
  const points = trace[nodeId] ?? [];
  const last = points.findLast((p) => p.at <= now && p.applied !== null);
  const before = points.findLast((p) => last !== undefined && p.at < last.at && p.applied !== null);
  if (before === undefined || last === undefined) return null;
  // points of before this screen was opened may be further apart than pictures are
  const step = Math.max(refreshMs, 1000, Math.min(last.at - before.at, holdMs(trace)));
  return now - last.at <= 2 * step ? (ratesOf([before, last])[0]?.applied ?? null) : null;
}

interface Kept {
  readonly at: Wall;
  readonly status: StatusResponse;
}
/** The last answer: a list of alerts asks once a row. */
let lastKept: { readonly key: readonly unknown[]; readonly kept: readonly Kept[] } | null = null;

/** The kept pictures of the span, oldest first, and behind them the shown one. */
export function keptStatuses(model: Model): readonly Kept[] {
  const { status, statusAt } = shown(model);
  const { now, spanMs, record } = model;
  const key = [status, statusAt, now, spanMs, record];
  if (lastKept !== null && key.every((part, i) => part === lastKept?.key[i])) return lastKept.kept;
  const until = Math.min(now, statusAt - 1);
  const recorded = record.flatMap(({ at, picture }) =>
    at < now - spanMs || at > until || picture.status === null ? [] : [{ at, status: picture.status }],
  );
  const kept = status === null ? recorded : [...recorded, { at: Math.min(statusAt, now), status }];
  lastKept = { key, kept };
  return kept;
}

function told<T>(
  list: readonly T[],
  read: (item: T) => readonly [Wall, number | null | undefined],
): readonly Sample[] {
  return list.flatMap((item) => {
    const [at, value] = read(item);
    return value == null || !Number.isFinite(value) ? [] : [{ at, value }];
  });
}

function metricOf(
  { name, unit }: Pick<Source, 'name' | 'unit'>,
  now: number | null,
  samples: readonly Sample[],
): Metric {
  const sorted = Float64Array.from(samples, (s) => s.value).sort();
  const rank = (share: number): number | null => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  return { name, unit, now, min: sorted[0] ?? null, p99: rank(0.99), max: sorted.at(-1) ?? null, samples };
}

/** The lowest sample in each slice: for a rule that watches for small values. */
export function lows(
  samples: readonly Sample[],
  span: { readonly from: Wall; readonly to: Wall },
  cells: number,
): readonly (number | null)[] {
  const turned = samples.map(({ at, value }) => ({ at, value: -value }));
  return peaks(turned, span, cells).map((v) => (v === null ? null : Math.abs(v)));
}

/** The highest sample in each of `cells` slices of the time from `from` to `to`; null where there is none. */
export function peaks(
  samples: readonly Sample[],
  span: { readonly from: Wall; readonly to: Wall },
  cells: number,
): readonly (number | null)[] {
  const out: (number | null)[] = Array.from({ length: cells }, () => null);
  const width = (span.to - span.from) / cells;
  for (const { at, value } of samples) {
    const i = Math.min(cells - 1, Math.floor((at - span.from) / width));
    if (i >= 0) out[i] = Math.max(out[i] ?? value, value);
  }
  return out;
}
