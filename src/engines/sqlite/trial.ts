/**
 * Tries a write where it may hang: in a process that can be killed. SQLite has one
 * writer, so a trial on the live file would make the applier wait; it runs on a private
 * copy instead and is rolled back. A database too large to copy in passing is judged
 * by the plan: one pass over a table is measured by reading it, anything else refused.
 *
 * Only the time counts. What the statements answer, also an error, is decided when the
 * entry is applied.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, LIMITS, SqlccError } from '../../base/index.ts';
import type { SqlStatement } from '../../cluster/index.ts';
import { type Connection, openConnection } from './connection.ts';
import { SqlExecutor } from './executor.ts';
import { copyPages } from './page-copy.ts';
import { PinnedFunctions } from './pinned-functions.ts';
import type { FilePosition, SqliteReader } from './sqlite-reader.ts';

/** What the trial's time is in steps of plan-cost.ts. */
const MOST_STEPS = LIMITS.sqlTrialTimeoutMs * 1000;

interface Copy {
  readonly connection: Connection;
  readonly executor: SqlExecutor;
  /** What it is a copy of; it is fresh while that stands still. */
  readonly of: FilePosition;
}

/** Name of the copy that the process `pid` makes; whoever kills the process removes it. */
export function trialFile(dir: string, pid: number): string {
  return join(dir, `trial-${pid}.db`);
}

export class Trial {
  readonly #reader: SqliteReader;
  readonly #file: string;
  readonly #copyBytes: Bytes;
  readonly #functions = new PinnedFunctions();
  #copy: Copy | null = null;

  /** `copyBytes`: up to this size the database is copied. */
  constructor(reader: SqliteReader, file: string, copyBytes: Bytes = LIMITS.sqlTrialCopyBytes) {
    this.#copyBytes = copyBytes;
    this.#reader = reader;
    this.#file = file;
  }

  /** Makes ready; the caller's clock for `run` starts when this is done. */
  async prepare(): Promise<void> {
    const of = this.#reader.position();
    const made = this.#copy?.of;
    if (
      of.sizeBytes > this.#copyBytes ||
      (made !== undefined && made.version === of.version && made.path === of.path)
    )
      return;
    this.close();
    await copyPages(of.path, this.#file);
    const connection = openConnection(this.#file, { readOnly: false });
    connection.db.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF');
    this.#functions.register(connection.db);
    const executor = new SqlExecutor(connection, 'write');
    this.#copy = { connection, executor, of };
  }

  /**
   * Returns when the statements ended; throws sql_error when they can't be tried. May hang: kill the
   * process.
   */
  run(statements: readonly SqlStatement[]): void {
    if (this.#copy === null || this.#reader.position().sizeBytes > this.#copyBytes)
      return this.#judge(statements);
    const { connection, executor } = this.#copy;
    this.#functions.pin({ timestamp: Date.now(), seed: 1 });
    connection.db.exec('BEGIN');
    try {
      executor.run(statements);
    } finally {
      if (connection.db.isTransaction) connection.db.exec('ROLLBACK');
      executor.forget();
    }
  }

  close(): void {
    this.#copy?.connection.db.close();
    this.#copy = null;
    if (existsSync(this.#file)) rmSync(this.#file, { force: true });
  }

  #judge(statements: readonly SqlStatement[]): void {
    let steps = 0;
    for (const [n, cost] of this.#reader.costs(statements).entries()) {
      steps += cost.kind === 'known' ? cost.steps : 0;
      if (cost.kind === 'linear') this.#reader.scanTables();
      if (cost.kind !== 'unknown' && steps <= MOST_STEPS) continue;
      const why = cost.kind === 'unknown' ? 'does work that can not be foreseen' : 'does too much work';
      const message = `statement ${n} ${why}; the database is too large to try it`;
      const hint = 'write by key, in smaller parts, without triggers, and change the schema separately';
      throw new SqlccError('sql_error', message, { details: { statement: n, sqlstate: '54001' }, hint });
    }
  }
}
