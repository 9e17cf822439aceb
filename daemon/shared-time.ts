/**
 * The wall time by which a leader judges what is over: pause, maintenance, drains, silences. Their ends were
 * set by the clock of whoever led then, and nobody shall end them early because the clock of whoever leads
 * now is ahead. So a clock that is ahead of most voters counts for as much less, one that is behind or alone
 * counts as it is, and a clock that is set while it runs is not followed before the others were compared
 * with it anew. What is wrong is late by this, never early, as long as most clocks are right.
 */
import type { Duration, Instant, Timestamp } from '../src/base/index.ts';

/** A clock that goes by more than this against the monotonic one was set; a smaller difference is delay. */
const TOLERANCE_MS = 1000;
/** Comparisons forget a clock of before in this time (clock-offsets.ts). */
const COMPARED_ANEW_MS = 65_000;

/** By how much most clocks are behind this one, the earlier half where they are two halves. */
export function aheadOfMost(aheadMs: readonly Duration[]): Duration {
  const sorted = [0, ...aheadMs].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return middle < TOLERANCE_MS ? 0 : middle;
}

interface Reading {
  readonly wall: Timestamp;
  readonly at: Instant;
}

export class SharedTime {
  #last: Reading | null = null;
  /** What was read before the clock was set, and since when it is the one of now. */
  #before: (Reading & { readonly until: Instant }) | null = null;

  /** To be told often of both clocks: that the wall clock was set shows between two readings. */
  note({ wall, at }: Reading, aheadMs: () => readonly Duration[]): void {
    const last = this.#last;
    if (this.#before !== null && at >= this.#before.until) this.#before = null;
    if (last !== null && Math.abs(wall - last.wall - (at - last.at)) > TOLERANCE_MS) {
      const sound = this.#before ?? { wall: last.wall - aheadOfMost(aheadMs()), at: last.at };
      this.#before = { ...sound, until: at + COMPARED_ANEW_MS };
    }
    this.#last = { wall, at };
  }

  read(reading: Reading, aheadMs: readonly Duration[]): Timestamp {
    this.note(reading, () => aheadMs);
    if (this.#before !== null) return this.#before.wall + (reading.at - this.#before.at);
    return reading.wall - aheadOfMost(aheadMs);
  }
}

/** A leader that has not heard enough clocks waits so long for them, then it goes by what it has. */
const WAIT_FOR_CLOCKS_MS = 60_000;

/** Whether enough voters' clocks are known to say what is over: a majority, this one included. */
export function knowsTime(voters: number, known: number, leadingMs: Duration): boolean {
  return known + 1 > voters / 2 || leadingMs >= WAIT_FOR_CLOCKS_MS;
}
