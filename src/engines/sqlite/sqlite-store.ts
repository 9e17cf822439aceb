/**
 * The embedded engine: one SQLite file behind the port `SqlStore`. The state machine
 * keeps its own tables in the same file through `own`, so that a user's rows and the
 * applied index are one transaction.
 *
 * Durability: WAL with synchronous=NORMAL. A power cut may lose the newest
 * transactions, never tear the file: the Raft log still has them, because it is cut
 * only behind a snapshot, and `snapshot` syncs the file first.
 */
import type { StatementSync } from 'node:sqlite';
import { assert } from '../../base/index.ts';
import type { SqlStatement } from '../../cluster/index.ts';
import type { SqlOutcome, SqlPin, SqlStore } from '../sql-store.ts';
import { Checkpoints } from './checkpoints.ts';
import { type Connection, openConnection } from './connection.ts';
import { hashUserContent, ValueHasher } from './content-hash.ts';
import { SqlExecutor } from './executor.ts';
import { checkPages, copyPages } from './page-copy.ts';
import { PinnedFunctions } from './pinned-functions.ts';
import { adopt, discardStoreFile, openStoreFile, syncStoreFile } from './store-file.ts';

/** SQLite's own default, 2 MB. */
const CACHE_KIB = 2000;
/** Changed pages beyond nine tenths of it are written before the commit. */
const STEPPED_CACHE_KIB = 400;

/** Clock and chance outside log entries: fixed, so that nothing depends on when it ran. */
const EPOCH: SqlPin = { timestamp: 0, seed: 0 };

interface Opened {
  readonly path: string;
  readonly connection: Connection;
  readonly writer: SqlExecutor;
  readonly reader: SqlExecutor;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly checkpoints: Checkpoints;
}

export class SqliteStore implements SqlStore {
  readonly #dir: string;
  readonly #functions = new PinnedFunctions();
  #opened: Opened;

  private constructor(dir: string) {
    this.#dir = dir;
    this.#opened = this.#open(openStoreFile(dir));
  }

  /** Opens or makes the database in the folder `dir`, or throws storage_failed. Only one process may. */
  static open(dir: string): SqliteStore {
    return new SqliteStore(dir);
  }

  /** Removes the database in the folder `dir`, which nobody has open. */
  static discard(dir: string): void {
    discardStoreFile(dir);
  }

  /** A statement of the state machine itself; lives until the next restore. */
  own(sql: string): StatementSync {
    return this.#opened.connection.db.prepare(sql);
  }

  transaction<T>(work: () => T): T {
    const { begin, commit, checkpoints } = this.#opened;
    begin.run();
    try {
      const done = work();
      commit.run();
      checkpoints.afterCommit();
      return done;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /**
   * A transaction of many small steps, up to `commit` or `rollback`: between them nothing but statements of
   * its own may come. Its pages are written as it grows, or the commit would take as long as all steps.
   * Not while `isCopying`.
   */
  begin(): void {
    const { connection, begin, checkpoints } = this.#opened;
    assert(!checkpoints.isUnderWay, 'a transaction in steps while the log is copied');
    connection.db.exec(`PRAGMA cache_size = -${STEPPED_CACHE_KIB}`);
    begin.run();
  }

  commit(): void {
    const { connection, commit, checkpoints } = this.#opened;
    commit.run();
    connection.db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    checkpoints.afterCommit();
  }

  rollback(): void {
    const { db } = this.#opened.connection;
    // a full disk has rolled back by itself
    if (db.isTransaction) db.exec('ROLLBACK');
  }

  /** The log is being copied beside the applying, which a transaction in steps would stand in the way of. */
  get isCopying(): boolean {
    return this.#opened.checkpoints.isUnderWay;
  }

  apply(statements: readonly SqlStatement[], pin: SqlPin): SqlOutcome {
    this.#functions.pin(pin);
    return this.#opened.writer.run(statements);
  }

  query(statements: readonly SqlStatement[]): SqlOutcome {
    this.#functions.pin(EPOCH);
    return this.#opened.reader.run(statements);
  }

  snapshot(path: string): Promise<void> {
    syncStoreFile(this.#opened.path);
    return copyPages(this.#opened.path, path);
  }

  restore(path: string): void {
    checkPages(path);
    this.#closeFile();
    this.#opened = this.#open(adopt(this.#dir, path));
  }

  /** Adds schema and rows of the user to a hash that somebody else ends. */
  hashInto(hasher: ValueHasher): void {
    this.#functions.pin(EPOCH);
    hashUserContent(this.#opened.connection.db, hasher);
  }

  hash(): string {
    const hasher = new ValueHasher();
    this.hashInto(hasher);
    return hasher.digest();
  }

  get isOutrun(): boolean {
    return this.#opened.checkpoints.isOutrun;
  }

  settled(): Promise<void> {
    return this.#opened.checkpoints.settled();
  }

  close(): void {
    this.#closeFile();
    this.#functions.close();
  }

  /** The last connection to close copies the log: that too is announced. */
  #closeFile(): void {
    const { checkpoints, connection } = this.#opened;
    checkpoints.copy();
    connection.db.close();
    checkpoints.close();
  }

  #open(path: string): Opened {
    const connection = openConnection(path, { readOnly: false });
    const { db } = connection;
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    // a long read lets the WAL grow; afterwards it is cut back to 64 MiB
    db.exec('PRAGMA journal_size_limit = 67108864');
    const checkpoints = new Checkpoints(path, db);
    this.#functions.register(db);
    return {
      path,
      connection,
      writer: new SqlExecutor(connection, 'write'),
      reader: new SqlExecutor(connection, 'read'),
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      checkpoints,
    };
  }
}
