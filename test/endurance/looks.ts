/** How late event loops were over a span of time: two readings of the histogram that a node tells to scrapers. */

/** By thread: how often its loop was at most so late since the start of the process; cumulative. */
export type Looks = ReadonlyMap<string, readonly (readonly [mostMs: number, looks: number])[]>;

const BUCKET = /^sqlcc_event_loop_lag_seconds_bucket\{.*thread="(\w+)",le="([\d.]+|\+Inf)"\} (\d+)$/gm;

/** Of the text that Prometheus reads. */
export function looksIn(text: string): Looks {
  const found = new Map<string, [number, number][]>();
  for (const [, thread = '', le, count] of text.matchAll(BUCKET)) {
    const rows = found.get(thread) ?? [];
    found.set(thread, rows);
    rows.push([le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le) * 1000, Number(count)]);
  }
  return found;
}

/** 99th percentile in ms of the looks between two readings, in its bucket by proportion; NaN of none. */
export function p99Between(before: Looks, after: Looks, thread: string): number {
  const first = before.get(thread) ?? [];
  const rows = (after.get(thread) ?? []).map(([ms, n], i) => [ms, n - (first[i]?.[1] ?? 0)] as const);
  const rank = 0.99 * (rows.at(-1)?.[1] ?? 0);
  const at = rows.findIndex(([, n]) => n > 0 && n >= rank);
  const [most, upTo] = rows[at] ?? [Number.NaN, 0];
  const [least, below] = rows[at - 1] ?? [0, 0];
  return Number.isFinite(most) ? least + ((most - least) * (rank - below)) / (upTo - below) : most;
}
