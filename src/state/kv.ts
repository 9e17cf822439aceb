/**
 * Key-values: one row a key. Keys are bytes (UTF-8), so that order and prefixes are exact.
 *
 * Writes gather in memory until `flush`: what a key holds is written once however often it
 * changed, and a page once for all its keys. Until then no reader of the file sees them.
 */
import type { StatementSync } from 'node:sqlite';
import type { Bytes, LogIndex, Term, Timestamp } from '../base/index.ts';
import type { ApplyResult, KvCommand } from '../cluster/index.ts';
import type { OwnStatements } from './schema.ts';
import type { AppliedAt, KvChange, KvItem } from './types.ts';

/** Columns of a row as `itemOf` reads them. */
export const KV_COLUMNS = 'key, value, version, term, at';

/** A key and its value have so much around them. */
const ROW_BYTES = 128;

export type KvRow = readonly [Uint8Array, string, bigint, bigint, bigint];

export function itemOf(row: KvRow): KvItem {
  const [key, value, version, term, at] = row;
  return {
    key: Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('utf8'),
    value,
    version: Number(version),
    term: Number(term),
    timestamp: Number(at),
  };
}

/** The first key behind all that begin with `prefix`; null when nothing is behind them. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return null;
  const end = Uint8Array.from(prefix.subarray(0, length));
  end[length - 1] = (end[length - 1] as number) + 1;
  return end;
}

/** What is on its way to the file: rows in the order of their pages, and how many have been written. */
interface Leaving {
  readonly entries: ReadonlyMap<string, Unwritten>;
  readonly keys: readonly string[];
  written: number;
}

/** What a key holds that no row holds yet; without a value it is deleted. */
interface Unwritten {
  readonly value: string | null;
  readonly version: LogIndex;
  readonly term: Term;
  readonly timestamp: Timestamp;
}

export class KeyValues {
  readonly #version: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  #unwritten = new Map<string, Unwritten>();
  /** Null but within a transaction that `flushSome` has begun to fill. */
  #leaving: Leaving | null = null;
  #bytes: Bytes = 0;

  constructor(store: OwnStatements) {
    this.#version = store.own('SELECT version FROM _sqlcc_kv WHERE key = ?');
    // in place: REPLACE would delete and insert anew
    this.#put = store.own(
      `INSERT INTO _sqlcc_kv (${KV_COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, version = excluded.version, term = excluded.term, at = excluded.at`,
    );
    this.#delete = store.own('DELETE FROM _sqlcc_kv WHERE key = ?');
  }

  /** What was written since the last flush began takes in memory, roughly; also values that were replaced. */
  get unwrittenBytes(): Bytes {
    return this.#bytes;
  }

  /** Applies one command; the change is null when nothing changed. */
  apply(
    command: KvCommand,
    at: AppliedAt,
  ): { readonly result: ApplyResult; readonly change: KvChange | null } {
    const { index, term, timestamp } = at;
    const { key } = command;
    if (command.ifVersion !== null) {
      const current = this.#current(key);
      if (command.ifVersion !== current)
        return { result: stale(key, command.ifVersion, current), change: null };
    }
    const stamp = { version: index, term, timestamp };
    if (command.kind === 'kv-put') {
      const { value } = command;
      this.#note(key, { value, version: index, term, timestamp });
      const change: KvChange = { type: 'put', key, value, version: index, term, timestamp };
      return { result: { ok: true, value: { key, version: index, term, timestamp } }, change };
    }
    const deleted = this.#current(key) > 0;
    if (deleted) this.#note(key, { value: null, ...stamp });
    const change: KvChange | null = deleted ? { type: 'delete', key, value: null, ...stamp } : null;
    return { result: { ok: true, value: { deleted, ...stamp } }, change };
  }

  /** Writes the rows, within the caller's transaction. */
  flush(): void {
    while (!this.flushSome(Number.POSITIVE_INFINITY));
  }

  /**
   * Writes at most `most` rows of those that waited at the first call; true when all of these are written.
   * All calls up to that one belong into one transaction; what is applied between them waits for the next.
   */
  flushSome(most: number): boolean {
    this.#leaving ??= this.#freeze();
    const leaving = this.#leaving;
    const { entries, keys } = leaving;
    const end = Math.min(keys.length, leaving.written + most);
    for (; leaving.written < end; leaving.written++) {
      const key = keys[leaving.written] as string;
      const { value, version, term, timestamp } = entries.get(key) as Unwritten;
      const bytes = Buffer.from(key);
      if (value === null) this.#delete.run(bytes);
      else this.#put.run(bytes, value, BigInt(version), BigInt(term), BigInt(timestamp));
    }
    if (end < keys.length) return false;
    this.#leaving = null;
    return true;
  }

  /** Neighbours behind each other: a page is looked for once. */
  #freeze(): Leaving {
    const entries = this.#unwritten;
    this.#unwritten = new Map();
    this.#bytes = 0;
    return { entries, keys: [...entries.keys()].sort(), written: 0 };
  }

  #note(key: string, unwritten: Unwritten): void {
    this.#unwritten.set(key, unwritten);
    this.#bytes += key.length + (unwritten.value?.length ?? 0) + ROW_BYTES;
  }

  /** Version of a key; 0 without one. */
  #current(key: string): LogIndex {
    const unwritten = this.#unwritten.get(key) ?? this.#leaving?.entries.get(key);
    if (unwritten !== undefined) return unwritten.value === null ? 0 : unwritten.version;
    const row = this.#version.get(Buffer.from(key)) as unknown as [bigint] | undefined;
    return Number(row?.[0] ?? 0n);
  }
}

function stale(key: string, wanted: LogIndex, current: LogIndex): ApplyResult {
  const is = current === 0 ? 'does not exist' : `has version ${current}`;
  const message =
    wanted === 0 ? `key "${key}" exists with version ${current}` : `key "${key}" ${is}, not ${wanted}`;
  return { ok: false, code: 'precondition_failed', message, details: { version: current } };
}
