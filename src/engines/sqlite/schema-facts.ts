/**
 * What of a schema makes a small statement do much work: triggers, views, foreign
 * keys that point at a table, costly functions in a DEFAULT, a CHECK or an index. Read
 * once a version of the schema, before a statement is prepared: preparing alone may
 * take minutes where views stand on views.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type ExpressionShape, isCall, isCheapAnywhere, plainName } from './expression-shape.ts';
import { tokens } from './lexer.ts';

export interface SchemaFacts {
  /** Names, in lower case, of views and of tables with triggers or costly rules. */
  readonly unpredictable: ReadonlySet<string>;
  readonly virtual: ReadonlySet<string>;
  /** Tables that foreign keys point at, with the columns that they point at. */
  readonly parents: ReadonlyMap<string, ReadonlySet<string>>;
}

type SchemaRow = readonly [type: string, name: string, table: string, sql: string | null];

/** Columns that are computed from columns that are computed: preparing doubles with each. */
const MOST_COMPUTED = 2;
const LONGEST_COMPUTED = 4096;
const PATTERN_WORDS = ['LIKE', 'GLOB', 'REGEXP', 'MATCH'];

/** True when a rule written in the schema may make each changed row costly. */
function isCostly(sql: string, functions: ReadonlySet<string>): boolean {
  const list = tokens(sql);
  const computed = list.filter((t, n) => t.kind === 'word' && t.text === 'AS' && list[n + 1]?.text === '(');
  if (computed.length > MOST_COMPUTED || (computed.length > 0 && sql.length > LONGEST_COMPUTED)) return true;
  return list.some((token, at) => {
    // a row that replaces others deletes them, with all that hangs on them
    if (token.kind === 'word' && (PATTERN_WORDS.includes(token.text) || token.text === 'REPLACE'))
      return true;
    if (!isCall(list, at)) return false;
    const name = plainName(token);
    return functions.has(name) && !isCheapAnywhere(name);
  });
}

function parentsIn(db: DatabaseSync): Map<string, Set<string>> {
  const keys = db
    .prepare(
      `SELECT lower(f."table"), lower(f."to") FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
       WHERE m.type = 'table'`,
    )
    .all() as unknown as [string, string | null][];
  const parents = new Map<string, Set<string>>();
  const primary = db.prepare('SELECT lower(name) FROM pragma_table_info(?) WHERE pk > 0');
  for (const [table, column] of keys) {
    const columns = parents.get(table) ?? new Set(['rowid', '_rowid_', 'oid']);
    parents.set(table, columns);
    const named = column === null ? (primary.all(table) as unknown as [string][]) : [[column] as const];
    for (const [name] of named) columns.add(name);
  }
  return parents;
}

/** Reads the facts; costs a pass over the schema. */
export function schemaFacts(db: DatabaseSync): SchemaFacts {
  const rows = db
    .prepare(
      `SELECT type, lower(name), lower(tbl_name), sql FROM sqlite_schema
       WHERE tbl_name NOT LIKE '\\_sqlcc\\_%' ESCAPE '\\'`,
    )
    .all() as unknown as SchemaRow[];
  const listed = db.prepare('SELECT lower(name) FROM pragma_function_list').all() as unknown as [string][];
  const functions = new Set(listed.map(([name]) => name));
  const unpredictable = new Set<string>();
  const virtual = new Set<string>();
  for (const [type, name, table, sql] of rows) {
    if (type === 'view' || type === 'trigger') unpredictable.add(type === 'view' ? name : table);
    else if (sql !== null && /^create\s+virtual/i.test(sql)) virtual.add(name);
    else if (sql !== null && isCostly(sql, functions)) unpredictable.add(table);
  }
  return { unpredictable, virtual, parents: parentsIn(db) };
}

/** True when the statement names something that makes it unpredictable. */
export function namesUnpredictable(facts: SchemaFacts, { words }: ExpressionShape): boolean {
  for (const name of facts.unpredictable) if (words.has(name)) return true;
  return false;
}
