/**
 * The share of time in which the cluster could serve, as one node sees it: it knew a leader, and the leader
 * had a majority. A lost leader is noticed late, so the time without one begins with the newest evidence of
 * service, not with the notice. Time in which this node itself stood still (a stopped process, a machine
 * asleep) says nothing of the cluster: it counts neither way. Time is handed in.
 */
import type { Duration, Instant } from '../base/index.ts';

/** Looks come once a second and with every change; whoever has not looked for so long stood still. */
const STALL_MS = 3000;
/** A node that starts has not heard of the leader yet: so long nobody is blamed. */
const GRACE_MS = 3000;

export interface Span {
  readonly observedMs: Duration;
  readonly servingMs: Duration;
}

/** Since the start. */
export interface AvailabilityReport extends Span {
  /** In which this node stood still; in no other figure. */
  readonly unobservedMs: Duration;
}

/** 0–1; 1 before anything was observed: nothing has failed yet. */
export function ratioOf({ observedMs, servingMs }: Span): number {
  return observedMs === 0 ? 1 : servingMs / observedMs;
}

export class Availability {
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
    return {
      observedMs: this.#observedMs + openMs,
      servingMs: this.#servingMs + (this.#isServing ? openMs : 0),
      unobservedMs: this.#unobservedMs,
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
  }
}
