/**
 * What a node saw of the cluster's availability over its restarts: time with and without service in slices of
 * wall time, fed with the totals that `Availability` counts since the start. While the daemon is down nobody
 * counts. Time is handed in. A wall clock that jumps moves time into another slice and changes no sum.
 */
import type { Duration, Timestamp } from '../base/index.ts';
import type { Span } from './availability.ts';

/** What the cluster promises itself; the rest is the error budget. */
const OBJECTIVE = 0.9999;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BUDGET_WINDOW_MS = 30 * DAY_MS;
/** The newest day is kept in slices this long, what is older in hours. */
const SLICE_MS = 600_000;

/** Longest last: the budget's. */
const WINDOWS: readonly (readonly [name: string, ms: Duration])[] = [
  ['1h', HOUR_MS],
  ['24h', DAY_MS],
  ['30d', BUDGET_WINDOW_MS],
];

/** From `at` on, for as long as the slices of its age are. */
export interface AvailabilitySlice extends Span {
  readonly at: Timestamp;
}

export interface AvailabilityWindows {
  /** The last hour, day and 30 days, as far as the node was there to see them. */
  readonly windows: readonly (Span & { readonly name: string })[];
  /** What may still fail in this 30-day window against 99.99 %; below 0 = overspent. */
  readonly budgetMs: Duration;
}

export class AvailabilityHistory {
  #slices: readonly AvailabilitySlice[];
  #last: Span = { observedMs: 0, servingMs: 0 };

  /** `slices`: of the starts before. */
  constructor(slices: readonly AvailabilitySlice[] = []) {
    this.#slices = slices;
  }

  /** Oldest first; for the next start. */
  get slices(): readonly AvailabilitySlice[] {
    return this.#slices;
  }

  /** Takes the newest totals since this start. Service that turns out to have been none is taken back. */
  observe({ observedMs, servingMs }: Span, now: Timestamp): void {
    const grown = {
      observedMs: observedMs - this.#last.observedMs,
      servingMs: servingMs - this.#last.servingMs,
    };
    this.#last = { observedMs, servingMs };
    const at = floor(now, SLICE_MS);
    const open = this.#slices.at(-1);
    if (open?.at === at) {
      this.#slices = [...this.#slices.slice(0, -1), { at, ...total([open, grown]) }];
      return;
    }
    this.#slices = [...thinned(this.#slices, now), { at, ...grown }];
  }

  report(now: Timestamp): AvailabilityWindows {
    const windows = WINDOWS.map(([name, ms]) => {
      const first = floor(now - ms, SLICE_MS);
      return { name, ...total(this.#slices.filter(({ at }) => at >= first)) };
    });
    const { observedMs, servingMs } = windows.at(-1) ?? { observedMs: 0, servingMs: 0 };
    return { windows, budgetMs: BUDGET_WINDOW_MS * (1 - OBJECTIVE) - (observedMs - servingMs) };
  }
}

function floor(at: Timestamp, sliceMs: Duration): Timestamp {
  return Math.floor(at / sliceMs) * sliceMs;
}

/** Without what is older than the longest window; what is older than a day in hours. */
function thinned(slices: readonly AvailabilitySlice[], now: Timestamp): AvailabilitySlice[] {
  const kept = new Map<Timestamp, AvailabilitySlice>();
  for (const slice of slices) {
    if (slice.at < floor(now - BUDGET_WINDOW_MS, HOUR_MS)) continue;
    const at = slice.at < floor(now - DAY_MS, HOUR_MS) ? floor(slice.at, HOUR_MS) : slice.at;
    const before = kept.get(at);
    kept.set(at, before === undefined ? { ...slice, at } : { at, ...total([before, slice]) });
  }
  return [...kept.values()];
}

function total(spans: readonly Span[]): Span {
  return {
    observedMs: spans.reduce((sum, s) => sum + s.observedMs, 0),
    servingMs: spans.reduce((sum, s) => sum + s.servingMs, 0),
  };
}
