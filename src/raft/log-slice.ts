/**
 * A contiguous piece of a log with the position before it, and the one check at
 * the gate. After it nobody asks again whether indexes are consecutive.
 */
import type { Bytes, LogIndex, LogPosition } from '../base/index.ts';
import type { LogEntry } from './types.ts';

/** Entries that follow `prev` without a hole, terms never falling. */
export interface LogSlice {
  readonly prev: LogPosition;
  readonly entries: readonly LogEntry[];
}

/** Why `slice` is none, or null when it is sound: consecutive indexes, and `prev.term ≤ terms ≤ term`. */
export function sliceDefect(slice: LogSlice, term: number): string | null {
  let { index, term: last } = slice.prev;
  for (const entry of slice.entries) {
    if (entry.index !== index + 1) return `entry ${entry.index} follows ${index}`;
    if (entry.term < last) return `term ${entry.term} follows ${last} at ${entry.index}`;
    index = entry.index;
    last = entry.term;
  }
  return last > term ? `entries of term ${last} in a message of term ${term}` : null;
}

/** Bytes that an entry is counted with: its data and a share for its frame. */
export function entryBytes(entry: { readonly data: Uint8Array }): number {
  return entry.data.length + 48;
}

/** The first entries of `entries` that fit into `maxBytes`, at least one if there is one. */
export function cutToBytes(entries: readonly LogEntry[], maxBytes: number): readonly LogEntry[] {
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) {
    bytes += entryBytes(entries[i] as LogEntry);
    if (bytes > maxBytes && i > 0) return entries.slice(0, i);
  }
  return entries;
}

/** The lowest index ≥ `first` from which the entries up to `high` take at most `maxBytes` together. */
export function lowestWithin(
  range: { readonly first: LogIndex; readonly high: LogIndex; readonly maxBytes: Bytes },
  sizeOf: (index: LogIndex) => Bytes,
): LogIndex {
  let left = range.maxBytes;
  let low = range.high + 1;
  while (low > range.first) {
    left -= sizeOf(low - 1);
    if (left < 0) break;
    low--;
  }
  return low;
}
