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

  /** All rows that a query gives, in its order, closed by their count, which it answers. */
  addRows(query: StatementSync): number {
    let count = 0n;
    for (const row of query.iterate() as unknown as Iterable<unknown[]>) {
      for (const value of row) this.add(value);
      count++;
    }
    this.add(count);
    return Number(count);
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

const SCHEMA = `SELECT type, name, tbl_name, sql FROM sqlite_schema
  WHERE tbl_name NOT LIKE '\\_sqlcc\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
  ORDER BY type, name`;
const TABLES = `SELECT name, type, wr FROM pragma_table_list
  WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE '\\_sqlcc\\_%' ESCAPE '\\'
    AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence')
  ORDER BY name`;

/** The user's tables by name, each with the query that gives its rows in an order that every replica has. */
function userTables(db: DatabaseSync): { readonly name: string; readonly query: string }[] {
  const tables = db.prepare(TABLES).all() as unknown as [string, string, bigint][];
  return tables.map(([name, type, withoutRowId]) => ({
    name,
    query:
      type === 'virtual'
        ? `SELECT * FROM ${quoted(name)} ORDER BY rowid`
        : orderedRows(db, name, withoutRowId === 1n),
  }));
}

/** Adds the user's schema and rows; tables `_sqlcc_…` and statistics are not the user's. */
export function hashUserContent(db: DatabaseSync, hasher: ValueHasher): void {
  hasher.addRows(db.prepare('PRAGMA user_version'));
  hasher.addRows(db.prepare(SCHEMA));
  for (const { name, query } of userTables(db)) {
    hasher.add(name);
    hasher.addRows(db.prepare(query));
  }
}

/** What one part of a state says: so many rows, and SHA-256 over them, hex. */
export interface PartDigest {
  readonly part: string;
  readonly rows: number;
  readonly sha256: string;
}

/** SHA-256 over the rows of some queries of a read connection. */
export function partDigest(db: DatabaseSync, part: string, queries: readonly string[]): PartDigest {
  const hasher = new ValueHasher();
  const rows = queries.reduce((sum, query) => sum + hasher.addRows(db.prepare(query)), 0);
  return { part, rows, sha256: hasher.digest() };
}

/** The user's schema and each of the user's tables apart. */
export function userDigests(db: DatabaseSync): PartDigest[] {
  const schema = partDigest(db, 'schema', ['PRAGMA user_version', SCHEMA]);
  return [schema, ...userTables(db).map(({ name, query }) => partDigest(db, `table ${name}`, [query]))];
}
