/**
 * The log as memory sees it: hard state, snapshot, where each entry lies, and the
 * newest entries themselves. Recovery replays records into it, the running log
 * applies each record the moment it is handed over; so a restart ends with the
 * picture that was acknowledged. No I/O here.
 *
 * Invariant: base ≤ snapshot.index and base < first ≤ last + 1, all in indexes.
 * Only while replaying may `first` lie beyond base + 1, until a later mark says so.
 */
import { type LogIndex, type LogPosition, must, type Term } from '../base/index.ts';
import type { HardState, LogEntry, SnapshotMeta } from '../raft/index.ts';
import { type BatchPlace, type EntryPlace, PlaceTable } from './place-table.ts';
import type { Checkpoint, Located, WalRecord } from './record.ts';
import type { Segment } from './segment.ts';

const START: LogPosition = { term: 0, index: 0 };

/** Memory that one cached entry takes, in bytes: its data and the objects around it. */
function costOf(entry: LogEntry): number {
  return entry.data.length + 300;
}

export class LogTable {
  hardState: HardState = { term: 0, votedFor: null };
  snapshot: SnapshotMeta | null = null;
  base: LogPosition = START;
  #first: LogIndex = 1;
  /** Term of the entry before `#first`. */
  #termBefore: Term = 0;
  readonly #places = new PlaceTable();
  /** A suffix of the log. */
  #cache: LogEntry[] = [];
  #cacheBytes = 0;
  readonly #cacheLimit: number;

  constructor(cacheLimit: number) {
    this.#cacheLimit = cacheLimit;
  }

  get firstIndex(): LogIndex {
    return this.#first;
  }

  get last(): LogPosition {
    const { length } = this.#places;
    return { term: this.#places.term(length - 1) ?? this.#termBefore, index: this.#first + length - 1 };
  }

  /** Memory that cached entries take, in bytes. */
  get cacheBytes(): number {
    return this.#cacheBytes;
  }

  /** Everything that a segment's first record must say. */
  checkpoint(): Checkpoint {
    return { hardState: this.hardState, snapshot: this.snapshot, base: this.base, last: this.last };
  }

  term(index: LogIndex): Term | undefined {
    if (index === this.base.index) return this.base.term;
    return this.#places.term(index - this.#first);
  }

  place(index: LogIndex): EntryPlace | undefined {
    return this.#places.get(index - this.#first);
  }

  /** The entry, when it is among the newest. */
  cached(index: LogIndex): LogEntry | undefined {
    return this.#cache[index - (this.last.index - this.#cache.length + 1)];
  }

  /** The first segment that still holds a living entry, or null when there is none. */
  oldestSegment(): Segment | null {
    return this.#places.batch(0)?.segment ?? null;
  }

  /** Begins a replay with the checkpoint of the oldest segment. */
  begin(checkpoint: Checkpoint): void {
    this.hardState = checkpoint.hardState;
    this.snapshot = checkpoint.snapshot;
    this.base = checkpoint.base;
    this.#first = checkpoint.last.index + 1;
    this.#termBefore = checkpoint.last.term;
  }

  /** Applies one record, or says why it can't follow what was there; then nothing has changed. */
  apply(located: Located, place: BatchPlace): string | null {
    const { record } = located;
    switch (record.kind) {
      case 'entry':
        return this.#append(record.entry, {
          term: record.entry.term,
          place,
          at: located.at,
          size: located.size,
        });
      case 'truncate':
        return this.#truncate(record.from);
      case 'hard-state':
        return this.#setHardState(record.hardState);
      case 'mark':
        return this.#mark(record);
      case 'checkpoint':
        return this.#compare(record);
      case 'seal':
        return null;
    }
  }

  /** What makes the replayed log unusable, or null. */
  gap(): string | null {
    const { base, snapshot } = this;
    if (this.#first > base.index + 1) return `entries ${base.index + 1} to ${this.#first - 1} are missing`;
    if (base.index > (snapshot?.index ?? 0))
      return `the log begins after ${base.index} and no snapshot covers that`;
    return null;
  }

  #append(entry: LogEntry, place: EntryPlace): string | null {
    const last = this.last;
    if (entry.index !== last.index + 1) return `entry ${entry.index} follows entry ${last.index}`;
    if (entry.term < last.term) return `entry ${entry.index} has term ${entry.term} after term ${last.term}`;
    this.#places.push(place);
    this.#cache.push(entry);
    this.#cacheBytes += costOf(entry);
    this.trimCache();
    return null;
  }

  /** Forgets the oldest cached entries that can be read back, an eighth at a time: shifting costs. */
  trimCache(): void {
    if (this.#cacheBytes <= this.#cacheLimit) return;
    const target = this.#cacheLimit * (7 / 8);
    let drop = 0;
    const start = this.last.index - this.#cache.length + 1;
    while (this.#cacheBytes > target && drop < this.#cache.length) {
      if ((this.#places.batch(start + drop - this.#first)?.segment ?? null) === null) break;
      this.#cacheBytes -= costOf(must(this.#cache[drop], 'cached entry'));
      drop += 1;
    }
    if (drop > 0) this.#cache.splice(0, drop);
  }

  #truncate(from: LogIndex): string | null {
    if (from <= this.base.index)
      return `entries from ${from} dropped, but the log begins after ${this.base.index}`;
    if (from > this.last.index + 1) return `entries from ${from} dropped, but the last is ${this.last.index}`;
    const dropped = this.last.index + 1 - from;
    const uncached = Math.max(0, this.#cache.length - dropped);
    for (const entry of this.#cache.splice(uncached)) this.#cacheBytes -= costOf(entry);
    if (from < this.#first) {
      this.#first = from;
      this.#termBefore = from === this.base.index + 1 ? this.base.term : 0;
      this.#places.truncate(0);
    } else this.#places.truncate(from - this.#first);
    return null;
  }

  #setHardState(next: HardState): string | null {
    const now = this.hardState;
    if (next.term < now.term) return `term ${next.term} after term ${now.term}`;
    if (next.term === now.term && now.votedFor !== null && next.votedFor !== now.votedFor) {
      return `a second vote in term ${now.term}: ${next.votedFor} after ${now.votedFor}`;
    }
    this.hardState = next;
    return null;
  }

  #mark(mark: Extract<WalRecord, { kind: 'mark' }>): string | null {
    const { base } = mark;
    if (base.index < this.base.index)
      return `the log begins after ${base.index}, but began after ${this.base.index}`;
    if (!mark.reset && base.index > this.last.index)
      return `compacted to ${base.index}, last is ${this.last.index}`;
    if ((mark.snapshot?.index ?? 0) < base.index)
      return `the log begins after ${base.index}, no snapshot covers that`;
    this.snapshot = mark.snapshot;
    this.base = base;
    if (mark.reset) {
      this.#cache = [];
      this.#cacheBytes = 0;
      this.#places.truncate(0);
      this.#first = base.index + 1;
    } else this.#dropHead(base.index);
    if (this.#first === base.index + 1) this.#termBefore = base.term;
    return null;
  }

  #dropHead(upTo: LogIndex): void {
    if (upTo < this.#first) return;
    const keep = this.last.index - upTo;
    if (this.#cache.length > keep) {
      for (const entry of this.#cache.splice(0, this.#cache.length - keep)) this.#cacheBytes -= costOf(entry);
    }
    this.#places.dropHead(upTo + 1 - this.#first);
    this.#first = upTo + 1;
  }

  #compare(found: Checkpoint): string | null {
    const same =
      found.hardState.term === this.hardState.term &&
      found.hardState.votedFor === this.hardState.votedFor &&
      found.base.index === this.base.index &&
      found.last.index === this.last.index &&
      (found.snapshot?.id ?? null) === (this.snapshot?.id ?? null);
    return same ? null : 'the checkpoint disagrees with the segments before it';
  }
}
