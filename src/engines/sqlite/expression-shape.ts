/**
 * What the words of a statement say about the work that its expressions can be:
 * which functions are cheap, how many rows and parameters are written down, how deep
 * queries may nest. It knows no schema; plan-cost.ts puts the two together.
 *
 * Cheap means: the work grows with the bytes of the arguments, and the result is not
 * larger than they are. Everything that grows faster has to be tried first.
 */
import type { Token } from './lexer.ts';

export interface ExpressionShape {
  /** Each word, name and short string in lower case, without its quotes, and how often it stands there. */
  readonly words: ReadonlyMap<string, number>;
  /** Names with a parenthesis behind them: an upper bound of function calls. */
  readonly calls: number;
  /** A call whose words do not bound its work: a large blob, a pattern with many wildcards, nested growth. */
  readonly unbounded: boolean;
  /** Rows that a VALUES may hold, and entries that an IN may list: each an upper bound. */
  readonly listed: number;
  readonly selects: number;
  /** Times that a parameter is named; the same one may be named often. */
  readonly paramUses: number;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Functions that are cheap whatever their arguments are. */
const CHEAP = words(
  `abs ceil ceiling floor round sign mod sqrt pow power exp ln log log10 log2 pi min max count sum total avg
  coalesce ifnull nullif iif if typeof length octet_length unicode char lower upper likely unlikely likelihood
  substr substring unhex concat date time datetime julianday unixepoch strftime timediff current_timestamp
  current_date current_time random last_insert_rowid changes json json_extract json_type json_valid
  json_array_length json_remove -> ->> row_number rank dense_rank`,
);
/** Functions whose result is a few times as large as their arguments: cheap unless nested. */
const GROWING = words('hex quote json_array json_object json_set json_insert json_replace');
/** Functions that are cheap with the arguments that `unbounded` looks for. */
const DEPENDS = words('randomblob zeroblob trim ltrim rtrim like glob');
const MOST_BLOB_BYTES = 1024;
const MOST_NESTED = 2;
const MOST_WILDCARDS = 2;
const LONGEST_NAME = 128;

/** True for a function that may stand in a write which is not tried first, if its words are bounded too. */
export function isCheap(name: string): boolean {
  const lower = name.toLowerCase();
  return CHEAP.has(lower) || GROWING.has(lower) || DEPENDS.has(lower);
}

/** True for a function that is cheap whatever its arguments: in a DEFAULT, a CHECK or an index. */
export function isCheapAnywhere(name: string): boolean {
  return CHEAP.has(name.toLowerCase());
}

/** The name or text that a token means, in lower case. */
export function plainName({ kind, text }: Token): string {
  if (kind !== 'quoted' && kind !== 'string') return text.toLowerCase();
  const quote = text.at(-1) === ']' ? ']' : (text.at(-1) ?? '');
  return text
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .toLowerCase();
}

export function isCall(list: readonly Token[], at: number): boolean {
  const kind = list[at]?.kind;
  return (kind === 'word' || kind === 'quoted') && list[at + 1]?.text === '(';
}

/** A function of DEPENDS at `at` whose arguments do not bound it. */
function isUnboundedCall(list: readonly Token[], at: number, name: string): boolean {
  if (name === 'like' || name === 'glob') return true;
  const depth = (list[at]?.depth ?? 0) + 1;
  if (name.endsWith('blob')) {
    const [size, end] = [list[at + 2], list[at + 3]];
    return size?.kind !== 'number' || end?.text !== ')' || !(Number(size.text) <= MOST_BLOB_BYTES);
  }
  for (let n = at + 2; n < list.length; n++) {
    const token = list[n] as Token;
    if (token.depth < depth) return false;
    if (token.depth === depth && token.text === ',') return true;
  }
  return false;
}

/** `x LIKE 'a%'` goes over its text once or twice; a pattern that is computed may go over it without end. */
function isUnboundedPattern(list: readonly Token[], at: number): boolean {
  const token = list[at] as Token;
  if (token.kind !== 'word' || (token.text !== 'LIKE' && token.text !== 'GLOB')) return false;
  const pattern = list[at + 1];
  if (pattern?.kind !== 'string') return true;
  const behind = list[at + 2]?.text;
  const goesOn = behind === '||' || behind === '|' || behind === 'COLLATE' || behind === '-';
  return goesOn || (pattern.text.match(/[%*]/g)?.length ?? 0) > MOST_WILDCARDS;
}

/** Reads the expressions of one statement. Total. */
export function expressionShape(list: readonly Token[]): ExpressionShape {
  const found = new Map<string, number>();
  /** Depths of the growing calls around this token. */
  const growing: number[] = [];
  let [calls, selects, listed, paramUses, grown] = [0, 0, 1, 0, 0];
  let unbounded = false;
  for (const [at, token] of list.entries()) {
    if (token.text === ')') while ((growing.at(-1) ?? -1) >= token.depth) growing.pop();
    if (token.kind === 'param') paramUses++;
    if (token.text === ',' || token.text === 'UNION') listed++;
    if (token.text === 'SELECT') selects++;
    if (token.kind === 'sign' || token.kind === 'number' || token.text.length > LONGEST_NAME) continue;
    const name = plainName(token);
    found.set(name, (found.get(name) ?? 0) + 1);
    if (isUnboundedPattern(list, at)) unbounded = true;
    if (!isCall(list, at)) continue;
    calls++;
    if (DEPENDS.has(name) && isUnboundedCall(list, at, name)) unbounded = true;
    if (!GROWING.has(name)) continue;
    grown++;
    growing.push(token.depth);
    if (growing.length > MOST_NESTED) unbounded = true;
  }
  // what one query made larger another may make larger again
  if (selects > 1 && grown > 1) unbounded = true;
  return { words: found, calls, unbounded, listed, selects, paramUses };
}
