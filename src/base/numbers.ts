/**
 * Counters of the protocols. All are safe integers that only grow; `2^53` at a
 * million a second lasts 285 years, so no bigints.
 */
import { assert } from './assert.ts';
import type { Flavor } from './flavor.ts';

/** Raft term; 0 = before the first election. */
export type Term = Flavor<number, 'Term'>;
/** Position in the Raft log; the first entry is 1, 0 = before the log. */
export type LogIndex = Flavor<number, 'LogIndex'>;
/** Fencing number of a primary. */
export type Epoch = Flavor<number, 'Epoch'>;
/** Version of the replicated configuration; the first is 1. */
export type ConfigVersion = Flavor<number, 'ConfigVersion'>;
/** Count of bytes. */
export type Bytes = Flavor<number, 'Bytes'>;

/** An entry's identity: two logs that hold the same pair are equal up to it (Log Matching, Raft §5.3). */
export interface LogPosition {
  readonly term: Term;
  readonly index: LogIndex;
}

/** Negative, zero, positive as `a` is before, at, after `b`: by term, then by index (Raft §5.4.1). */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.term === b.term ? a.index - b.index : a.term - b.term;
}

/** Asserts that `n` is a counter: a safe integer ≥ 0. */
export function assertCounter(n: number, what: string): void {
  assert(Number.isSafeInteger(n) && n >= 0, `${what} is no counter: ${n}`);
}
