/**
 * Who may do what on a connection, asked by SQLite while it prepares a statement
 * (sqlite.org/c3ref/set_authorizer.html). The same connection serves the state
 * machine's own tables and the user's statements, so the answer depends on whose
 * statement is being prepared. It also notes what a statement touches.
 *
 * Refused: everything whose effect is not in the file that all replicas share
 * (ATTACH, TEMP, most PRAGMAs), that differs between replicas (`total_changes`), that
 * breaks the one transaction, or that reaches the tables `_sqlcc_…`.
 */
import { constants } from 'node:sqlite';

/** Whose statement it is: the state machine's own, a user's write from the log, a user's read. */
export type GuardMode = 'own' | 'write' | 'read';

const READ_PRAGMAS = [
  'table_info',
  'table_xinfo',
  'table_list',
  'index_list',
  'index_info',
  'index_xinfo',
  'foreign_key_list',
  'foreign_key_check',
  'foreign_keys',
  'user_version',
  'quick_check',
  // R-tree indexes ask for it inside; it is the same in every copy of the file
  'page_size',
];
/** Bodies of `pragma_…()` in a write may only tell what is the same on every replica. */
const REPLICATED_PRAGMAS = READ_PRAGMAS.filter((p) => p !== 'quick_check' && p !== 'foreign_keys');
/** These would change something when they have a value. */
const SETTINGS = ['foreign_keys', 'user_version', 'page_size'];
const MODULES = ['fts5', 'fts4', 'rtree', 'rtree_i32', 'geopoly', 'fts5vocab'];
const HIDDEN_TABLES =
  /^(_sqlcc_|pragma_data_version$|dbstat$|sqlite_dbpage$|bytecode$|tables_used$|sqlite_stmt$)/i;
const NEVER_FUNCTIONS = ['load_extension', 'fts3_tokenizer', 'sqlite_log'];
/** Their answer depends on this connection's past or on the build. */
const LOCAL_FUNCTIONS = [
  'total_changes',
  'sqlite_version',
  'sqlite_source_id',
  'sqlite_compileoption_get',
  'sqlite_compileoption_used',
  'fts5_source_id',
];

const SCHEMA_ACTIONS: readonly number[] = [
  constants.SQLITE_CREATE_INDEX,
  constants.SQLITE_CREATE_TABLE,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_CREATE_VIEW,
  constants.SQLITE_CREATE_VTABLE,
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_TABLE,
  constants.SQLITE_DROP_TRIGGER,
  constants.SQLITE_DROP_VIEW,
  constants.SQLITE_DROP_VTABLE,
  constants.SQLITE_ALTER_TABLE,
  constants.SQLITE_REINDEX,
  constants.SQLITE_ANALYZE,
];
const TEMP_ACTIONS: readonly number[] = [
  constants.SQLITE_CREATE_TEMP_INDEX,
  constants.SQLITE_CREATE_TEMP_TABLE,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
  constants.SQLITE_CREATE_TEMP_VIEW,
  constants.SQLITE_DROP_TEMP_INDEX,
  constants.SQLITE_DROP_TEMP_TABLE,
  constants.SQLITE_DROP_TEMP_TRIGGER,
  constants.SQLITE_DROP_TEMP_VIEW,
];
const ROW_ACTIONS: readonly number[] = [
  constants.SQLITE_INSERT,
  constants.SQLITE_UPDATE,
  constants.SQLITE_DELETE,
];

/** What a prepared statement touches. */
export interface Touched {
  /** Tables whose rows it inserts or updates, also through triggers. */
  readonly written: ReadonlySet<string>;
  readonly read: ReadonlySet<string>;
  /** Tables that it reads within a view, a trigger or a subquery. */
  readonly readWithin: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
  /** Pairs of table and column. */
  readonly updated: readonly (readonly [table: string, column: string])[];
  /** Functions that it calls; not those in a DEFAULT, a CHECK or an index. */
  readonly functions: readonly string[];
  readonly changesSchema: boolean;
  readonly firesTriggers: boolean;
  readonly recursive: boolean;
}

/** Action, its two arguments, the database, and the trigger or view that it stands in. */
type AuthorizerArguments = readonly [
  action: number,
  first: string | null,
  second: string | null,
  database: string | null,
  source: string | null,
];

interface Question {
  readonly action: number;
  readonly first: string;
  readonly second: string;
}

export class Guard {
  /** Tables, in lower case, that ANALYZE leaves out: they differ between replicas. */
  uncounted: ReadonlySet<string> = new Set();
  #mode: GuardMode = 'own';
  #reason: string | null = null;
  #written = new Set<string>();
  #read = new Set<string>();
  #readWithin = new Set<string>();
  #deleted = new Set<string>();
  #updated: (readonly [string, string])[] = [];
  #functions: string[] = [];
  #flags = { changesSchema: false, firesTriggers: false, recursive: false };

  /** Why the last statement was refused; null when it was not. */
  get reason(): string | null {
    return this.#reason;
  }

  get touched(): Touched {
    const sets = { written: this.#written, read: this.#read, deleted: this.#deleted };
    return {
      ...sets,
      readWithin: this.#readWithin,
      updated: this.#updated,
      functions: this.#functions,
      ...this.#flags,
    };
  }

  /** Runs `work` for somebody; afterwards the connection is the state machine's own again. */
  as<T>(mode: GuardMode, work: () => T): T {
    this.#mode = mode;
    this.#reason = null;
    try {
      return work();
    } finally {
      this.#mode = 'own';
    }
  }

  /** Forgets what was touched; called before each prepare. */
  reset(): void {
    this.#written = new Set();
    this.#read = new Set();
    this.#readWithin = new Set();
    this.#deleted = new Set();
    this.#updated = [];
    this.#functions = [];
    this.#flags = { changesSchema: false, firesTriggers: false, recursive: false };
  }

  /** SQLite's question while it prepares. Never throws. */
  answer([action, first, second, , source]: AuthorizerArguments): number {
    if (this.#mode === 'own') return constants.SQLITE_OK;
    const question = { action, first: first ?? '', second: second ?? '' };
    this.#note(question, source);
    if (action === constants.SQLITE_ANALYZE && this.#isUncounted(question.first))
      return constants.SQLITE_IGNORE;
    const reason = refusalOf(question, this.#mode);
    if (reason === null) return constants.SQLITE_OK;
    this.#reason ??= reason;
    return constants.SQLITE_DENY;
  }

  #isUncounted(table: string): boolean {
    return HIDDEN_TABLES.test(table) || this.uncounted.has(table.toLowerCase());
  }

  #note({ action, first, second }: Question, source: string | null): void {
    if (action === constants.SQLITE_INSERT || action === constants.SQLITE_UPDATE) this.#written.add(first);
    if (action === constants.SQLITE_READ || action === constants.SQLITE_DELETE) this.#read.add(first);
    if (action === constants.SQLITE_READ && source !== null) this.#readWithin.add(first);
    if (action === constants.SQLITE_DELETE) this.#deleted.add(first);
    if (action === constants.SQLITE_UPDATE) this.#updated.push([first, second]);
    if (action === constants.SQLITE_FUNCTION) this.#functions.push(second);
    if (SCHEMA_ACTIONS.includes(action)) this.#flags.changesSchema = true;
    if (action === constants.SQLITE_RECURSIVE) this.#flags.recursive = true;
    if (ROW_ACTIONS.includes(action) && source !== null) this.#flags.firesTriggers = true;
  }
}

/** Why this action is refused in this mode; null when it is allowed. */
function refusalOf({ action, first, second }: Question, mode: GuardMode): string | null {
  switch (action) {
    case constants.SQLITE_ATTACH:
    case constants.SQLITE_DETACH:
      return 'ATTACH, DETACH and VACUUM are not available: a node has one database';
    case constants.SQLITE_TRANSACTION:
    case constants.SQLITE_SAVEPOINT:
      return 'one request is one transaction; send its statements together';
    case constants.SQLITE_PRAGMA:
      return pragmaRefusal(first, second, mode);
    case constants.SQLITE_FUNCTION:
      return functionRefusal(second, mode);
    case constants.SQLITE_CREATE_VTABLE:
      return MODULES.includes(second.toLowerCase()) ? writeRefusal(first, mode) : `no module ${second} here`;
    case constants.SQLITE_READ:
      return hidden(first);
    case constants.SQLITE_SELECT:
    case constants.SQLITE_RECURSIVE:
      return null;
  }
  if (TEMP_ACTIONS.includes(action)) return 'TEMP objects are not replicated: use an ordinary table';
  if (
    /^sqlite_sequence$/i.test(first) &&
    action !== constants.SQLITE_DELETE &&
    ROW_ACTIONS.includes(action)
  ) {
    return 'sqlite_sequence may be cleared, not set: a counter at its end would stop every insert';
  }
  if (action === constants.SQLITE_ALTER_TABLE) return writeRefusal(second, mode);
  return writeRefusal(first, mode) ?? hidden(second);
}

function hidden(table: string): string | null {
  return HIDDEN_TABLES.test(table) ? `${table} belongs to the cluster` : null;
}

function writeRefusal(table: string, mode: GuardMode): string | null {
  return mode === 'read' ? 'a read may not write' : hidden(table);
}

function functionRefusal(name: string, mode: GuardMode): string | null {
  const lower = name.toLowerCase();
  if (NEVER_FUNCTIONS.includes(lower)) return `${lower}() is not available`;
  if (mode === 'write' && LOCAL_FUNCTIONS.includes(lower))
    return `${lower}() may differ between nodes: not in a write`;
  return null;
}

function pragmaRefusal(name: string, value: string, mode: GuardMode): string | null {
  const lower = name.toLowerCase();
  // full-text search asks for data_version inside; a user's own question is refused by its words
  if (lower === 'data_version') return null;
  if (lower === 'user_version' && mode === 'write') return null;
  const allowed = mode === 'write' ? REPLICATED_PRAGMAS : READ_PRAGMAS;
  const sets = value !== '' && SETTINGS.includes(lower);
  return allowed.includes(lower) && !sets ? null : `PRAGMA ${lower} is not available`;
}
