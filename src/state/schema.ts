/**
 * The state machine's own tables, beside the user's in the same file. Their prefix
 * `_sqlcc_` is closed to SQL from outside (engines/sqlite/authorizer.ts).
 */
import type { StatementSync } from 'node:sqlite';
import { SqlccError } from '../base/index.ts';

/** What this room needs of a store: statements of its own. */
export interface OwnStatements {
  own(sql: string): StatementSync;
}

const STATE_FORMAT = 1;

const TABLES = [
  `CREATE TABLE IF NOT EXISTS _sqlcc_applied (
     id INTEGER PRIMARY KEY, idx INTEGER NOT NULL, term INTEGER NOT NULL
   )`,
  `CREATE TABLE IF NOT EXISTS _sqlcc_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _sqlcc_kv (
     key BLOB PRIMARY KEY, value TEXT NOT NULL,
     version INTEGER NOT NULL, term INTEGER NOT NULL, at INTEGER NOT NULL
   ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _sqlcc_sessions (
     id TEXT PRIMARY KEY, used INTEGER NOT NULL, floor INTEGER NOT NULL,
     replies INTEGER NOT NULL, bytes INTEGER NOT NULL
   ) WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS _sqlcc_sessions_used ON _sqlcc_sessions (used, id)`,
  `CREATE TABLE IF NOT EXISTS _sqlcc_replies (
     session TEXT NOT NULL, seq INTEGER NOT NULL, reply TEXT NOT NULL, PRIMARY KEY (session, seq)
   ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _sqlcc_events (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`,
];

/**
 * What of the record is no part of the hash: nodes that came from a version which did not count elections, at
 * different moments, count from different numbers for good. Nothing follows from it but a metric.
 */
const UNHASHED = '$.state.electionCount';

/**
 * Tables and order of what belongs to the replicated state, for its hash. Events are derived, so they
 * are not in it.
 */
export const HASHED = [
  `SELECT idx, term FROM _sqlcc_applied`,
  `SELECT name, CASE name WHEN 'cluster' THEN json_remove(CAST(value AS TEXT), '${UNHASHED}') ELSE value END
     FROM _sqlcc_meta ORDER BY name`,
  `SELECT key, value, version, term, at FROM _sqlcc_kv ORDER BY key`,
  `SELECT id, used, floor, replies, bytes FROM _sqlcc_sessions ORDER BY id`,
  `SELECT session, seq, reply FROM _sqlcc_replies ORDER BY session, seq`,
];

/** Makes the tables where they are missing; throws storage_failed for a file of a later version. */
export function createSchema(store: OwnStatements): void {
  for (const sql of TABLES) store.own(sql).run();
  store.own(`INSERT OR IGNORE INTO _sqlcc_meta VALUES ('format', ?)`).run(BigInt(STATE_FORMAT));
  const [format] = store.own(`SELECT value FROM _sqlcc_meta WHERE name = 'format'`).get() as unknown as [
    bigint,
  ];
  if (Number(format) !== STATE_FORMAT) {
    const text = `the state file has format ${format}, this version reads ${STATE_FORMAT}`;
    throw new SqlccError('storage_failed', text, {
      hint: 'start the version that wrote it, or let the node join anew',
    });
  }
}
