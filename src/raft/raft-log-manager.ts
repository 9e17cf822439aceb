/**
 * The log as consensus sees it: what the storage holds plus a tail that was not
 * handed over yet, and four marks in it.
 *
 *   0 ≤ applied ≤ applying ≤ min(commit, durable),   commit ≤ last,   durable ≤ last
 *
 * Not the disk: it turns changes into the parts of one ordered write a turn.
 * The one idea: durability is a ledger of writes handed over. Truncating at k lowers
 * every open write to k − 1, so a late acknowledgement can never vouch for an entry
 * that was overwritten meanwhile (the ABA race of asynchronous storage).
 */
import type { Bytes, LogIndex, LogPosition, Term } from '../base/index.ts';
import { assert, comparePositions, must, violated } from '../base/index.ts';
import type { LogSlice } from './log-slice.ts';
import { cutToBytes, entryBytes } from './log-slice.ts';
import type { RaftStorage } from './ports.ts';
import type { LogEntry, PersistRequest, SnapshotMeta } from './types.ts';

/** The log's share of a `PersistRequest`. */
export type LogWrite = Pick<PersistRequest, 'truncateFrom' | 'entries' | 'snapshot' | 'compactTo'>;

interface OpenWrite {
  readonly token: number;
  last: LogIndex;
  readonly restore: SnapshotMeta | null;
}

export class RaftLogManager {
  readonly #storage: RaftStorage;
  /** Entries after `#base` that the storage was not given yet. */
  #pending: LogEntry[] = [];
  /** Last index that the storage holds and this log still stands by. */
  #base: LogIndex;
  #truncateFrom: LogIndex | null = null;
  #install: SnapshotMeta | null = null;
  #noted: SnapshotMeta | null = null;
  #compactTo: LogIndex | null = null;
  #writes: OpenWrite[] = [];
  /** A storage that has failed and could not say so yet drops the write: the last position is still known. */
  #handedLast: LogPosition = { term: 0, index: 0 };
  #durable: LogIndex;
  #commit: LogIndex;
  #applying: LogIndex;
  #applied: LogIndex;
  #handed: { readonly last: LogIndex; readonly bytes: number }[] = [];
  #handedBytes = 0;
  #restore: SnapshotMeta | null = null;
  /** A restore was asked for and its apply-ack is out. */
  #restoring: LogIndex = 0;
  #slice: { readonly low: LogIndex; readonly high: LogIndex; readonly entries: readonly LogEntry[] } | null =
    null;

  /** `appliedIndex` is what the state machine holds at start; everything up to it was committed. */
  constructor(storage: RaftStorage, appliedIndex: LogIndex) {
    this.#storage = storage;
    this.#base = storage.lastIndex();
    this.#durable = this.#base;
    const snapshot = storage.snapshot();
    this.#commit = Math.max(appliedIndex, snapshot?.index ?? 0);
    assert(this.#commit <= this.#base, `state at ${this.#commit} is ahead of the log at ${this.#base}`);
    this.#applied = appliedIndex;
    this.#applying = appliedIndex;
    if (appliedIndex + 1 < storage.firstIndex()) {
      this.#restore = must(snapshot, 'the snapshot that a compacted log builds on');
    }
  }

  get firstIndex(): LogIndex {
    return this.#install === null ? this.#storage.firstIndex() : this.#install.index + 1;
  }

  get lastIndex(): LogIndex {
    return this.#base + this.#pending.length;
  }

  get last(): LogPosition {
    const index = this.lastIndex;
    const term = this.term(index) ?? (this.#handedLast.index === index ? this.#handedLast.term : undefined);
    return { term: must(term, 'the term of the last entry'), index };
  }

  get commit(): LogIndex {
    return this.#commit;
  }

  get durable(): LogIndex {
    return this.#durable;
  }

  get applying(): LogIndex {
    return this.#applying;
  }

  get applied(): LogIndex {
    return this.#applied;
  }

  /** True while a snapshot install waits for its write: nothing may be appended in this turn. */
  get isInstalling(): boolean {
    return this.#install !== null;
  }

  /** The newest snapshot that may be sent; null = none. */
  snapshot(): SnapshotMeta | null {
    return this.#install ?? this.#noted ?? this.#storage.snapshot();
  }

  /** The term at `index`; undefined when it is compacted away or beyond the end. */
  term(index: LogIndex): Term | undefined {
    if (index > this.#base) return this.#pending[index - this.#base - 1]?.term;
    if (this.#install !== null) return index === this.#install.index ? this.#install.term : undefined;
    return this.#storage.term(index);
  }

  matches(position: LogPosition): boolean {
    return this.term(position.index) === position.term;
  }

  /** The voter's rule: `position` is at least as up to date as this log (Raft §5.4.1). */
  isUpToDate(position: LogPosition): boolean {
    return comparePositions(position, this.last) >= 0;
  }

  /** Entries in [low, high] up to `maxBytes`, at least one; undefined when `low` is compacted away. */
  entries(low: LogIndex, high: LogIndex, maxBytes: number): readonly LogEntry[] | undefined {
    if (low > high) return [];
    if (low > this.#base) return this.#tail(low, high, maxBytes);
    if (this.#install !== null) return undefined;
    const stored = this.#storage.entries(low, Math.min(high, this.#base), maxBytes);
    if (stored === undefined || high <= this.#base) return stored;
    const end = low + stored.length;
    if (end <= this.#base) return stored;
    return cutToBytes([...stored, ...this.#tail(end, high, maxBytes)], maxBytes);
  }

  /** A piece of the pending tail; followers in step ask for the same piece, so the last one is kept. */
  #tail(low: LogIndex, high: LogIndex, maxBytes: number): readonly LogEntry[] {
    const kept = this.#slice;
    if (kept !== null && kept.low === low && kept.high === high) return kept.entries;
    const from = low - this.#base - 1;
    const entries = cutToBytes(this.#pending.slice(from, high - this.#base), maxBytes);
    this.#slice = { low, high, entries };
    return entries;
  }

  /** The lowest index whose entries up to `high`, which the storage holds, take at most `maxBytes`. */
  tailWithin(high: LogIndex, maxBytes: Bytes): LogIndex {
    assert(high <= this.#base, `entry ${high} is not in the storage yet`);
    return this.#install === null ? this.#storage.tailWithin(high, maxBytes) : high + 1;
  }

  /** Appends entries that follow the last one. */
  append(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.lastIndex + 1) violated(`entry ${entry.index} after ${this.lastIndex}`);
      this.#pending.push(entry);
    }
    this.#slice = null;
  }

  /**
   * What a follower does with an append (Raft §5.3): entries already held stay, the
   * first conflict removes it and all after it. Null when `prev` does not fit;
   * otherwise the entries that are new and where the log was cut.
   */
  merge(slice: LogSlice): { readonly added: readonly LogEntry[]; readonly cutAt: LogIndex | null } | null {
    if (!this.matches(slice.prev)) return null;
    const conflict = slice.entries.findIndex((entry) => this.term(entry.index) !== entry.term);
    if (conflict < 0) return { added: [], cutAt: null };
    const added = slice.entries.slice(conflict);
    const first = slice.prev.index + conflict + 1;
    const cutAt = first <= this.lastIndex ? first : null;
    if (cutAt !== null) this.#truncate(cutAt);
    this.append(added);
    return { added, cutAt };
  }

  #truncate(index: LogIndex): void {
    assert(index > this.#commit, `truncating committed entry ${index} (commit ${this.#commit})`);
    if (index > this.#base) {
      this.#pending.length = index - this.#base - 1;
    } else {
      this.#pending = [];
      this.#base = index - 1;
      this.#truncateFrom = index;
    }
    this.#clampDurable(index - 1);
    this.#slice = null;
  }

  #clampDurable(last: LogIndex): void {
    this.#durable = Math.min(this.#durable, last);
    for (const write of this.#writes) write.last = Math.min(write.last, last);
  }

  /**
   * The largest index ≤ `index` whose term is ≤ `term`: where a log of that term may
   * agree with this one. One guess skips a whole term, on both sides.
   */
  agreementHint(index: LogIndex, term: Term): LogPosition {
    let low = this.firstIndex - 1;
    let high = Math.min(index, this.lastIndex);
    if (high < low) return { index: 0, term: 0 };
    // terms never fall along a log, so a binary search finds it
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.term(middle) ?? 0) <= term) low = middle;
      else high = middle - 1;
    }
    return { index: low, term: this.term(low) ?? 0 };
  }

  /** Raises the commit index; true when it moved. */
  commitTo(index: LogIndex): boolean {
    if (index <= this.#commit) return false;
    assert(index <= this.lastIndex, `commit ${index} beyond the last entry ${this.lastIndex}`);
    this.#commit = index;
    return true;
  }

  /** Replaces the whole log by a snapshot that a leader sent and the disk holds. */
  install(meta: SnapshotMeta): void {
    assert(meta.index > this.#commit, 'an installed snapshot is news');
    this.#clampDurable(this.#commit);
    this.#pending = [];
    this.#slice = null;
    this.#base = meta.index;
    this.#truncateFrom = null;
    this.#compactTo = null;
    this.#noted = null;
    this.#install = meta;
    this.#commit = meta.index;
  }

  /** Notes a snapshot made here and what may go behind it. */
  compact(meta: SnapshotMeta, upTo: LogIndex): void {
    const newest = this.snapshot();
    // one of the same index takes the place of a file that has rotted
    const isNews =
      meta.index > (newest?.index ?? 0) || (meta.index === newest?.index && meta.id !== newest.id);
    if (this.#install !== null || !isNews) return;
    this.#noted = meta;
    // what the state machine has not confirmed may still have to be read
    const safe = Math.min(upTo, meta.index, this.#applied);
    if (safe >= this.firstIndex) this.#compactTo = safe;
  }

  /** The change since the last call as one write under `token`; null when there is none. */
  takeWrite(): LogWrite | null {
    const snapshot = this.#install ?? this.#noted;
    if (this.#pending.length === 0 && this.#truncateFrom === null && snapshot === null) return null;
    const write: LogWrite = {
      truncateFrom: this.#truncateFrom,
      entries: this.#pending,
      snapshot: snapshot === null ? null : { meta: snapshot, keepSuffix: this.#install === null },
      compactTo: this.#compactTo,
    };
    return write;
  }

  /** What `takeWrite` returned went to the storage under `token`. */
  handedOver(token: number): void {
    this.#handedLast = this.#pending.at(-1) ?? this.#install ?? this.#handedLast;
    this.#base = this.lastIndex;
    this.#writes.push({ token, last: this.#base, restore: this.#install });
    this.#pending = [];
    this.#truncateFrom = null;
    this.#install = null;
    this.#noted = null;
    this.#compactTo = null;
  }

  /** Every write up to `token` is durable. */
  acknowledge(token: number): void {
    while (this.#writes.length > 0) {
      const write = this.#writes[0] as OpenWrite;
      if (write.token > token) return;
      this.#writes.shift();
      this.#durable = Math.max(this.#durable, write.last);
      if (write.restore !== null) {
        this.#restore = write.restore;
        this.#handed = [];
        this.#handedBytes = 0;
      }
    }
  }

  /** A snapshot that the state machine must load before anything else is applied; handed out once. */
  takeRestore(): SnapshotMeta | null {
    const meta = this.#restore;
    if (meta === null) return null;
    this.#restore = null;
    this.#applying = meta.index;
    this.#restoring = meta.index;
    return meta;
  }

  /** There may be something to apply as soon as the disk, or the state machine, has gone on. */
  hasToApply(): boolean {
    return this.#commit > this.#applying || this.#isReplacing();
  }

  /** The next committed and durable entries to apply, within `maxBytes` outstanding. */
  takeApply(maxBytes: number): readonly LogEntry[] {
    const high = Math.min(this.#commit, this.#durable);
    const room = maxBytes - this.#handedBytes;
    if (this.#isReplacing() || high <= this.#applying || room <= 0) return [];
    const entries = must(this.entries(this.#applying + 1, high, room), 'an entry to apply');
    const last = must(entries.at(-1), 'an entry to apply').index;
    let bytes = 0;
    for (const entry of entries) bytes += entryBytes(entry);
    this.#handed.push({ last, bytes });
    this.#handedBytes += bytes;
    this.#applying = last;
    return entries;
  }

  /** True while a snapshot replaces the log on disk: what was there must not be read any more. */
  #isReplacing(): boolean {
    return this.#install !== null || this.#restore !== null || this.#writes.some((w) => w.restore !== null);
  }

  /** The state machine holds everything up to `index`. */
  applyAcknowledged(index: LogIndex): void {
    if (this.#restoring > 0 && index < this.#restoring) return;
    this.#restoring = 0;
    if (index > this.#applying) violated(`applied ${index} before it was handed out (${this.#applying})`);
    this.#applied = Math.max(this.#applied, index);
    while (this.#handed.length > 0) {
      const first = this.#handed[0] as { last: LogIndex; bytes: number };
      if (first.last > index) return;
      this.#handed.shift();
      this.#handedBytes -= first.bytes;
    }
  }

  /** Asserts the inequalities above. */
  check(): void {
    const applied = this.#applied;
    const applying = this.#applying;
    const commit = this.#commit;
    const durable = this.#durable;
    const last = this.lastIndex;
    if (applied > applying) violated(`applied ${applied} > applying ${applying}`);
    if (applying > commit) violated(`applying ${applying} > commit ${commit}`);
    if (commit > last) violated(`commit ${commit} > last ${last}`);
    if (durable > last) violated(`durable ${durable} > last ${last}`);
    if (this.firstIndex > last + 1) violated('the log starts behind its end');
  }
}
