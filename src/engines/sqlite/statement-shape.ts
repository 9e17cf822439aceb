/**
 * What can be said about a statement from its words alone: its verb, whether it
 * writes, its parameters, and what is refused whatever the schema. Needs no database,
 * so a follower that lags answers as the leader does. The read-only connection and
 * the authorizer stand behind it; a wrong guess here can't make a read write.
 */
import { type ExpressionShape, expressionShape } from './expression-shape.ts';
import { type Token, tokens } from './lexer.ts';

/** Order and names of parameters: position in SQLite's numbering → name, null = bare `?` or `?N`. */
export type ParamLayout = readonly (string | null)[];

export interface StatementShape {
  /** INSERT, REPLACE, UPDATE, DELETE, SELECT, VALUES, PRAGMA, CREATE …; '' for an empty text. */
  readonly verb: string;
  readonly writes: boolean;
  readonly params: ParamLayout;
  /** Why it is refused, with its SQLSTATE; null when the words allow it. */
  readonly refusal: { readonly sqlstate: string; readonly message: string } | null;
  /** INSERT or REPLACE of literal rows: no query, no recursion in the text. */
  readonly plainValues: boolean;
  /** Rows that it writes down itself: an upper bound. */
  readonly valueRows: number;
  readonly expression: ExpressionShape;
}

const ROW_VERBS = ['SELECT', 'VALUES', 'INSERT', 'UPDATE', 'DELETE'];
const CONTROL = ['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'];
const READS = ['SELECT', 'VALUES', 'EXPLAIN', ''];
/** PRAGMAs that may be set; everything else of a PRAGMA is a read, or refused by the authorizer. */
const SETTABLE = ['USER_VERSION'];

/**
 * The verb behind a WITH: the first row verb outside all parentheses. A name is never one of these,
 * but for `replace`.
 */
function verbBehindWith(list: readonly Token[]): string {
  for (const [n, token] of list.entries()) {
    if (token.kind !== 'word' || token.depth > 0) continue;
    if (ROW_VERBS.includes(token.text)) return token.text;
    if (token.text === 'REPLACE' && list[n + 1]?.text === 'INTO') return 'REPLACE';
  }
  return 'WITH';
}

function paramLayout(list: readonly Token[]): ParamLayout {
  const names: (string | null)[] = [];
  for (const { kind, text } of list) {
    if (kind !== 'param') continue;
    const number = /^\?(\d+)$/.exec(text)?.[1];
    if (number !== undefined) {
      for (let n = names.length; n < Math.min(Number(number), 32_766); n++) names.push(null);
    } else if (text === '?') {
      names.push(null);
    } else if (!names.includes(text)) {
      names.push(text);
    }
  }
  return names;
}

function refusal(list: readonly Token[], verb: string): StatementShape['refusal'] {
  if (verb === '') return { sqlstate: '42601', message: 'the statement is empty' };
  if (CONTROL.includes(verb)) {
    return {
      sqlstate: '0A000',
      message: `${verb}: one request is one transaction; send its statements together`,
    };
  }
  const creates = verb === 'CREATE' || verb === 'ALTER';
  const word = (text: string): number => list.findIndex((t) => t.kind === 'word' && t.text === text);
  if (verb === 'PRAGMA' && word('DATA_VERSION') >= 0) {
    return { sqlstate: '42501', message: 'PRAGMA data_version tells about a connection, not about the data' };
  }
  if (word('ROLLBACK') >= 0) {
    const message = 'ROLLBACK inside a statement would undo writes of others; use ABORT, or quote the name';
    return { sqlstate: '0A000', message };
  }
  const initially = word('INITIALLY');
  if (creates && initially >= 0 && list[initially + 1]?.text === 'DEFERRED') {
    return {
      sqlstate: '0A000',
      message: 'deferred foreign keys are not supported: leave INITIALLY DEFERRED out',
    };
  }
  return creates ? movingClock(list) : null;
}

/** An index or a generated column over `now` would not find its own rows again. */
function movingClock(list: readonly Token[]): StatementShape['refusal'] {
  const derived = list.some((t, n) => t.text === 'INDEX' || (t.text === 'AS' && list[n + 1]?.text === '('));
  const now = list.some(
    (t) => /^'(now|subsec|subsecond)'$/i.test(t.text) || /^CURRENT_(TIME|DATE|TIMESTAMP)$/.test(t.text),
  );
  const view = list.some((t) => t.text === 'VIEW' || t.text === 'TRIGGER');
  if (!derived || !now || view) return null;
  return {
    sqlstate: '42P17',
    message: 'the clock in an index or a generated column: its rows would not be found again',
  };
}

/** Reads the shape of one statement. Total. */
export function shapeOf(sql: string): StatementShape {
  const list = tokens(sql);
  const first = list.find((t) => t.text !== ';');
  const word = first?.text ?? '';
  const verb = word === 'WITH' ? verbBehindWith(list) : word;
  const sets = list.some((t) => t.text === '=' || t.text === '(');
  const settable = list.some((t) => SETTABLE.includes(t.text));
  const writes = verb === 'PRAGMA' ? sets && settable : !READS.includes(verb);
  const plainValues =
    (verb === 'INSERT' || verb === 'REPLACE') &&
    word !== 'WITH' &&
    list.some((t) => t.depth === 0 && (t.text === 'VALUES' || t.text === 'DEFAULT')) &&
    !list.some((t) => t.kind === 'word' && (t.text === 'SELECT' || t.text === 'WITH'));
  const valueRows = list.filter((t) => t.depth === 0 && t.text === '(').length;
  const expression = expressionShape(list);
  const params = paramLayout(list);
  return { verb, writes, params, refusal: refusal(list, verb), plainValues, valueRows, expression };
}
