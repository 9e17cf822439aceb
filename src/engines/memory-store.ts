/**
 * `SqlStore` without a file: the second implementation of the port, for tests and for
 * whoever wants a node without a disk. Same statements, same clock and chance; a
 * snapshot is the serialized image.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { SqlStatement } from '../cluster/index.ts';
import type { SqlOutcome, SqlPin, SqlStore } from './sql-store.ts';
import { type Connection, openConnection } from './sqlite/connection.ts';
import { hashUserContent, ValueHasher } from './sqlite/content-hash.ts';
import { SqlExecutor } from './sqlite/executor.ts';
import { checkPages } from './sqlite/page-copy.ts';
import { PinnedFunctions } from './sqlite/pinned-functions.ts';

export class MemoryStore implements SqlStore {
  readonly #functions = new PinnedFunctions();
  readonly #connection: Connection = openConnection(':memory:', { readOnly: false });
  #writer: SqlExecutor;
  #reader: SqlExecutor;

  constructor() {
    this.#functions.register(this.#connection.db);
    this.#writer = new SqlExecutor(this.#connection, 'write');
    this.#reader = new SqlExecutor(this.#connection, 'read');
  }

  transaction<T>(work: () => T): T {
    const { db } = this.#connection;
    db.exec('BEGIN');
    try {
      const done = work();
      db.exec('COMMIT');
      return done;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  apply(statements: readonly SqlStatement[], pin: SqlPin): SqlOutcome {
    this.#functions.pin(pin);
    return this.#writer.run(statements);
  }

  query(statements: readonly SqlStatement[]): SqlOutcome {
    this.#functions.pin({ timestamp: 0, seed: 0 });
    return this.#reader.run(statements);
  }

  snapshot(path: string): Promise<void> {
    const image = this.#connection.db.serialize();
    return new Promise((resolve) => {
      writeFileSync(path, image);
      resolve();
    });
  }

  restore(path: string): void {
    checkPages(path);
    const image = readFileSync(path);
    // an image of a WAL database opens in memory only as a plain one (file format, bytes 18 and 19)
    image.fill(1, 18, 20);
    this.#connection.db.deserialize(image);
    this.#writer = new SqlExecutor(this.#connection, 'write');
    this.#reader = new SqlExecutor(this.#connection, 'read');
    rmSync(path);
  }

  hash(): string {
    this.#functions.pin({ timestamp: 0, seed: 0 });
    const hasher = new ValueHasher();
    hashUserContent(this.#connection.db, hasher);
    return hasher.digest();
  }

  readonly isOutrun = false;

  async settled(): Promise<void> {}

  close(): void {
    this.#connection.db.close();
    this.#functions.close();
  }
}
