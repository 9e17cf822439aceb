/**
 * Could the writes of this request run away? A cheap, cautious judgement from words,
 * schema, SQLite's own query plan and the sizes of the tables. The steps of all
 * statements are added up, and each one is judged as if those before it had made the
 * tables larger. A step is about a microsecond of one core.
 *
 * `known` is a promise for the schema as it stands now, with one exception: a row that
 * already holds megabytes counts as one step when it goes by key.
 */
import type { DatabaseSync } from 'node:sqlite';
import { LIMITS } from '../../base/index.ts';
import type { SqlParam, SqlStatement } from '../../cluster/index.ts';
import type { Touched } from './authorizer.ts';
import type { Connection } from './connection.ts';
import { isCheap } from './expression-shape.ts';
import { namesUnpredictable, type SchemaFacts } from './schema-facts.ts';
import type { StatementShape } from './statement-shape.ts';

/** `linear`: one pass over a table, too long to promise; `unknown`: try it where it can be killed. */
export interface PlanCost {
  readonly kind: 'known' | 'linear' | 'unknown';
  readonly steps: number;
}

/** What the plan of one text says: `once` + `perEach` × rows ^ `loops` steps, rows as the tables are now. */
interface Plan {
  readonly kind: PlanCost['kind'];
  readonly once: number;
  readonly rows: number;
  readonly loops: number;
  /** Steps in the innermost loop, with all searches of lists of keys. */
  readonly perEach: number;
}

const UNKNOWN: Plan = { kind: 'unknown', once: 0, rows: 0, loops: 0, perEach: 0 };
/** Bytes that are read, moved and written in one step. */
const TEXT_BYTES_A_STEP = 64;
const VALUE_BYTES_A_STEP = 256;
const FILE_BYTES_A_STEP = 100;
/** Dropping a table visits its pages and writes none of them. */
const DROPPED_BYTES_A_STEP = 1000;
/** One call of a function, in steps; those of clock and chance cross into JavaScript. */
const CALL_STEPS = 3;
/** Changes of the schema that copy or scan nothing. */
const INSTANT = /^(VIEW|TRIGGER|TABLE|VIRTUAL|UNIQUE|INDEX|IF|TEMP|TEMPORARY)$/;
const KEY_SEARCH = /^SEARCH \S+ USING INTEGER PRIMARY KEY \(rowid=\?\)/;
/** Lines of a plan that announce or sort; the work stands in the lines around them. */
const NOT_A_LOOP = [
  /^(USE TEMP B-TREE|COMPOUND QUERY|LEFT-MOST|UNION|EXCEPT|INTERSECT|MERGE|LEFT$|RIGHT$)/,
  /^((CORRELATED )?(SCALAR|LIST) SUBQUERY|USING ROWID|USING INDEX|CO-ROUTINE)/,
  /^(BLOOM|MULTI-INDEX OR|INDEX \d|SCAN CONSTANT ROW)/,
];
const QUERIES = ['SELECT', 'VALUES'];
const INSERTS = ['INSERT', 'REPLACE'];
const ROW_VERBS = [...QUERIES, ...INSERTS, 'UPDATE', 'DELETE'];

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

/** A change of the schema: at once, or about one pass over the file. */
function schemaPlan(db: DatabaseSync, sql: string, { verb, expression }: StatementShape): Plan {
  const object = /^\s*\w+\s+(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  const stored = verb === 'CREATE' && /^(VIEW|TRIGGER)$/.test(object);
  if (!stored && expression.selects > 0) return UNKNOWN;
  const copies = verb === 'CREATE' && /INDEX|UNIQUE/.test(object);
  const once = expression.calls + sql.length / TEXT_BYTES_A_STEP;
  if (verb === 'CREATE' && INSTANT.test(object) && !copies) return { ...UNKNOWN, kind: 'known', once };
  const bytesAStep = verb === 'DROP' ? DROPPED_BYTES_A_STEP : FILE_BYTES_A_STEP;
  const steps = once + databaseBytes(db) / bytesAStep;
  return { ...UNKNOWN, kind: steps > LIMITS.sqlHarmlessSteps ? 'linear' : 'known', once: steps };
}

interface Loops {
  /** Loops that walk over rows. */
  readonly walks: number;
  /** Loops that go to one row by its key. */
  readonly searches: number;
}

/** The plan's loops; null when it has a step of unknown length. */
function loopsOf(db: DatabaseSync, sql: string): Loops | null {
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as unknown as unknown[][];
  let [walks, searches] = [0, 0];
  for (const step of plan) {
    const detail = String(step[3]);
    // what is stored once and walked often multiplies in ways that the lines do not show
    if (/RECURSIVE|VIRTUAL TABLE|^MATERIALIZE/.test(detail)) return null;
    if (NOT_A_LOOP.some((line) => line.test(detail))) continue;
    if (KEY_SEARCH.test(detail)) searches++;
    else if (/^(SCAN|SEARCH)/.test(detail)) walks++;
    else return null;
  }
  return { walks, searches };
}

/** Deleting or renumbering a row that others point at visits them, and may change them. */
function movesParents({ parents }: SchemaFacts, touched: Touched, shape: StatementShape): boolean {
  const replaces = shape.expression.words.has('replace');
  const gone = [...touched.deleted, ...(replaces ? touched.written : [])];
  if (gone.some((table) => parents.has(table.toLowerCase()))) return true;
  return touched.updated.some(
    ([table, column]) => parents.get(table.toLowerCase())?.has(column.toLowerCase()) === true,
  );
}

/** Full-text tables take commands as a value of the column that has their own name: rebuild, optimize. */
function commandsIndex({ virtual }: SchemaFacts, touched: Touched, shape: StatementShape): boolean {
  return [...touched.written].some((table) => {
    const name = table.toLowerCase();
    return virtual.has(name) && (shape.expression.words.get(name) ?? 0) > 1;
  });
}

/** Terms that nested queries may be multiplied out to while they are prepared. */
function nestedTerms(sql: string, selects: number): number {
  return selects < 2 ? 0 : (sql.length / (2 * selects)) ** selects;
}

/** The plan of one text. Never throws: what can't be judged is unknown. */
function planOf(connection: Connection, facts: SchemaFacts, sql: string, shape: StatementShape): Plan {
  const { db, guard } = connection;
  const { expression } = shape;
  if (shape.refusal !== null || shape.verb === 'EXPLAIN') return { ...UNKNOWN, kind: 'known' };
  if (shape.verb === 'PRAGMA') {
    return { ...UNKNOWN, kind: expression.words.has('foreign_key_check') ? 'unknown' : 'known' };
  }
  try {
    // before anything is prepared: preparing may be the longest part of it
    const terms = nestedTerms(sql, expression.selects);
    if (expression.unbounded || terms > LIMITS.sqlHarmlessSteps) return UNKNOWN;
    if (ROW_VERBS.includes(shape.verb) && namesUnpredictable(facts, expression)) return UNKNOWN;
    guard.reset();
    guard.as('write', () => db.prepare(sql));
    const { touched } = guard;
    if (touched.functions.some((name) => !isCheap(name))) return UNKNOWN;
    if (!ROW_VERBS.includes(shape.verb)) {
      // dropping a table deletes its rows first when others point at them
      const drops = shape.verb === 'DROP' && [...facts.parents.keys()].some((t) => expression.words.has(t));
      return drops ? UNKNOWN : schemaPlan(db, sql, shape);
    }
    if (touched.recursive || touched.firesTriggers) return UNKNOWN;
    if (movesParents(facts, touched, shape) || commandsIndex(facts, touched, shape)) return UNKNOWN;
    const calls = CALL_STEPS * expression.calls;
    const once = 1 + terms + calls + sql.length / TEXT_BYTES_A_STEP;
    if (shape.plainValues) return { ...UNKNOWN, kind: 'known', once: once + shape.valueRows };
    const loops = loopsOf(db, sql);
    if (loops === null) return UNKNOWN;
    const spans = [...touched.read, ...touched.written].map((table) => spanOf(db, table));
    const { listed, words } = expression;
    // a search by key goes to one row, or to each of a list
    const keys = words.has('in') || words.has('or') ? listed ** loops.searches : 1;
    const rows = Math.max(listed, ...spans);
    return { kind: 'known', once, loops: loops.walks, rows, perEach: keys * (1 + calls) };
  } catch {
    return UNKNOWN;
  }
}

function bytesOf(param: SqlParam): number {
  if (typeof param === 'string') return param.length;
  return typeof param === 'object' && param !== null && 'base64' in param ? param.base64.length : 8;
}

/** Steps that the parameters take; one that is named more than once counts each time. */
function parameterSteps(params: readonly SqlParam[], { params: layout, expression }: StatementShape): number {
  const bytes = params.map(bytesOf);
  const moved =
    expression.paramUses > layout.length
      ? expression.paramUses * Math.max(0, ...bytes)
      : bytes.reduce((sum, size) => sum + size, 0);
  return moved / VALUE_BYTES_A_STEP;
}

/** Judges the statements of one request that writes, each behind those before it. Never throws. */
export function requestCosts(
  connection: Connection,
  facts: SchemaFacts,
  statements: readonly SqlStatement[],
  shapeOf: (sql: string) => StatementShape,
): readonly PlanCost[] {
  const plans = new Map<string, Plan>();
  /** Rows that statements before may have added: no more than their steps. */
  let added = 0;
  let schemaChanges = false;
  return statements.map(({ sql, params }) => {
    const shape = shapeOf(sql);
    const changesRows = ROW_VERBS.includes(shape.verb);
    // its plan belongs to another schema
    if (changesRows && schemaChanges) return { kind: 'unknown', steps: 0 };
    if (!changesRows && shape.writes && shape.verb !== 'PRAGMA') schemaChanges = true;
    const plan = plans.get(sql) ?? planOf(connection, facts, sql, shape);
    plans.set(sql, plan);
    const walked = plan.perEach * (plan.rows + added) ** plan.loops;
    const steps = plan.once + walked + parameterSteps(params ?? [], shape);
    if (INSERTS.includes(shape.verb)) added += steps;
    const tooFar = plan.kind === 'known' && walked > LIMITS.sqlHarmlessSteps;
    return { kind: tooFar ? (plan.loops === 1 ? 'linear' : 'unknown') : plan.kind, steps };
  });
}
