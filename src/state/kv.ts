/** Key-values: one row a key. Keys are bytes (UTF-8), so that order and prefixes are exact. */
import type { StatementSync } from 'node:sqlite';
import type { LogIndex } from '../base/index.ts';
import type { ApplyResult, KvCommand } from '../cluster/index.ts';
import type { OwnStatements } from './schema.ts';
import type { AppliedAt, KvChange, KvItem } from './types.ts';

/** Columns of a row as `itemOf` reads them. */
export const KV_COLUMNS = 'key, value, version, term, at';

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

export class KeyValues {
  readonly #version: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(store: OwnStatements) {
    this.#version = store.own('SELECT version FROM _sqlcc_kv WHERE key = ?');
    // in place: REPLACE would delete and insert anew
    this.#put = store.own(
      `INSERT INTO _sqlcc_kv (${KV_COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, version = excluded.version, term = excluded.term, at = excluded.at`,
    );
    this.#delete = store.own('DELETE FROM _sqlcc_kv WHERE key = ?');
  }

  /** Applies one command; the change is null when nothing changed. */
  apply(
    command: KvCommand,
    at: AppliedAt,
  ): { readonly result: ApplyResult; readonly change: KvChange | null } {
    const { index, term, timestamp } = at;
    const { key } = command;
    const bytes = Buffer.from(key);
    if (command.ifVersion !== null) {
      const current = this.#current(bytes);
      if (command.ifVersion !== current)
        return { result: stale(key, command.ifVersion, current), change: null };
    }
    const stamp = { version: index, term, timestamp };
    if (command.kind === 'kv-put') {
      this.#put.run(bytes, command.value, BigInt(index), BigInt(term), BigInt(timestamp));
      const change: KvChange = { type: 'put', key, value: command.value, ...stamp };
      return { result: { ok: true, value: { key, ...stamp } }, change };
    }
    const deleted = Number(this.#delete.run(bytes).changes) > 0;
    const change: KvChange | null = deleted ? { type: 'delete', key, value: null, ...stamp } : null;
    return { result: { ok: true, value: { deleted, ...stamp } }, change };
  }

  /** Version of a key; 0 without one. */
  #current(key: Uint8Array): LogIndex {
    const row = this.#version.get(key) as unknown as [bigint] | undefined;
    return Number(row?.[0] ?? 0n);
  }
}

function stale(key: string, wanted: LogIndex, current: LogIndex): ApplyResult {
  const is = current === 0 ? 'does not exist' : `has version ${current}`;
  const message =
    wanted === 0 ? `key "${key}" exists with version ${current}` : `key "${key}" ${is}, not ${wanted}`;
  return { ok: false, code: 'precondition_failed', message, details: { version: current } };
}
