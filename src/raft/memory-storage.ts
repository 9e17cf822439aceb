/**
 * `RaftStorage` in memory: the reference implementation of the port and the contract
 * suite's first pupil. Writes become visible at once and durable when `flush` says so;
 * `crash` forgets what was not.
 */
import type { Bytes, LogIndex, Term } from '../base/index.ts';
import { assert, must } from '../base/index.ts';
import { cutToBytes, entryBytes, lowestWithin } from './log-slice.ts';
import type { InitialState, RaftStorage } from './ports.ts';
import type { HardState, LogEntry, PersistRequest, SnapshotMeta } from './types.ts';

interface Content {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta | null;
  /** Position just before the first entry. */
  readonly base: { readonly index: LogIndex; readonly term: Term };
  readonly entries: readonly LogEntry[];
}

const EMPTY: Content = {
  hardState: { term: 0, votedFor: null },
  snapshot: null,
  base: { index: 0, term: 0 },
  entries: [],
};

export class MemoryStorage implements RaftStorage {
  #durable: Content = EMPTY;
  #current: Content = EMPTY;
  #queue: { readonly content: Content; readonly token: number; readonly done: (token: number) => void }[] =
    [];
  #failed: ((reason: string) => void)[] = [];
  #isPoisoned = false;

  initialState(): InitialState {
    return { hardState: this.#current.hardState, snapshot: this.#current.snapshot };
  }

  firstIndex(): LogIndex {
    return this.#current.base.index + 1;
  }

  lastIndex(): LogIndex {
    return this.#current.base.index + this.#current.entries.length;
  }

  term(index: LogIndex): Term | undefined {
    const { base, entries } = this.#current;
    if (index === base.index) return base.term;
    return entries[index - base.index - 1]?.term;
  }

  entries(low: LogIndex, high: LogIndex, maxBytes: number): readonly LogEntry[] | undefined {
    const { base, entries } = this.#current;
    if (low <= base.index) return undefined;
    return cutToBytes(entries.slice(low - base.index - 1, high - base.index), maxBytes);
  }

  tailWithin(high: LogIndex, maxBytes: Bytes): LogIndex {
    const { base, entries } = this.#current;
    return lowestWithin({ first: base.index + 1, high, maxBytes }, (index) =>
      entryBytes(must(entries[index - base.index - 1], `entry ${index}`)),
    );
  }

  snapshot(): SnapshotMeta | null {
    return this.#current.snapshot;
  }

  write(request: PersistRequest, done: (token: number) => void): void {
    if (this.#isPoisoned) return;
    this.#current = applied(this.#current, request);
    this.#queue.push({ content: this.#current, token: request.token, done });
  }

  onFailure(failed: (reason: string) => void): void {
    this.#failed.push(failed);
  }

  /** Makes the oldest `count` queued writes durable and acknowledges them. */
  flush(count: number = this.#queue.length): void {
    for (const write of this.#queue.splice(0, count)) {
      this.#durable = write.content;
      write.done(write.token);
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
    this.#current = this.#durable;
    this.#failed = [];
  }

  /** The disk fails: nothing is acknowledged from here on. */
  poison(reason: string): void {
    this.#isPoisoned = true;
    this.#queue = [];
    for (const failed of this.#failed) failed(reason);
  }
}

/** `content` after one ordered write; parts in the order that the port fixes. */
function applied(content: Content, request: PersistRequest): Content {
  let { base, entries, snapshot } = content;
  const { truncateFrom, compactTo } = request;
  if (request.snapshot !== null && !request.snapshot.keepSuffix) {
    const { meta } = request.snapshot;
    base = { index: meta.index, term: meta.term };
    entries = [];
  } else if (truncateFrom !== null) {
    entries = entries.slice(0, Math.max(0, truncateFrom - base.index - 1));
  }
  if (request.entries.length > 0) {
    const first = request.entries[0]?.index;
    assert(first === base.index + entries.length + 1, `a hole before entry ${first}`);
    entries = [...entries, ...request.entries];
  }
  if (request.snapshot !== null) snapshot = request.snapshot.meta;
  if (compactTo !== null && compactTo > base.index) {
    const cut = compactTo - base.index;
    const last = entries[cut - 1];
    assert(last !== undefined, `compacting to ${compactTo} beyond the end`);
    base = { index: compactTo, term: last.term };
    entries = entries.slice(cut);
  }
  return { hardState: request.hardState ?? content.hardState, snapshot, base, entries };
}
