/**
 * Reads of the state file on a read-only connection. It notices when a restore has
 * replaced the file, and a group of reads sees one point in time. Its clock is the
 * real one: what a read answers is not replicated.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Bytes, LIMITS, SqlccError } from '../../base/index.ts';
import type { SqlStatement } from '../../cluster/index.ts';
import type { SqlFailure, SqlResult } from '../sql-store.ts';
import { type Connection, openConnection } from './connection.ts';
import { SqlExecutor } from './executor.ts';
import { PinnedFunctions } from './pinned-functions.ts';
import { type PlanCost, requestCosts } from './plan-cost.ts';
import { type SchemaFacts, schemaFacts } from './schema-facts.ts';
import { isEngineError } from './sql-errors.ts';
import { type StatementShape, shapeOf } from './statement-shape.ts';
import { currentGeneration } from './store-file.ts';

interface Opened {
  readonly generation: string;
  readonly connection: Connection;
  readonly executor: SqlExecutor;
  readonly own: Map<string, StatementSync>;
  /** Facts of the schema, and its version. */
  facts: { readonly version: unknown; readonly value: SchemaFacts } | null;
}

/** What a group of reads at one point in time may ask. */
export interface ReaderView {
  /** A statement of the state machine's own, kept for the next call. */
  own(sql: string): StatementSync;
  /** The answers of all statements; throws sql_error for one that fails or would write. */
  query(statements: readonly SqlStatement[]): readonly SqlResult[];
}

/** Where the file stands now. */
export interface FilePosition {
  readonly path: string;
  readonly sizeBytes: Bytes;
  /** SQLite's count of commits by others. */
  readonly version: unknown;
}

function ownOf({ own, connection }: Opened, sql: string): StatementSync {
  let statement = own.get(sql);
  if (statement === undefined) {
    statement = connection.db.prepare(sql);
    own.set(sql, statement);
  }
  return statement;
}

function queryOf({ executor }: Opened, statements: readonly SqlStatement[]): readonly SqlResult[] {
  try {
    const outcome = executor.run(statements);
    if (outcome.ok) return outcome.results;
    throw sqlError(outcome.failure);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new SqlccError('storage_failed', `the state can't be read: ${error.message}`, { cause: error });
  }
}

/** A refused statement as edges throw it; statement numbers count from 0. */
function sqlError(failure: SqlFailure): SqlccError {
  const details = { statement: failure.statement, sqlstate: failure.sqlstate };
  return new SqlccError('sql_error', failure.message, { details });
}

/** The user's ordinary tables, as quoted names. */
function userTables(db: DatabaseSync): string[] {
  const sql = `SELECT name FROM sqlite_schema
    WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE '\\_sqlcc%' ESCAPE '\\'`;
  const rows = db.prepare(sql).all() as unknown as [string][];
  return rows.map(([name]) => `"${name.replaceAll('"', '""')}"`);
}

export class SqliteReader {
  readonly #dir: string;
  readonly #shapes = new Map<string, StatementShape>();
  #long: { readonly sql: string; readonly shape: StatementShape } | null = null;
  #opened: Opened | null = null;
  /** What `own` found in this run of microtasks. */
  #now: Opened | null = null;
  readonly #endNow = (): void => {
    const now = this.#now;
    this.#now = null;
    if (now?.connection.db.isOpen === true) now.connection.db.exec('COMMIT');
  };

  /** Opens lazily: the folder may still be empty. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * A statement of the state machine's own, kept for the next call. Throws unavailable while there is
   * no file. Callers that one message has released read in one transaction, of the file that is there when
   * the first of them reads: what any of them waited for was committed before that message was sent.
   */
  own(sql: string): StatementSync {
    if (this.#now === null) {
      this.#now = this.#current();
      this.#now.connection.db.exec('BEGIN');
      queueMicrotask(this.#endNow);
    }
    return ownOf(this.#now, sql);
  }

  /** Runs `work` in one read transaction of one file, also when a restore replaces it meanwhile. */
  snapshot<T>(work: (view: ReaderView) => T): T {
    const opened = this.#current();
    const { db } = opened.connection;
    db.exec('BEGIN');
    try {
      return work({
        own: (sql) => ownOf(opened, sql),
        query: (statements) => queryOf(opened, statements),
      });
    } finally {
      db.exec('COMMIT');
    }
  }

  /**
   * Runs `work` in one read transaction of a connection of its own, where the clock stands at 0 as it does
   * when the applier hashes.
   */
  timeless<T>(work: (db: DatabaseSync) => T): T {
    const { db } = openConnection(this.position().path, { readOnly: true });
    const functions = new PinnedFunctions();
    functions.register(db);
    try {
      db.exec('BEGIN');
      return work(db);
    } finally {
      db.close();
      functions.close();
    }
  }

  /**
   * The shape of a text; short ones are remembered, and the last long one, which is asked for again at
   * once.
   */
  shape(sql: string): StatementShape {
    const known = this.#shapes.get(sql) ?? (this.#long?.sql === sql ? this.#long.shape : undefined);
    if (known !== undefined) return known;
    const shape = shapeOf(sql);
    if (sql.length > LIMITS.sqlCachedTextBytes) {
      this.#long = { sql, shape };
      return shape;
    }
    if (this.#shapes.size >= LIMITS.sqlStatementCache) this.#shapes.clear();
    this.#shapes.set(sql, shape);
    return shape;
  }

  /** How much work each statement of a request that writes may be. */
  costs(statements: readonly SqlStatement[]): readonly PlanCost[] {
    const opened = this.#current();
    const [version] = ownOf(opened, 'PRAGMA schema_version').get() as unknown as [unknown];
    const known = opened.facts?.version === version ? opened.facts : null;
    opened.facts = known ?? { version, value: schemaFacts(opened.connection.db) };
    return requestCosts(opened.connection, opened.facts.value, statements, (sql) => this.shape(sql));
  }

  /** Walks all tables of the user once: no single pass of a write takes longer to read. */
  scanTables(): void {
    const { db } = this.#current().connection;
    for (const name of userTables(db)) db.prepare(`SELECT count(*) FROM ${name} NOT INDEXED`).get();
  }

  /** The file that is read now, how large it is and how new. */
  position(): FilePosition {
    const opened = this.#current();
    const [pages] = ownOf(opened, 'PRAGMA page_count').get() as unknown as [bigint];
    const [version] = ownOf(opened, 'PRAGMA data_version').get() as unknown as [unknown];
    return { path: join(this.#dir, opened.generation), sizeBytes: Number(pages) * 4096, version };
  }

  close(): void {
    this.#endNow();
    this.#opened?.connection.db.close();
    this.#opened = null;
  }

  #current(): Opened {
    this.#endNow();
    const generation = currentGeneration(this.#dir);
    if (this.#opened !== null && this.#opened.generation === generation) return this.#opened;
    this.close();
    if (generation === null || !existsSync(join(this.#dir, generation))) {
      throw new SqlccError('unavailable', 'the state of this node is not open yet');
    }
    const connection = openConnection(join(this.#dir, generation), { readOnly: true });
    const executor = new SqlExecutor(connection, 'read');
    this.#opened = { generation, connection, executor, own: new Map(), facts: null };
    return this.#opened;
  }
}
