/**
 * Two clocks that must not mix. An `Instant` is monotonic and means nothing on
 * another machine or after a restart; it measures. A `Timestamp` is wall time; it
 * is for people and never decides.
 */
import type { Flavor } from './flavor.ts';

/** Monotonic milliseconds, fractions allowed; the origin is the process's own. */
export type Instant = Flavor<number, 'Instant'>;
/** Milliseconds since 1970 UTC, as the wall clock said. */
export type Timestamp = Flavor<number, 'Timestamp'>;
/** A length of time in milliseconds. */
export type Duration = Flavor<number, 'Duration'>;

/** `never` as a wake-up: the core has nothing planned. */
export const NEVER: Instant = Number.POSITIVE_INFINITY;

/** `instant` moved by `ms`. */
export function plus(instant: Instant, ms: Duration): Instant {
  return instant + ms;
}

/** How long ago `past` was at `now`, in ms; never negative. */
export function elapsed(past: Instant, now: Instant): Duration {
  return now > past ? now - past : 0;
}
