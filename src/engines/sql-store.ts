/**
 * Port `SqlStore`: a database that holds no opinion about replication. It is told
 * what to apply, in which order, with which clock and which chance, and does the same
 * on every node. Statements of one call are atomic; a failure that every replica
 * would see is an answer, a failure of this machine (disk full, damage) throws.
 */
import type { Timestamp } from '../base/index.ts';
import type { SqlStatement } from '../cluster/index.ts';

/** A value as JSON carries it: integers over 2^53 are text, blobs base64, infinities text. */
export type SqlValue = string | number | null | { readonly base64: string };

/** The answer of one statement, in the shape of `/v1/sql`. */
export interface SqlResult {
  readonly columns: readonly string[];
  /** Declared type of the column that a result column comes from; null for an expression. */
  readonly types: readonly (string | null)[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly rows_affected: number;
  /** Row id of the last inserted row; null when the statement inserted none. */
  readonly last_insert_id: number | string | null;
}

/** Why a statement was refused: its number in the request, and the SQLSTATE. */
export interface SqlFailure {
  readonly statement: number;
  readonly sqlstate: string;
  readonly message: string;
}

/** All statements took effect, or none did. */
export type SqlOutcome =
  | { readonly ok: true; readonly results: readonly SqlResult[] }
  | { readonly ok: false; readonly failure: SqlFailure };

/** What `now` and chance are while statements of one log entry run. */
export interface SqlPin {
  readonly timestamp: Timestamp;
  /** Seed of `random()` and `randomblob()`; 32 bits. */
  readonly seed: number;
}

export interface SqlStore {
  /** Runs `work` as one durable transaction; what `work` throws rolls all of it back and is thrown. */
  transaction<T>(work: () => T): T;
  /** Applies statements atomically, inside `transaction`. Throws only when this machine failed. */
  apply(statements: readonly SqlStatement[], pin: SqlPin): SqlOutcome;
  /** Reads; a statement that would write is refused. */
  query(statements: readonly SqlStatement[]): SqlOutcome;
  /** Copies the whole database at one point in time to the file `path`. */
  snapshot(path: string): Promise<void>;
  /** Becomes the copy at `path`, which is consumed; throws storage_failed when it is damaged. */
  restore(path: string): void;
  /** SHA-256 over schema and rows in a fixed order, hex; independent of the layout of pages. */
  hash(): string;
  /** The disk can't follow: nothing more is to be applied before `settled`. */
  readonly isOutrun: boolean;
  /** Resolves when nothing is done beside the applying; before `restore` and `close`. */
  settled(): Promise<void>;
  close(): void;
}
