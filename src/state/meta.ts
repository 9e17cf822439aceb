/** Small facts in the state file: the applied position, the membership, the cluster's record. */
import type { StatementSync } from 'node:sqlite';
import type { LogIndex, LogPosition, Term } from '../base/index.ts';
import type { OwnStatements } from './schema.ts';

export class Meta {
  readonly #mark: StatementSync;
  readonly #applied: StatementSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;

  constructor(store: OwnStatements) {
    this.#mark = store.own('REPLACE INTO _sqlcc_applied VALUES (0, ?, ?)');
    this.#applied = store.own('SELECT idx, term FROM _sqlcc_applied WHERE id = 0');
    this.#put = store.own('REPLACE INTO _sqlcc_meta VALUES (?, ?)');
    this.#get = store.own('SELECT value FROM _sqlcc_meta WHERE name = ?');
  }

  /** Position of the last applied entry; 0/0 in a new file. */
  applied(): LogPosition {
    const row = this.#applied.get() as unknown as [bigint, bigint] | undefined;
    return row === undefined ? { index: 0, term: 0 } : { index: Number(row[0]), term: Number(row[1]) };
  }

  /** Replaces row 0, which also resets last_insert_rowid() to 0 and changes() to 1. */
  mark(index: LogIndex, term: Term): void {
    this.#mark.run(BigInt(index), BigInt(term));
  }

  putBytes(name: 'membership' | 'cluster', value: Uint8Array): void {
    this.#put.run(name, value);
  }

  putIndex(name: 'membership_index', value: LogIndex): void {
    this.#put.run(name, BigInt(value));
  }

  bytes(name: 'membership' | 'cluster'): Uint8Array | null {
    const row = this.#get.get(name) as unknown as [Uint8Array] | undefined;
    return row?.[0] ?? null;
  }

  index(name: 'membership_index'): LogIndex {
    const row = this.#get.get(name) as unknown as [bigint] | undefined;
    return Number(row?.[0] ?? 0n);
  }
}
