/** Figures of each node over the last hour, for charts and for looking back: one point a refresh. */
import { LIMITS } from '../../src/base/index.ts';
import type { HistoryResponse, StatusResponse } from '../feed/wire.ts';

/** Wall ms of the feed's clock. */
type Wall = number;

export interface TracePoint {
  readonly at: Wall;
  readonly cpu: number | null;
  readonly lag: number | null;
  /** Index that the node had applied, or that it was known to hold. */
  readonly applied: number | null;
}

interface Timed {
  readonly at: Wall;
}

/** Oldest first, by node. */
export type Trace = Readonly<Record<string, readonly TracePoint[]>>;

const HOUR_MS = 3_600_000;

function most(nodes: number): number {
  return Math.max(60, Math.min(3600, Math.floor(LIMITS.screenTracePoints / Math.max(1, nodes))));
}

/** Points are kept as they come for this long, and behind it as many as the limit has for an hour. */
const RECENT_MS = 60_000;

/** The point that is no longer recent goes, unless it is a step behind the one kept before it. */
function thinned(points: readonly TracePoint[], now: Wall, stepMs: number): TracePoint[] {
  const first = points.findIndex((p) => p.at > now - HOUR_MS);
  const list = points.slice(first === -1 ? points.length : first);
  let aged = list.length - 1;
  while (aged >= 0 && (list[aged]?.at ?? 0) >= now - RECENT_MS) aged--;
  const [kept, point] = [list[aged - 1], list[aged]];
  if (kept !== undefined && point !== undefined && point.at - kept.at < stepMs * 0.9) list.splice(aged, 1);
  return list;
}

/** One point more for each node of the status. */
export function addToTrace(trace: Trace, status: StatusResponse, now: Wall): Trace {
  const next: Record<string, readonly TracePoint[]> = {};
  const stepMs = HOUR_MS / most(status.nodes.length);
  for (const row of status.nodes) {
    const { cpu_usage: cpu, lag_entries: lag, match_index: applied } = row;
    // one copy of each list a second and no more: there may be a thousand
    const list = thinned(trace[row.node_id] ?? [], now, stepMs);
    list.push({ at: now, cpu, lag, applied });
    next[row.node_id] = list;
  }
  return next;
}

/** What the cluster remembers from before this screen was opened. */
export function fillTrace(trace: Trace, history: HistoryResponse): Trace {
  const past: Record<string, TracePoint[]> = {};
  for (const p of history.points) {
    const list = past[p.node_id] ?? [];
    past[p.node_id] = list;
    // whoever said nothing of itself is given as 0
    const applied = p.lag_entries === null && p.applied_index === 0 ? null : p.applied_index;
    list.push({ at: Date.parse(p.at), cpu: p.cpu_usage, lag: p.lag_entries, applied });
  }
  const next: Record<string, readonly TracePoint[]> = { ...trace };
  for (const [node, points] of Object.entries(past)) {
    const own = trace[node] ?? [];
    const before = own[0]?.at ?? Number.POSITIVE_INFINITY;
    // an hour in steps, and behind it a minute of seconds
    const bound = most(Object.keys(past).length) + RECENT_MS / 1000;
    next[node] = [...points.filter((p) => p.at < before), ...own].slice(-bound);
  }
  return next;
}

/** A figure stands until the next one is overdue, which is later where many nodes have few points, ms. */
export function holdMs(trace: Trace): number {
  return Math.max(15_000, (1.5 * HOUR_MS) / most(Object.keys(trace).length));
}

/** The newest point at or before `at`, if it is not older than `within`. */
export function pointAt<P extends Timed>(points: readonly P[], at: Wall, within: number): P | null {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.at ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  const found = points[low - 1];
  return found !== undefined && at - found.at <= within ? found : null;
}

interface Span {
  readonly from: Wall;
  readonly to: Wall;
}

/**
 * The last `spanMs` in slices whose edges stay where they are while time goes on: no sample wanders from one
 * slice to the next, and what was drawn once keeps its height. It ends up to a slice later than `now`.
 */
export function slicedSpan(now: Wall, spanMs: number, slices: number): Span {
  const width = spanMs / slices;
  const to = Math.ceil(now / width) * width;
  return { from: to - spanMs, to };
}

/** `cells` values between `from` and `to`: the highest of each slice of time, null where there is none. */
export function resample<P extends Timed>(
  points: readonly P[],
  read: (point: P) => number | null,
  span: Span,
  cells: number,
): (number | null)[] {
  const out: (number | null)[] = Array.from({ length: cells }, () => null);
  const width = (span.to - span.from) / cells;
  for (const point of points) {
    if (point.at < span.from || point.at > span.to) continue;
    const at = Math.min(cells - 1, Math.floor((point.at - span.from) / width));
    const [value, highest] = [read(point), out[at] ?? null];
    out[at] = value === null || highest === null ? (value ?? highest) : Math.max(value, highest);
  }
  return held(out, points, span, read);
}

/** Where samples are further apart than cells a value holds until the next one is overdue. */
export function held<P extends Timed>(
  cells: readonly (number | null)[],
  points: readonly P[],
  span: Span,
  read: (point: P) => number | null,
): (number | null)[] {
  const steps = points.slice(1).map((p, i) => p.at - (points[i]?.at ?? p.at));
  const usual = steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0;
  const width = (span.to - span.from) / cells.length;
  return cells.map((value, i) => {
    if (value !== null) return value;
    const point = pointAt(points, span.from + i * width, usual * 2.5);
    return point === null ? null : read(point);
  });
}

/** Entries applied a second in each slice of time, from the growth between neighbours. */
export function ratesOf(points: readonly TracePoint[]): readonly TracePoint[] {
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    if (before === undefined || before.applied === null || point.applied === null) return [];
    const seconds = (point.at - before.at) / 1000;
    return seconds <= 0
      ? []
      : [{ ...point, applied: Math.max(0, (point.applied - before.applied) / seconds) }];
  });
}

/** Between two indexes that are further apart it is not known when it grew. */
const GROWTH_GAP_MS = 60_000;

/** Entries applied a second in each of `cells` slices: what the index grew in it; null where nobody knows. */
export function growth(points: readonly TracePoint[], span: Span, cells: number): readonly (number | null)[] {
  const grown: number[] = Array.from({ length: cells }, () => 0);
  const known: number[] = Array.from({ length: cells }, () => 0);
  const width = (span.to - span.from) / cells;
  const list = points.filter((p) => p.applied !== null);
  for (const [i, { at: to, applied }] of list.entries()) {
    const before = list[i - 1];
    if (before === undefined || to <= before.at || to - before.at > GROWTH_GAP_MS) continue;
    const perMs = Math.max(0, (applied ?? 0) - (before.applied ?? 0)) / (to - before.at);
    const first = Math.max(0, Math.floor((before.at - span.from) / width));
    for (let c = first; c < cells && span.from + c * width < to; c++) {
      const start = Math.max(before.at, span.from + c * width);
      const part = Math.min(to, span.from + (c + 1) * width) - start;
      if (part <= 0) continue;
      grown[c] = (grown[c] ?? 0) + perMs * part;
      known[c] = (known[c] ?? 0) + part;
    }
  }
  return grown.map((entries, c) => {
    const ms = known[c] ?? 0;
    return ms === 0 ? null : (entries / ms) * 1000;
  });
}
