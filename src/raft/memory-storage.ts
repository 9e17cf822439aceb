/**
 * `RaftStorage` in memory: the reference implementation of the port and the contract
 * suite's first pupil. Writes become visible at once and durable when `flush` says so;
 * `crash` forgets what was not. Two copies of the log, one a few writes ahead of the other.
 */
import type { Bytes, LogIndex, LogPosition, Term } from '../base/index.ts';
import { assert, must } from '../base/index.ts';
import { cutToBytes, entryBytes, lowestWithin } from './log-slice.ts';
import type { InitialState, RaftStorage } from './ports.ts';
import type { HardState, LogEntry, PersistRequest, SnapshotMeta } from './types.ts';

/** Compacted entries are let go of when they are so many. */
const DROP_EVERY = 1024;

class Content {
  hardState: HardState = { term: 0, votedFor: null };
  snapshot: SnapshotMeta | null = null;
  /** Position just before the first entry. */
  base: LogPosition = { index: 0, term: 0 };
  /** The first `#head` of them are compacted. */
  #entries: LogEntry[] = [];
  #head = 0;

  get last(): LogIndex {
    return this.base.index + this.#entries.length - this.#head;
  }

  entry(index: LogIndex): LogEntry | undefined {
    return index > this.base.index ? this.#entries[this.#at(index)] : undefined;
  }

  slice(low: LogIndex, high: LogIndex): LogEntry[] {
    return this.#entries.slice(this.#at(low), Math.max(0, this.#at(high) + 1));
  }

  /** One ordered write; parts in the order that the port fixes. */
  apply(request: PersistRequest): void {
    const { truncateFrom, entries, snapshot, compactTo } = request;
    if (snapshot !== null && !snapshot.keepSuffix) {
      const { index, term } = snapshot.meta;
      this.base = { index, term };
      this.#entries = [];
      this.#head = 0;
    } else if (truncateFrom !== null && truncateFrom <= this.last) {
      this.#entries.length = Math.max(this.#head, this.#at(truncateFrom));
    }
    for (const entry of entries) {
      assert(entry.index === this.last + 1, `a hole before entry ${entry.index}`);
      this.#entries.push(entry);
    }
    if (snapshot !== null) this.snapshot = snapshot.meta;
    if (compactTo !== null && compactTo > this.base.index) this.#compact(compactTo);
    this.hardState = request.hardState ?? this.hardState;
  }

  copy(): Content {
    const copy = new Content();
    copy.hardState = this.hardState;
    copy.snapshot = this.snapshot;
    copy.base = this.base;
    copy.#entries = this.#entries.slice(this.#head);
    return copy;
  }

  #at(index: LogIndex): number {
    return index - this.base.index - 1 + this.#head;
  }

  #compact(to: LogIndex): void {
    const last = this.entry(to);
    assert(last !== undefined, `compacting to ${to} beyond the end`);
    this.#head = this.#at(to) + 1;
    this.base = { index: to, term: last.term };
    if (this.#head < DROP_EVERY) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}

function requestBytes({ entries }: PersistRequest): Bytes {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
}

export class MemoryStorage implements RaftStorage {
  #durable = new Content();
  #current = new Content();
  #queue: { readonly request: PersistRequest; readonly done: (token: number) => void }[] = [];
  #failed: ((reason: string) => void)[] = [];
  #isPoisoned = false;

  initialState(): InitialState {
    return { hardState: this.#current.hardState, snapshot: this.#current.snapshot };
  }

  firstIndex(): LogIndex {
    return this.#current.base.index + 1;
  }

  lastIndex(): LogIndex {
    return this.#current.last;
  }

  term(index: LogIndex): Term | undefined {
    const { base } = this.#current;
    return index === base.index ? base.term : this.#current.entry(index)?.term;
  }

  entries(low: LogIndex, high: LogIndex, maxBytes: number): readonly LogEntry[] | undefined {
    if (low <= this.#current.base.index) return undefined;
    return cutToBytes(this.#current.slice(low, high), maxBytes);
  }

  tailWithin(high: LogIndex, maxBytes: Bytes): LogIndex {
    return lowestWithin({ first: this.firstIndex(), high, maxBytes }, (index) =>
      entryBytes(must(this.#current.entry(index), `entry ${index}`)),
    );
  }

  snapshot(): SnapshotMeta | null {
    return this.#current.snapshot;
  }

  write(request: PersistRequest, done: (token: number) => void): void {
    if (this.#isPoisoned) return;
    this.#current.apply(request);
    this.#queue.push({ request, done });
  }

  waitingBytes(): Bytes {
    return this.#queue.reduce((sum, { request }) => sum + requestBytes(request), 0);
  }

  onFailure(failed: (reason: string) => void): void {
    this.#failed.push(failed);
  }

  /** Makes the oldest `count` queued writes durable and acknowledges them. */
  flush(count: number = this.#queue.length): void {
    for (const { request, done } of this.#queue.splice(0, count)) {
      this.#durable.apply(request);
      done(request.token);
    }
  }

  /** Writes that wait for their flush. */
  get queued(): number {
    return this.#queue.length;
  }

  /** A power cut, and the next life: queued writes never happened, a failed disk was replaced. */
  crash(): void {
    this.#isPoisoned = false;
    this.#queue = [];
    this.#current = this.#durable.copy();
    this.#failed = [];
  }

  /** The disk fails: nothing is acknowledged from here on. */
  poison(reason: string): void {
    this.#isPoisoned = true;
    this.#queue = [];
    for (const failed of this.#failed) failed(reason);
  }
}
