/**
 * The share of time in which the cluster could serve, as one node sees it: it knew a leader, and the leader
 * had a majority. A lost leader is noticed late, so the time without one begins with the newest evidence of
 * service, not with the notice. Time in which this node itself stood still (a stopped process, a machine
 * asleep) says nothing of the cluster: it counts neither way. Time is handed in.
 */
import type { Duration, Instant } from '../base/index.ts';

/** What the cluster promises itself; the rest is the error budget. */
const OBJECTIVE = 0.9999;
const DAY_MS = 86_400_000;
const BUDGET_WINDOW_MS = 30 * DAY_MS;
/** Windows are made of slices this long; they are kept for the longest window. */
const SLICE_MS = 600_000;
/** Looks come once a second and with every change; whoever has not looked for so long stood still. */
const STALL_MS = 3000;
/** A node that starts has not heard of the leader yet: so long nobody is blamed. */
const GRACE_MS = 3000;

/** Longest last: the budget's. */
const WINDOWS: readonly (readonly [name: string, ms: Duration])[] = [
  ['1h', 3_600_000],
  ['24h', DAY_MS],
  ['30d', BUDGET_WINDOW_MS],
];

export interface Span {
  readonly observedMs: Duration;
  readonly servingMs: Duration;
}

export interface AvailabilityReport extends Span {
  /** In which this node stood still; in no other figure. */
  readonly unobservedMs: Duration;
  /** The same in the last hour, day and 30 days, as far as this process goes back. */
  readonly windows: readonly (Span & { readonly name: string })[];
  /** What may still fail in this 30-day window against 99.99 %; below 0 = overspent. */
  readonly budgetMs: Duration;
}

interface Slice {
  readonly number: number;
  observedMs: Duration;
  servingMs: Duration;
}

/** 0–1; 1 before anything was observed: nothing has failed yet. */
export function ratioOf({ observedMs, servingMs }: Span): number {
  return observedMs === 0 ? 1 : servingMs / observedMs;
}

export class Availability {
  #slices: Slice[] = [];
  #observedMs: Duration = 0;
  #servingMs: Duration = 0;
  #unobservedMs: Duration = 0;
  #firstLook: Instant | null = null;
  /** Before it everything is booked; null before the count has begun. */
  #booked: Instant | null = null;
  #lastLook: Instant = 0;
  #isServing = false;

  /**
   * Says how it is at `now`; `evidenceAt` is when service was last seen (a word of the leader, answers of a
   * majority), null = never by this node.
   */
  observe(isServing: boolean, evidenceAt: Instant | null, now: Instant): void {
    this.#firstLook ??= now;
    if (this.#booked === null) {
      if (!isServing && now - this.#firstLook < GRACE_MS) return;
      this.#booked = isServing ? now : this.#firstLook;
      this.#lastLook = now;
    }
    if (now - this.#lastLook > STALL_MS) this.#skip(now);
    const seen = Math.min(now, Math.max(evidenceAt ?? 0, this.#booked));
    if (this.#isServing) this.#book(seen, true);
    if (!isServing || !this.#isServing) this.#book(now, false);
    this.#isServing = isServing;
    this.#lastLook = now;
  }

  /** Until the newest evidence is missed, the time since then counts as service. */
  report(now: Instant): AvailabilityReport {
    const sinceBooked = this.#booked === null ? 0 : Math.max(0, now - this.#booked);
    const openMs = now - this.#lastLook > STALL_MS ? 0 : sinceBooked;
    const open = { observedMs: openMs, servingMs: this.#isServing ? openMs : 0 };
    const slices = this.#slices;
    const windows = WINDOWS.map(([name, ms]) => {
      const first = Math.floor((now - ms) / SLICE_MS);
      return { name, ...total([open, ...slices.filter((slice) => slice.number >= first)]) };
    });
    const { observedMs, servingMs } = windows.at(-1) ?? open;
    return {
      ...total([open, { observedMs: this.#observedMs, servingMs: this.#servingMs }]),
      unobservedMs: this.#unobservedMs,
      windows,
      budgetMs: BUDGET_WINDOW_MS * (1 - OBJECTIVE) - (observedMs - servingMs),
    };
  }

  /** What was the case until the last look stands; what came then nobody saw. */
  #skip(now: Instant): void {
    this.#book(this.#lastLook, this.#isServing);
    this.#unobservedMs += now - this.#lastLook;
    this.#booked = now;
  }

  #book(until: Instant, served: boolean): void {
    const from = this.#booked ?? until;
    if (until <= from) return;
    const ms = until - from;
    this.#booked = until;
    this.#observedMs += ms;
    if (served) this.#servingMs += ms;
    const number = Math.floor(until / SLICE_MS);
    let slice = this.#slices.at(-1);
    if (slice?.number !== number) {
      slice = { number, observedMs: 0, servingMs: 0 };
      const oldest = number - BUDGET_WINDOW_MS / SLICE_MS;
      this.#slices = [...this.#slices.filter((s) => s.number >= oldest), slice];
    }
    slice.observedMs += ms;
    if (served) slice.servingMs += ms;
  }
}

function total(spans: readonly Span[]): Span {
  return {
    observedMs: spans.reduce((sum, s) => sum + s.observedMs, 0),
    servingMs: spans.reduce((sum, s) => sum + s.servingMs, 0),
  };
}
