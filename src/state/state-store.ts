/**
 * The state machine: applies committed entries, in order, to one SQLite file that
 * holds user tables, key-values, client sessions, the cluster's record and the applied
 * position. Whole groups of entries are a transaction, so a crash finds all of a group
 * or nothing, and nothing is ever applied twice.
 *
 * Groups that only write key-values wait in memory for the next transaction: `settle`,
 * or a group of another kind. Until then other connections see the state as it was at
 * `settledIndex`; what a crash takes is in the log. `settleSome` writes them in small steps, so that what
 * comes meanwhile is applied and answered: still one transaction, which ends with the last step.
 *
 * What every replica would see (a constraint, a stale version) is the entry's result.
 * What only this machine sees (disk full, damage) is thrown: the caller must stop the
 * node, because the entry is applied elsewhere. After a throw the store is unusable.
 *
 * It decides nothing: rules of the cluster's record are handed in, SQL is the
 * engine's, order is the log's.
 */
import { DatabaseSync } from 'node:sqlite';
import type { LogIndex, LogPosition } from '../base/index.ts';
import { assert, LIMITS, SqlccError } from '../base/index.ts';
import type {
  ApplyResult,
  ClusterEvent,
  ClusterState,
  CommandEnvelope,
  SqlEnvelope,
} from '../cluster/index.ts';
import { createEngine, type EngineKind, SqliteStore } from '../engines/index.ts';
import type { LogEntry } from '../raft/index.ts';
import { digestOf } from './digest.ts';
import { EventRing } from './event-ring.ts';
import { KeyValues } from './kv.ts';
import { Meta } from './meta.ts';
import { createSchema } from './schema.ts';
import { type SessionKey, Sessions } from './sessions.ts';
import { hashOf } from './state-hash.ts';
import type {
  AppliedAt,
  AppliedGroup,
  ApplyCluster,
  CopiedState,
  EntryResult,
  KvChange,
  NoteMembership,
} from './types.ts';

export interface StateStoreOptions {
  /** The folder `engine/` of a node's data directory. */
  readonly dir: string;
  readonly engine?: EngineKind;
  readonly applyCluster: ApplyCluster;
  readonly noteMembership: NoteMembership;
  readonly encodeCluster: (state: ClusterState) => Uint8Array;
  readonly decodeCluster: (bytes: Uint8Array) => ClusterState;
}

interface Parts {
  readonly meta: Meta;
  readonly kv: KeyValues;
  readonly sessions: Sessions;
  readonly events: EventRing;
}

/** What a group gathers while it is applied; becomes the store's own when the transaction is durable. */
interface Group {
  readonly events: ClusterEvent[];
  readonly kvChanges: KvChange[];
  cluster: ClusterState | null;
  clusterChanged: boolean;
}

const DONE: ApplyResult = { ok: true, value: null };
const decoder = new TextDecoder();

type Envelope = CommandEnvelope & SqlEnvelope;

/** The envelope in an entry; null when the bytes are none of its kind, or its kind has none. */
function envelopeOf({ kind, data }: LogEntry): Envelope | null {
  if (kind === 'noop' || kind === 'membership') return null;
  try {
    const value = JSON.parse(decoder.decode(data)) as Partial<Envelope> | null;
    const whole =
      kind === 'sql' ? Array.isArray(value?.statements) : typeof value?.command?.kind === 'string';
    return whole ? (value as Envelope) : null;
  } catch {
    return null;
  }
}

/** Needs no transaction of its own: a write of a key outside of sessions, or nothing at all. */
function mayWait({ kind }: LogEntry, envelope: Envelope | null): boolean {
  if (kind === 'noop') return true;
  if (kind !== 'command' || envelope === null || envelope.session !== undefined) return false;
  return envelope.command.kind === 'kv-put' || envelope.command.kind === 'kv-delete';
}

function sessionOf(envelope: Envelope): SessionKey | null {
  const { session, seq } = envelope;
  return session === undefined || seq === undefined ? null : { session, seq };
}

export class StateStore {
  readonly #options: StateStoreOptions;
  readonly #store: SqliteStore;
  #parts: Parts;
  /** The last applied entry; the file may hold less. */
  #applied: LogPosition;
  #settled: LogIndex;
  /** How far the file will be when the transaction in steps that is open ends; null without one. */
  #settling: LogPosition | null = null;
  #cluster: ClusterState | null;
  #clusterBytes = 0;
  #isUnusable = false;

  private constructor(options: StateStoreOptions) {
    this.#options = options;
    this.#store = createEngine(options.engine ?? 'sqlite', options.dir);
    [this.#parts, this.#applied, this.#cluster] = this.#load();
    this.#settled = this.#applied.index;
  }

  /**
   * Opens the file in `options.dir`, or makes it. Throws storage_failed for a file of a later format, and
   * with `details` {file, offset, reason} for one that is damaged.
   */
  static open(options: StateStoreOptions): StateStore {
    return new StateStore(options);
  }

  /** Removes the file in `dir`, which nobody has open. */
  static discard(dir: string): void {
    SqliteStore.discard(dir);
  }

  /** Index of the last applied entry; 0 in a new file. */
  appliedIndex(): LogIndex {
    return this.#applied.index;
  }

  /** Up to here the file holds what was applied: what other connections see. */
  settledIndex(): LogIndex {
    return this.#settled;
  }

  /**
   * What waits for `settle`, as a share of what may: from 1 on it should wait no longer. What `settleSome` is
   * about counts no more.
   */
  get unsettledShare(): number {
    const entries = this.#applied.index - (this.#settling?.index ?? this.#settled);
    const bytes = this.#parts.kv.unwrittenBytes;
    return Math.max(entries / LIMITS.unsettledEntries, bytes / LIMITS.unsettledBytes);
  }

  /** Writes what waits in memory. Throws as `apply` does. */
  settle(): void {
    while (this.#settling !== null) this.settleSome(Number.POSITIVE_INFINITY);
    if (this.#settled === this.#applied.index) return;
    this.#transaction(() => this.#write(this.#applied));
    this.#settled = this.#applied.index;
  }

  /** `settleSome` has begun and not ended. */
  get isSettling(): boolean {
    return this.#settling !== null;
  }

  /** `settleSome` may begin: nothing else is being done with the file. */
  get maySettleSome(): boolean {
    return !this.#store.isCopying;
  }

  /**
   * Writes at most `rows` rows of what waited in memory at the first step; true when all of it is written,
   * and seen by others. Throws as `apply` does.
   */
  settleSome(rows: number): boolean {
    return this.#orUnusable(() => {
      try {
        return this.#step(rows);
      } catch (error) {
        this.#store.rollback();
        throw error;
      }
    });
  }

  #step(rows: number): boolean {
    if (this.#settling === null) {
      this.#store.begin();
      this.#settling = this.#applied;
    }
    if (!this.#parts.kv.flushSome(rows)) return false;
    const { index, term } = this.#settling;
    this.#parts.meta.mark(index, term);
    this.#store.commit();
    this.#settling = null;
    this.#settled = index;
    return true;
  }

  /** The cluster's record; null before the bootstrap entry was applied. */
  clusterState(): ClusterState | null {
    return this.#cluster;
  }

  /** Of the record, encoded. */
  get clusterBytes(): number {
    return this.#clusterBytes;
  }

  /** Applies entries that follow the applied index without a gap, as one transaction or none yet. */
  apply(entries: readonly LogEntry[]): AppliedGroup {
    const group: Group = { events: [], kvChanges: [], cluster: this.#cluster, clusterChanged: false };
    const envelopes = entries.map(envelopeOf);
    const first = this.#applied.index + 1;
    const canWait = entries.every((entry, n) => mayWait(entry, envelopes[n] as Envelope | null));
    const work = (): EntryResult[] =>
      entries.map((entry, n) => {
        const { index, term, timestamp } = entry;
        const envelope = envelopes[n] as Envelope | null;
        assert(index === first + n, `entry ${index} where ${first + n} was due`);
        const result = this.#resultOf(entry, envelope, group);
        const isPlainPut = canWait && result.ok && envelope?.command.kind === 'kv-put';
        return { index, term, digest: digestOf(result), result, putAt: isPlainPut ? timestamp : null };
      });
    const last = entries.at(-1) ?? this.#applied;
    if (!canWait && this.#settling !== null) this.settleSome(Number.POSITIVE_INFINITY);
    const results = canWait ? work() : this.#inTransaction(work, group, last);
    this.#applied = { index: last.index, term: last.term };
    if (!canWait) this.#settled = last.index;
    this.#cluster = group.cluster;
    return {
      lastIndex: last.index,
      results,
      events: group.events,
      clusterState: group.clusterChanged ? group.cluster : null,
      kvChanges: group.kvChanges,
    };
  }

  /**
   * SHA-256 over rows, key-values, sessions and the cluster's record at the applied index, hex. Walks
   * everything.
   */
  stateHash(): string {
    this.settle();
    const store = this.#store;
    return store.transaction(() =>
      hashOf(
        (hasher) => store.hashInto(hasher),
        (sql) => store.own(sql),
      ),
    );
  }

  /** Copies the state at one point in time to the new file `path`; what it holds is read from the copy. */
  async snapshotTo(path: string): Promise<CopiedState> {
    this.settle();
    await this.#store.snapshot(path);
    return copiedState(path);
  }

  /**
   * Becomes the copy at `path`, which is consumed. Throws storage_failed when it is damaged; nothing
   * changed then.
   */
  restore(path: string): void {
    copiedState(path);
    // older than the copy
    if (this.#settling !== null) this.#store.rollback();
    this.#settling = null;
    this.#store.restore(path);
    [this.#parts, this.#applied, this.#cluster] = this.#load();
    this.#settled = this.#applied.index;
  }

  /** The disk can't follow: nothing more is to be applied before `settled`. */
  get isOutrun(): boolean {
    return this.#store.isOutrun;
  }

  /** Resolves when nothing is done beside the applying; before `restore` and `close`. */
  settled(): Promise<void> {
    return this.#store.settled();
  }

  close(): void {
    try {
      this.settle();
    } catch {
      // a full disk: the log has it
    }
    this.#store.close();
  }

  #load(): [Parts, LogPosition, ClusterState | null] {
    const store = this.#store;
    store.transaction(() => createSchema(store));
    const meta = new Meta(store);
    const parts = {
      meta,
      kv: new KeyValues(store),
      sessions: new Sessions(store),
      events: new EventRing(store),
    };
    const bytes = meta.bytes('cluster');
    return [parts, meta.applied(), bytes === null ? null : this.#options.decodeCluster(bytes)];
  }

  #inTransaction(work: () => EntryResult[], group: Group, last: LogPosition): EntryResult[] {
    return this.#transaction(() => {
      const done = work();
      this.#write(last);
      if (group.clusterChanged && group.cluster !== null) {
        const bytes = this.#options.encodeCluster(group.cluster);
        this.#parts.meta.putBytes('cluster', bytes);
        this.#clusterBytes = bytes.length;
      }
      this.#parts.events.add(group.events);
      return done;
    });
  }

  /** After a throw what waits in memory holds parts of a group that was not applied: never written. */
  #transaction<T>(work: () => T): T {
    return this.#orUnusable(() => this.#store.transaction(work));
  }

  #orUnusable<T>(work: () => T): T {
    assert(!this.#isUnusable, 'the state store has failed before');
    this.#isUnusable = true;
    const done = work();
    this.#isUnusable = false;
    return done;
  }

  /** What waits in memory, and how far the file is then. */
  #write({ index, term }: LogPosition): void {
    this.#parts.kv.flush();
    this.#parts.meta.mark(index, term);
  }

  #resultOf(entry: LogEntry, envelope: Envelope | null, group: Group): ApplyResult {
    switch (entry.kind) {
      case 'noop':
        return DONE;
      case 'membership':
        return this.#membership(entry, group);
      case 'command':
      case 'config':
      case 'sql':
        return this.#onceOnly(entry, envelope, group);
    }
  }

  #membership({ index, term, timestamp, data }: LogEntry, group: Group): ApplyResult {
    const { meta } = this.#parts;
    if (group.cluster !== null) {
      const change = { before: meta.bytes('membership'), after: data };
      const noted = this.#options.noteMembership(group.cluster, change, { index, term, timestamp });
      if (noted !== group.cluster) group.clusterChanged = true;
      group.cluster = noted;
    }
    meta.putBytes('membership', data);
    meta.putIndex('membership_index', index);
    return DONE;
  }

  #onceOnly(entry: LogEntry, envelope: Envelope | null, group: Group): ApplyResult {
    if (envelope === null)
      return { ok: false, code: 'invalid_argument', message: 'the entry is no envelope' };
    const key = sessionOf(envelope);
    const answered = key === null ? null : this.#parts.sessions.answered(key, entry.index);
    if (answered !== null) return answered;
    const result = entry.kind === 'sql' ? this.#sql(envelope, entry) : this.#command(envelope, entry, group);
    if (key !== null) this.#parts.sessions.store(key, result, entry.index);
    return result;
  }

  #sql(envelope: SqlEnvelope, entry: LogEntry): ApplyResult {
    // also gives last_insert_rowid() and changes() the same start in each entry
    this.#parts.meta.mark(entry.index, entry.term);
    const outcome = this.#store.apply(envelope.statements, {
      timestamp: entry.timestamp,
      seed: envelope.seed,
    });
    if (outcome.ok) return { ok: true, value: outcome.results };
    const { statement, sqlstate, message } = outcome.failure;
    return { ok: false, code: 'sql_error', message, details: { statement, sqlstate } };
  }

  #command(envelope: CommandEnvelope, entry: LogEntry, group: Group): ApplyResult {
    const { command, actor = '', origin } = envelope;
    const { index, term, timestamp } = entry;
    const at: AppliedAt = { index, term, timestamp, actor, ...(origin !== undefined && { origin }) };
    switch (command.kind) {
      case 'kv-put':
      case 'kv-delete': {
        const { result, change } = this.#parts.kv.apply(command, at);
        if (change !== null) group.kvChanges.push(change);
        return result;
      }
      case 'session-open':
        return this.#parts.sessions.open(command.session, index);
      default: {
        const applied = this.#options.applyCluster(group.cluster, command, at);
        if (applied.state !== group.cluster) group.clusterChanged = true;
        group.cluster = applied.state;
        group.events.push(...applied.events);
        return applied.result;
      }
    }
  }
}

/** Reads position and membership from a closed copy. */
function copiedState(path: string): CopiedState {
  let db: DatabaseSync | null = null;
  try {
    const opened = new DatabaseSync(path, { readOnly: true, readBigInts: true, returnArrays: true });
    db = opened;
    const meta = new Meta({ own: (sql) => opened.prepare(sql) });
    const { index, term } = meta.applied();
    const membership = meta.bytes('membership') ?? new Uint8Array(0);
    return { index, term, membership, membershipIndex: meta.index('membership_index') };
  } catch (error) {
    const text = `${path} is no copy of a state: ${(error as Error).message}`;
    throw new SqlccError('storage_failed', text, { cause: error });
  } finally {
    db?.close();
  }
}
