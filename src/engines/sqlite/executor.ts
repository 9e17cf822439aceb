/**
 * Runs a user's statements on a connection and shapes their answers. Each call is
 * atomic inside the caller's transaction: a savepoint is released at the end, or
 * rolled back when a statement fails. A failure of the machine is thrown, never
 * returned (sql-errors.ts).
 */
import type { StatementSync } from 'node:sqlite';
import { LIMITS } from '../../base/index.ts';
import type { SqlParam, SqlStatement } from '../../cluster/index.ts';
import type { SqlFailure, SqlOutcome, SqlResult, SqlValue } from '../sql-store.ts';
import type { GuardMode } from './authorizer.ts';
import type { Connection } from './connection.ts';
import { tokens } from './lexer.ts';
import { shadowRead, shadowTables } from './shadow-tables.ts';
import { isEngineError, isMachineError, sqlstateOf } from './sql-errors.ts';
import { type StatementShape, shapeOf } from './statement-shape.ts';
import { bind, sizeOf, toJson } from './values.ts';

/** The largest row id; behind it SQLite draws ids by chance, which replicas can't share. */
const LAST_ROW_ID = 9_223_372_036_854_775_807n;
const INSERTS = ['INSERT', 'REPLACE'];
const CHANGES = [...INSERTS, 'UPDATE', 'DELETE'];

interface Prepared {
  readonly statement: StatementSync;
  readonly shape: StatementShape;
  readonly columns: readonly string[];
  readonly types: readonly (string | null)[];
  readonly changesSchema: boolean;
  /** One `max(rowid)` query for each table whose rows it inserts or moves. */
  readonly lastRowIds: readonly { readonly table: string; readonly query: StatementSync }[];
}

type Refused = Omit<SqlFailure, 'statement'>;
type Answer = { readonly result: SqlResult; readonly changesSchema: boolean } | { readonly refused: Refused };

function refused(sqlstate: string, message: string): { readonly refused: Refused } {
  return { refused: { sqlstate, message } };
}

export class SqlExecutor {
  readonly #connection: Connection;
  readonly #mode: GuardMode;
  readonly #prepared = new Map<string, Prepared>();
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #rollback: StatementSync;
  readonly #changes: StatementSync;
  readonly #schemaVersion: StatementSync;
  #seenSchema: unknown = null;
  /** Bytes and rows left for the answer of the call under way. */
  #rowsLeft = 0;
  #bytesLeft = 0;

  /** `mode`: `write` for statements from the log, `read` for queries. */
  constructor(connection: Connection, mode: 'write' | 'read') {
    this.#connection = connection;
    this.#mode = mode;
    const { db } = connection;
    this.#savepoint = db.prepare('SAVEPOINT request');
    this.#release = db.prepare('RELEASE request');
    this.#rollback = db.prepare('ROLLBACK TO request');
    this.#changes = db.prepare('SELECT changes()');
    this.#schemaVersion = db.prepare('PRAGMA schema_version');
  }

  /** Runs all statements or none. */
  run(statements: readonly SqlStatement[]): SqlOutcome {
    this.#rowsLeft = LIMITS.maxSqlRows;
    this.#bytesLeft = LIMITS.maxSqlResultBytes;
    const results: SqlResult[] = [];
    let schemaChanged = false;
    this.#savepoint.run();
    if (this.#mode === 'read') this.#noticeSchema();
    for (const [n, statement] of statements.entries()) {
      const answer = this.#one(statement);
      if ('refused' in answer) {
        this.#rollback.run();
        this.#release.run();
        if (schemaChanged) this.#prepared.clear();
        return { ok: false, failure: { statement: n, ...answer.refused } };
      }
      results.push(answer.result);
      if (answer.changesSchema) {
        schemaChanged = true;
        this.#prepared.clear();
      }
    }
    this.#release.run();
    return { ok: true, results };
  }

  /** Drops prepared statements: somebody rolled back a change of the schema. */
  forget(): void {
    this.#prepared.clear();
  }

  /** A reader's schema changes behind its back: names and types of columns are read anew. */
  #noticeSchema(): void {
    const [version] = this.#schemaVersion.get() as unknown as [unknown];
    if (version !== this.#seenSchema) this.#prepared.clear();
    this.#seenSchema = version;
  }

  #one(statement: SqlStatement): Answer {
    const { guard } = this.#connection;
    try {
      const prepared = this.#prepare(statement.sql);
      if ('refused' in prepared) return prepared;
      const answer = guard.as(this.#modeOf(prepared.shape), () =>
        this.#execute(prepared, statement.params ?? []),
      );
      if ('refused' in answer) return answer;
      return this.#rowIdsUsedUp(prepared) ?? { ...answer, changesSchema: prepared.changesSchema };
    } catch (error) {
      return this.#refusalOf(error);
    }
  }

  /** EXPLAIN runs nothing, so a read may explain a write. */
  #modeOf(shape: StatementShape): GuardMode {
    return shape.verb === 'EXPLAIN' ? 'write' : this.#mode;
  }

  #prepare(sql: string): Prepared | { readonly refused: Refused } {
    const cached = this.#prepared.get(sql);
    if (cached !== undefined) {
      // the order of the map is the order of use
      this.#prepared.delete(sql);
      this.#prepared.set(sql, cached);
      return cached;
    }
    const shape = shapeOf(sql);
    if (shape.refusal !== null) return { refused: shape.refusal };
    const { db, guard } = this.#connection;
    guard.reset();
    if (shape.verb === 'ANALYZE') guard.uncounted = shadowTables(db);
    const statement = guard.as(this.#modeOf(shape), () => db.prepare(sql));
    if (tokens(sql.slice(statement.sourceSQL.length)).some((t) => t.text !== ';')) {
      return refused('42601', 'the text holds more than one statement; send them as a list');
    }
    const shadow = this.#mode === 'write' ? shadowRead(db, guard.touched, shape) : null;
    if (shadow !== null) {
      return refused('42501', `${shadow} is how an index stores itself, which may differ between nodes`);
    }
    const columns = statement.columns();
    const prepared: Prepared = {
      statement,
      shape,
      columns: columns.map((c) => c.name),
      types: columns.map((c) => c.type ?? null),
      changesSchema: guard.touched.changesSchema,
      lastRowIds:
        this.#mode === 'write' && CHANGES.includes(shape.verb)
          ? this.#rowIdQueries(guard.touched.written)
          : [],
    };
    if (sql.length > LIMITS.sqlCachedTextBytes) return prepared;
    this.#prepared.set(sql, prepared);
    for (const oldest of this.#prepared.keys()) {
      if (this.#prepared.size <= LIMITS.sqlStatementCache) break;
      this.#prepared.delete(oldest);
    }
    return prepared;
  }

  #execute(
    { statement, shape, columns, types }: Prepared,
    params: readonly SqlParam[],
  ): { readonly result: SqlResult } | { readonly refused: Refused } {
    const binding = bind(shape.params, params);
    if (!binding.ok) return refused(binding.sqlstate, binding.message);
    const args = binding.args as Parameters<StatementSync['run']>;
    if (columns.length === 0) {
      const done = statement.run(...args);
      const changes = CHANGES.includes(shape.verb) ? Number(done.changes) : 0;
      return {
        result: this.#result({ columns, types }, [], { shape, changes, last: BigInt(done.lastInsertRowid) }),
      };
    }
    const rows: SqlValue[][] = [];
    for (const row of statement.iterate(...args) as unknown as Iterable<unknown[]>) {
      const values = row.map(toJson);
      this.#rowsLeft--;
      for (const value of values) this.#bytesLeft -= sizeOf(value);
      if (this.#rowsLeft < 0) return refused('54000', `the answer has more than ${LIMITS.maxSqlRows} rows`);
      if (this.#bytesLeft < 0)
        return refused('54000', `the answer is larger than ${LIMITS.maxSqlResultBytes} bytes`);
      rows.push(values);
    }
    if (!CHANGES.includes(shape.verb)) {
      return { result: { columns, types, rows, rows_affected: 0, last_insert_id: null } };
    }
    const [changes, last] = this.#afterReturning();
    return { result: this.#result({ columns, types }, rows, { shape, changes, last }) };
  }

  #afterReturning(): [number, bigint] {
    const { guard, db } = this.#connection;
    return guard.as('own', () => {
      const changes = Number((this.#changes.get() as unknown as [bigint])[0]);
      const last = (db.prepare('SELECT last_insert_rowid()').get() as unknown as [bigint])[0];
      return [changes, last];
    });
  }

  #result(
    head: Pick<SqlResult, 'columns' | 'types'>,
    rows: SqlResult['rows'],
    done: { readonly shape: StatementShape; readonly changes: number; readonly last: bigint },
  ): SqlResult {
    // 0 is what the entry's own mark left behind: this statement set no row id
    const inserted = INSERTS.includes(done.shape.verb) && done.changes > 0 && done.last !== 0n;
    const last = inserted ? (toJson(done.last) as number | string) : null;
    return { ...head, rows, rows_affected: done.changes, last_insert_id: last };
  }

  #rowIdQueries(tables: ReadonlySet<string>): Prepared['lastRowIds'] {
    const queries: { table: string; query: StatementSync }[] = [];
    for (const table of tables) {
      try {
        const name = `"${table.replaceAll('"', '""')}"`;
        queries.push({ table, query: this.#connection.db.prepare(`SELECT max(_rowid_) FROM ${name}`) });
      } catch {
        // a table without row ids, or a view: nothing to run out of
      }
    }
    return queries;
  }

  #rowIdsUsedUp(prepared: Prepared): { readonly refused: Refused } | null {
    for (const { table, query } of prepared.lastRowIds) {
      if ((query.get() as unknown as [unknown])[0] === LAST_ROW_ID) {
        return refused(
          '54000',
          `${table}: row id ${LAST_ROW_ID} would be the last; behind it ids are random`,
        );
      }
    }
    return null;
  }

  #refusalOf(error: unknown): { readonly refused: Refused } {
    if (isEngineError(error)) {
      const { reason } = this.#connection.guard;
      if (reason !== null && !isMachineError(error)) return refused('42501', reason);
      if (isMachineError(error)) throw error;
      return refused(sqlstateOf(error), error.message);
    }
    const code = (error as { code?: unknown } | null)?.code;
    // node:sqlite's own complaints about a text or a value: the same text everywhere
    if (typeof code === 'string' && code.startsWith('ERR_') && error instanceof Error) {
      return refused('42601', error.message);
    }
    throw error;
  }
}
