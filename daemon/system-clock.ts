/**
 * The real clock. `now` is CLOCK_MONOTONIC, which stops while a machine is
 * suspended: it measures and never proves that no time has passed. Wake-ups use one
 * timer each; the caller must not decide anything in the callback before queued
 * input was read (a 2 s stall fires the timer first, measured on Node 26).
 */
import type { Cancel, Clock } from '../src/base/index.ts';

/** `setTimeout` counts in whole ms and truncates, so the last fraction is rounded up: never early. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  wakeAt(at, fn): Cancel {
    if (at === Number.POSITIVE_INFINITY) return () => {};
    const delay = Math.min(Math.max(0, Math.ceil(at - performance.now())), 0x7fffffff);
    const timer = setTimeout(fn, delay);
    return () => clearTimeout(timer);
  },
};
