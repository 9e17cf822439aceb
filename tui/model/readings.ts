/**
 * The reading that an alert’s rule watches, as it was over the span of charts. Made of the pictures and
 * figures that the screen keeps anyway: nobody is asked for it, and what no picture tells has no line.
 */
import type { AlertExplainResponse, AlertRow, NodeRow, StatusResponse } from '../feed/wire.ts';
import { answerOf } from './lists.ts';
import { keptStatuses, type MetricUnit, type Sample } from './metrics.ts';
import type { Model } from './model.ts';
import { shown } from './selectors.ts';
import type { TracePoint } from './trace.ts';

export interface Reading {
  /** As conditions call it. */
  readonly name: string;
  readonly unit: MetricUnit;
  /** Full height of a line of it where that is given by its nature. */
  readonly top: number | null;
  /** The value beyond which the rule holds, as the samples count; null where it is no plain number. */
  readonly bound: number | null;
  /** The rule watches for small values: the least of a slice is its worst. */
  readonly isLowBad: boolean;
  /** Oldest first, at least one. */
  readonly samples: readonly Sample[];
}

interface Source {
  readonly top?: number;
  /** Else a number. */
  readonly unit?: MetricUnit;
  /** Of the figures that reach back to before the screen was opened; else of the kept pictures. */
  readonly traced?: (point: TracePoint) => number | null;
  readonly node?: (row: NodeRow) => number | null | undefined;
  readonly cluster?: (status: StatusResponse) => number | null;
  /** Conditions count it in something else than the samples do: no number of theirs is a bound here. */
  readonly isOther?: true;
}

const isAlive = ({ liveness }: NodeRow): boolean => liveness === 'alive';
const yes = (holds: boolean): number => (holds ? 1 : 0);

/** Lag is in entries here and in bytes in rules: the curve is the same. */
const SOURCES: Readonly<Record<string, Source>> = {
  cpu_usage: { top: 1, unit: 'ratio', traced: (p) => p.cpu },
  sync_lag: { isOther: true, traced: (p) => p.lag },
  applied_index: { traced: (p) => p.applied },
  node_up: { top: 1, node: (r) => yes(r.liveness !== 'dead') },
  memory_usage: { top: 1, unit: 'ratio', node: (r) => r.memory_usage },
  disk_usage: { top: 1, unit: 'ratio', node: (r) => r.disk_usage },
  active_connections: { node: (r) => r.active_connections },
  query_latency_p95: { unit: 'ms', node: (r) => r.query_latency_p95_ms },
  queries_per_second: { node: (r) => r.queries_per_second },
  error_rate: { top: 1, unit: 'ratio', node: (r) => r.error_rate },
  event_loop_lag: { unit: 'ms', node: (r) => r.event_loop_lag_ms },
  fsync: { unit: 'ms', node: (r) => r.fsync_ms },
  commit_latency: { unit: 'ms', node: (r) => r.commit_latency_p95_ms },
  clock_offset: { unit: 'ms', node: (r) => (r.clock_offset_ms == null ? null : Math.abs(r.clock_offset_ms)) },
  uptime: { unit: 'ms', node: (r) => r.uptime_ms },
  current_term: { node: (r) => r.term },
  leader_count: { top: 1, cluster: (s) => yes(s.raft.leader_id !== null) },
  node_count: { cluster: (s) => s.nodes.length },
  total_nodes: { cluster: (s) => s.nodes.length },
  healthy_nodes: { cluster: (s) => s.nodes.filter((r) => isAlive(r) && r.health !== 'UNHEALTHY').length },
  alerts_firing: { cluster: (s) => s.alerts.firing },
  config_version: { cluster: (s) => s.config.version },
  commit_index: { cluster: (s) => s.raft.commit_index },
};

/** The first reading of a condition that the screen knows of, e.g. `disk_usage` of `disk_usage > 0.8`. */
function nameIn(condition: string): string | undefined {
  return condition.match(/[a-z][a-z0-9_]*/g)?.find((word) => Object.hasOwn(SOURCES, word));
}

/** `node_up == 0`, `healthy_nodes < 3`. */
function isLowBad(condition: string, name: string): boolean {
  return new RegExp(`\\b${name}\\s*(<|==\\s*0\\b)`).test(condition);
}

/** What a number of a condition is in the unit of samples; bytes are none that the screen has samples of. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ...([
    ['', 1],
    ['/s', 1],
    ['%', 1 / 100],
  ] as const),
  ...([
    ['ms', 1],
    ['s', 1000],
    ['m', 60_000],
    ['h', 3_600_000],
    ['d', 86_400_000],
  ] as const),
]);
const COMPARISON = /^\s*([a-z][a-z0-9_]*)\s*(?:>=?|<=?)\s*(\d+(?:\.\d+)?)\s*([a-z%/]*)\s*$/i;

/** Where a rule with this condition fires for this reading alone; null = it needs more than that. */
export function boundIn(condition: string, name: string): number | null {
  // a part between brackets may be one that the rest of them takes back
  if (condition.includes('(')) return null;
  const bounds = condition.split(/\bor\b/).flatMap((part) => {
    const [, reading, number, unit = ''] = COMPARISON.exec(part) ?? [];
    const factor = UNITS.get(unit);
    return reading === name && factor !== undefined ? [Number(number) * factor] : [];
  });
  return bounds.length === 0 ? null : Math.min(...bounds);
}

/** The bound that alerts which are listed and rules which were explained give a reading. */
export function boundOf(model: Model, name: string): number | null {
  const { alerts, answers } = shown(model);
  const explained = Object.entries(answers).flatMap(([key, { value }]) =>
    key.startsWith('explain ') ? [(value as AlertExplainResponse | null)?.rule.condition] : [],
  );
  const conditions = [...alerts.map((a) => a.condition), ...explained];
  const bounds = conditions.flatMap((text) => (text === undefined ? [] : (boundIn(text, name) ?? [])));
  return bounds.length === 0 ? null : Math.min(...bounds);
}

/** Null where it is none that the screen has samples of. */
export function readingOf(model: Model, alert: AlertRow): Reading | null {
  const condition =
    alert.condition ?? answerOf(shown(model), 'explain', alert.rule)?.value?.rule.condition ?? '';
  const name = nameIn(condition);
  const source = name === undefined ? undefined : SOURCES[name];
  if (name === undefined || source === undefined) return null;
  const samples = samplesOf(model, alert.node_id, source).flatMap(({ at, value }) =>
    value == null || !Number.isFinite(value) ? [] : [{ at, value }],
  );
  if (samples.length === 0) return null;
  const { unit = 'count', top = null } = source;
  const bound = source.isOther === true ? null : boundIn(condition, name);
  return { name, unit, top, bound, isLowBad: isLowBad(condition, name), samples };
}

interface Told {
  readonly at: number;
  readonly value: number | null | undefined;
}

function samplesOf(model: Model, nodeId: string | null, { traced, node, cluster }: Source): readonly Told[] {
  const { now, spanMs, trace } = model;
  if (traced !== undefined) {
    const points = (trace[nodeId ?? ''] ?? []).filter((p) => p.at >= now - spanMs && p.at <= now);
    return points.map((p) => ({ at: p.at, value: traced(p) }));
  }
  const kept = keptStatuses(model);
  if (cluster !== undefined) return kept.map(({ at, status }) => ({ at, value: cluster(status) }));
  // from picture to picture a node nearly always keeps its place
  let place = 0;
  return kept.flatMap(({ at, status: { nodes } }) => {
    if (nodes[place]?.node_id !== nodeId) place = nodes.findIndex((r) => r.node_id === nodeId);
    const row = nodes[place];
    return row === undefined ? [] : [{ at, value: node?.(row) }];
  });
}
