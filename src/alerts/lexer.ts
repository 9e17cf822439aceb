/**
 * The text of a condition → words with their places. Units belong to their number: `1000ms`, `80%`,
 * `10MB/s`.
 */
import { LIMITS } from '../base/index.ts';
import type { ConditionError } from './expression.ts';
import { UNITS } from './units.ts';

export type TokenKind = 'number' | 'name' | 'operator' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; keywords in lower case. */
  readonly text: string;
  /** Of a number: its unit as written, '' = none. */
  readonly unit: string;
  /** Offsets of the first character and behind the last one. */
  readonly at: number;
  readonly end: number;
}

export type Lexed =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly error: ConditionError };

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /(?:\d{1,20}(?:\.\d{1,20})?|\.\d{1,20})(?:e[+-]?\d{1,3}(?![A-Za-z0-9_]))?/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const PER_SECOND = /\/s(?![A-Za-z0-9_])/y;
const OPERATOR = /==|!=|<=|>=|[<>()+\-*/]/y;
const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'not']);

/** What people write who come from other languages. */
const FOREIGN: readonly (readonly [text: string, hint: string])[] = [
  ['&&', 'write "and"'],
  ['||', 'write "or"'],
  ['<>', 'write "!="'],
  ['=', 'write "=="'],
  ['!', 'write "not", or "!=" for "is not"'],
  ['^', 'powers are not part of conditions'],
];

/** The text that `pattern` (sticky) matches at `at`; '' = nothing. */
function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function unitAt(text: string, at: number): { readonly unit: string; readonly end: number } {
  if (text[at] === '%') return { unit: '%', end: at + 1 };
  const start = at + match(SPACE, text, at).length;
  const word = match(WORD, text, start);
  const base = UNITS.has(word) ? word : '';
  const from = base === '' ? at : start + word.length;
  const per = match(PER_SECOND, text, from);
  return { unit: base + per, end: from + per.length };
}

function errorAt(text: string, at: number, message: string, hint: string): Lexed {
  return { ok: false, error: { column: at + 1, length: 1, message, hint, text } };
}

function strange(text: string, at: number): Lexed {
  const foreign = FOREIGN.find(([word]) => text.startsWith(word, at));
  const shown = JSON.stringify(foreign?.[0] ?? String.fromCodePoint(text.codePointAt(at) ?? 0));
  return errorAt(text, at, `${shown} means nothing here`, foreign?.[1] ?? 'remove it');
}

/** All words of `text`; ends at the first thing that is none, and after LIMITS.maxConditionTokens. */
export function lex(text: string): Lexed {
  const tokens: Token[] = [];
  let at = match(SPACE, text, 0).length;
  while (at < text.length) {
    if (tokens.length >= LIMITS.maxConditionTokens) {
      const message = `the condition has more than ${LIMITS.maxConditionTokens} words`;
      return errorAt(text, at, message, 'split it into several rules');
    }
    const number = match(NUMBER, text, at);
    const word = number === '' ? match(WORD, text, at) : '';
    if (number !== '') {
      const { unit, end } = unitAt(text, at + number.length);
      const glued = match(WORD, text, end);
      if (glued !== '' && end === at + number.length + unit.length) {
        const hint = `units are ${[...UNITS.keys()].join(', ')} and /s behind them`;
        return errorAt(text, end, `"${glued.slice(0, 40)}" is no unit`, hint);
      }
      tokens.push({ kind: 'number', text: number, unit, at, end });
      at = end;
    } else if (word !== '') {
      const lower = word.toLowerCase();
      const end = at + word.length;
      if (KEYWORDS.has(lower)) tokens.push({ kind: 'operator', text: lower, unit: '', at, end });
      else tokens.push({ kind: 'name', text: word, unit: '', at, end });
      at = end;
    } else {
      const operator = match(OPERATOR, text, at);
      // "<>" is two operators to the pattern and one to its writer
      if (operator === '' || text.startsWith('<>', at)) return strange(text, at);
      tokens.push({ kind: 'operator', text: operator, unit: '', at, end: at + operator.length });
      at += operator.length;
    }
    at += match(SPACE, text, at).length;
  }
  tokens.push({ kind: 'end', text: '', unit: '', at: text.length, end: text.length });
  return { ok: true, tokens };
}
