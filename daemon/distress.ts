/**
 * When a node should give leadership away, and when it must not go on: pure rules over
 * what the consensus thread measured. A leader whose disk hangs, whose loop lags or
 * whose state machine stands still leads nobody anywhere, however well its heartbeats go.
 */
import type { Duration } from '../src/base/index.ts';

/** An fdatasync that has not come back after this long: the disk hangs and the node must not stay. */
const DISK_HANG_MS = 10_000;
/**
 * A state machine that has applied nothing of what is committed for this long hangs too; a statement may
 * take 5 s.
 */
const APPLY_HANG_MS = 60_000;

export interface Vitals {
  /** Age of the oldest write that is not durable yet, ms; 0 = none. */
  readonly oldestWriteMs: Duration;
  /**
   * Time since the last applied entry while committed ones wait, ms; 0 = nothing waits, or a snapshot is
   * loading.
   */
  readonly applyStalledMs: Duration;
  /** The event loop was late in most of the last seconds. */
  readonly isLagging: boolean;
  readonly electionTimeoutMs: Duration;
}

/** A reason to hand leadership over, or null. */
export function distressOf(vitals: Vitals): string | null {
  const stallMs = Math.max(1000, 2 * vitals.electionTimeoutMs);
  if (vitals.oldestWriteMs > stallMs)
    return `disk write outstanding for ${Math.round(vitals.oldestWriteMs)} ms`;
  // an entry may carry a statement of seconds: five times the stall of a disk
  if (vitals.applyStalledMs > 5 * stallMs) {
    return `nothing applied for ${Math.round(vitals.applyStalledMs)} ms though entries are committed`;
  }
  return vitals.isLagging ? 'the event loop lags behind the election timeout' : null;
}

/** A reason to stop at once, or null. */
export function hangOf(vitals: Vitals): string | null {
  if (vitals.oldestWriteMs > DISK_HANG_MS) {
    return `a write has not come back for ${Math.round(vitals.oldestWriteMs)} ms`;
  }
  if (vitals.applyStalledMs > APPLY_HANG_MS) {
    return `nothing was applied for ${Math.round(vitals.applyStalledMs)} ms though entries are committed`;
  }
  return null;
}

/** Follows how far the state machine has come; `observe` answers how long it has stood still, ms. */
export class ApplyProgress {
  #applied = 0;
  #since = 0;

  observe(applied: number, committed: number, now: number): Duration {
    if (applied !== this.#applied || applied >= committed) {
      this.#applied = applied;
      this.#since = now;
    }
    return now - this.#since;
  }
}
