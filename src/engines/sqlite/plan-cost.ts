/**
 * Could this write run away? A cheap, cautious judgement from SQLite's own query plan
 * and the sizes of the tables it touches. `harmless` is a promise; `linear` means one
 * pass over a table; `unknown` means try it where it can be killed.
 */
import type { DatabaseSync } from 'node:sqlite';
import { LIMITS } from '../../base/index.ts';
import type { SqlStatement } from '../../cluster/index.ts';
import type { Connection } from './connection.ts';
import type { StatementShape } from './statement-shape.ts';

export type PlanCost = 'harmless' | 'linear' | 'unknown';

/** Changes of the schema that copy or scan nothing. */
const INSTANT = /^(VIEW|TRIGGER|TABLE|VIRTUAL|UNIQUE|INDEX|IF|TEMP|TEMPORARY)$/;
/** Statements that read whole tables to do their work; in a database this small they can't take long. */
const SMALL_DATABASE_BYTES = 16 * 1024 * 1024;
const KEY_SEARCH = /^SEARCH \S+ USING INTEGER PRIMARY KEY \(rowid=\?\)/;
/** Lines of a plan that announce or sort; the work stands in the lines around them. */
const NOT_A_LOOP = [
  /^(USE TEMP B-TREE|COMPOUND QUERY|LEFT-MOST|UNION|EXCEPT|INTERSECT|MERGE|LEFT$|RIGHT$)/,
  /^((CORRELATED )?(SCALAR|LIST) SUBQUERY|USING ROWID|USING INDEX|CO-ROUTINE|MATERIALIZE)/,
  /^(BLOOM|MULTI-INDEX OR|INDEX \d|SCAN CONSTANT ROW|SCAN \d+ CONSTANT ROWS?|SCAN \d+-ROW VALUES)/,
];

/** Row ids that a table spans: an upper bound of its rows, found in two steps down a tree. */
function spanOf(db: DatabaseSync, table: string): number {
  try {
    const name = `"${table.replaceAll('"', '""')}"`;
    const sql = `SELECT (SELECT max(_rowid_) FROM ${name}) - (SELECT min(_rowid_) FROM ${name}) + 1`;
    const [span] = db.prepare(sql).get() as unknown as [unknown];
    return span === null ? 0 : Number(span);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function databaseBytes(db: DatabaseSync): number {
  const [pages] = db.prepare('PRAGMA page_count').get() as unknown as [bigint];
  return Number(pages) * 4096;
}

function hasForeignKeys(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE sql LIKE '%references%' LIMIT 1").get() !== undefined;
}

function schemaCost(db: DatabaseSync, verb: string, sql: string): PlanCost {
  const object = /^\s*\w+\s+(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  const copies =
    verb === 'CREATE' &&
    (/\bselect\b/i.test(sql) ? !/^(VIEW|TRIGGER)$/.test(object) : /INDEX|UNIQUE/.test(object));
  if ((verb === 'CREATE' || verb === 'DROP') && INSTANT.test(object) && !copies) return 'harmless';
  if (/\bselect\b/i.test(sql)) return 'unknown';
  return databaseBytes(db) <= SMALL_DATABASE_BYTES ? 'harmless' : 'linear';
}

/**
 * The plan's loops: how many of them walk instead of going to one key. Null when it has a step of
 * unknown length.
 */
function loopsOf(db: DatabaseSync, sql: string): number | null {
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as unknown as unknown[][];
  let loops = 0;
  for (const step of plan) {
    const detail = String(step[3]);
    if (/RECURSIVE|VIRTUAL TABLE/.test(detail)) return null;
    if (KEY_SEARCH.test(detail) || NOT_A_LOOP.some((line) => line.test(detail))) continue;
    if (!/^(SCAN|SEARCH)/.test(detail)) return null;
    loops++;
  }
  return loops;
}

/** Queries of a request that writes run on every replica too. */
const QUERIES = ['SELECT', 'VALUES'];

/** Judges one statement of a request that writes. Never throws: what can't be judged is `unknown`. */
export function planCost(connection: Connection, statement: SqlStatement, shape: StatementShape): PlanCost {
  const { db, guard } = connection;
  if (shape.refusal !== null || shape.verb === 'PRAGMA' || shape.verb === 'EXPLAIN') return 'harmless';
  const rows = [...QUERIES, 'INSERT', 'REPLACE', 'UPDATE', 'DELETE'].includes(shape.verb);
  try {
    if (!rows) return schemaCost(db, shape.verb, statement.sql);
    guard.reset();
    guard.as('write', () => db.prepare(statement.sql));
    const { firesTriggers, recursive, read, written } = guard.touched;
    if (recursive || firesTriggers) return 'unknown';
    if (shape.plainValues) return 'harmless';
    if (![...QUERIES, 'INSERT'].includes(shape.verb) && hasForeignKeys(db)) return 'unknown';
    const loops = loopsOf(db, statement.sql);
    if (loops === null) return 'unknown';
    if (loops === 0) return 'harmless';
    const largest = Math.max(1, ...[...read, ...written].map((table) => spanOf(db, table)));
    if (largest ** loops <= LIMITS.sqlHarmlessRows) return 'harmless';
    return loops === 1 ? 'linear' : 'unknown';
  } catch {
    return 'unknown';
  }
}
