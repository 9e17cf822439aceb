/**
 * Port `Clock`: the only source of time and of wake-ups for drivers. Real one in daemon, virtual one in
 * test/sim.
 */
import type { Instant, Timestamp } from './time.ts';

/** Cancels a planned wake-up; calling it twice or late is harmless. */
export type Cancel = () => void;

export interface Clock {
  /** Monotonic now. */
  now(): Instant;
  /** Wall now; may jump. */
  wall(): Timestamp;
  /**
   * Calls `fn` once at or after `at`. Input that was queued before `at` must be handled before `fn` decides
   * anything.
   */
  wakeAt(at: Instant, fn: () => void): Cancel;
}
