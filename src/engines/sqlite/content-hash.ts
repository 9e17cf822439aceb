/**
 * SHA-256 over what a database says, not over how its pages lie. Tables in the order
 * of their names, rows in the order of their keys, each value with its type; stored
 * columns only, since generated ones follow from them. Shadow tables of full-text and
 * R-tree indexes are left out: their layout depends on when transactions ended; the
 * virtual table's own rows are in.
 */
import { createHash, type Hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

const CHUNK_BYTES = 64 * 1024;

/** Feeds values into a hash, unambiguously: type, length, bytes. */
export class ValueHasher {
  readonly #hash: Hash = createHash('sha256');
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #at = 0;

  add(value: unknown): void {
    if (typeof value === 'string' || value instanceof Uint8Array) {
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      this.#head(typeof value === 'string' ? 3 : 4, (at) => this.#buffer.writeDoubleBE(bytes.length, at));
      if (bytes.length > CHUNK_BYTES) {
        this.#flush();
        this.#hash.update(bytes);
        return;
      }
      if (this.#at + bytes.length > CHUNK_BYTES) this.#flush();
      this.#buffer.set(bytes, this.#at);
      this.#at += bytes.length;
    } else if (typeof value === 'bigint') {
      this.#head(1, (at) => this.#buffer.writeBigInt64BE(value, at));
    } else if (typeof value === 'number') {
      this.#head(2, (at) => this.#buffer.writeDoubleBE(value, at));
    } else {
      this.#head(0, (at) => this.#buffer.writeDoubleBE(0, at));
    }
  }

  /** All rows that a query gives, in its order, closed by their count. */
  addRows(query: StatementSync): void {
    let count = 0n;
    for (const row of query.iterate() as unknown as Iterable<unknown[]>) {
      for (const value of row) this.add(value);
      count++;
    }
    this.add(count);
  }

  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #head(type: number, write: (at: number) => void): void {
    if (this.#at + 9 > CHUNK_BYTES) this.#flush();
    this.#buffer[this.#at] = type;
    write(this.#at + 1);
    this.#at += 9;
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#at));
    this.#at = 0;
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The query that gives a table's stored columns in an order that every replica has. */
function orderedRows(db: DatabaseSync, table: string, withoutRowId: boolean): string {
  const info = db.prepare(`PRAGMA table_xinfo(${quoted(table)})`).all() as unknown as unknown[][];
  const stored = info.filter((column) => column[6] === 0n);
  const names = stored.map((column) => String(column[1]));
  const list = names.map(quoted).join(', ');
  if (withoutRowId) {
    const keys = stored.filter((c) => (c[5] as bigint) > 0n).sort((a, b) => Number(a[5]) - Number(b[5]));
    const order = keys.map((c) => quoted(String(c[1]))).join(', ');
    return `SELECT ${list} FROM ${quoted(table)} ORDER BY ${order}`;
  }
  const taken = info.map((column) => String(column[1]).toLowerCase());
  const rowId = ['rowid', '_rowid_', 'oid'].find((alias) => !taken.includes(alias));
  if (rowId === undefined) return `SELECT ${list} FROM ${quoted(table)} ORDER BY ${list}`;
  return `SELECT ${rowId}, ${list} FROM ${quoted(table)} NOT INDEXED ORDER BY ${rowId}`;
}

/** Adds the user's schema and rows; tables `_sqlcc_…` and statistics are not the user's. */
export function hashUserContent(db: DatabaseSync, hasher: ValueHasher): void {
  hasher.addRows(db.prepare('PRAGMA user_version'));
  hasher.addRows(
    db.prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema
       WHERE tbl_name NOT LIKE '\\_sqlcc\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY type, name`,
    ),
  );
  const tables = db
    .prepare(
      `SELECT name, type, wr FROM pragma_table_list
       WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE '\\_sqlcc\\_%' ESCAPE '\\'
         AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence')
       ORDER BY name`,
    )
    .all() as unknown as [string, string, bigint][];
  for (const [name, type, withoutRowId] of tables) {
    hasher.add(name);
    const query =
      type === 'virtual'
        ? `SELECT * FROM ${quoted(name)} ORDER BY rowid`
        : orderedRows(db, name, withoutRowId === 1n);
    hasher.addRows(db.prepare(query));
  }
}
