/**
 * Words → tree, by precedence (Pratt): `or`, `and`, `not`, comparison, `+ -`, `* /`, minus sign. Total: any
 * text gives a tree or an error with its place.
 */
import { LIMITS } from '../base/index.ts';
import type { ArithmeticOperator, ComparisonOperator, ConditionError, Expression } from './expression.ts';
import type { Token } from './lexer.ts';
import { lex } from './lexer.ts';
import { readingNamed } from './vocabulary.ts';

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly error: ConditionError };

type Infix = 'or' | 'and' | ComparisonOperator | ArithmeticOperator;

/** How tightly an operator binds; the right side binds one step tighter, so equals group to the left. */
const POWER: ReadonlyMap<string, number> = new Map<Infix, number>([
  ['or', 1],
  ['and', 2],
  ['==', 4],
  ['!=', 4],
  ['<', 4],
  ['<=', 4],
  ['>', 4],
  ['>=', 4],
  ['+', 5],
  ['-', 5],
  ['*', 6],
  ['/', 6],
]);
const NOT_POWER = 3;
const COMPARISON_POWER = 4;
const SIGN_POWER = 7;

class Refusal extends Error {
  readonly token: Token;
  readonly hint: string;

  constructor(token: Token, message: string, hint: string) {
    super(message);
    this.token = token;
    this.hint = hint;
  }
}

function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : `"${(token.text + token.unit).slice(0, 40)}"`;
}

class Reader {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression(0);
    const rest = this.#peek();
    if (rest.kind !== 'end') {
      const hint =
        rest.text === ')' ? 'there is no "(" to it: remove it' : 'join conditions by "and" or "or"';
      throw new Refusal(rest, `${shown(rest)} does not follow here`, hint);
    }
    return expression;
  }

  #peek(): Token {
    // the last token is the end, and it is never passed
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  /** Everything that binds tighter than `power`. */
  #expression(power: number): Expression {
    const first = this.#peek();
    if (++this.#depth > LIMITS.maxConditionDepth) {
      const message = `the condition is nested deeper than ${LIMITS.maxConditionDepth}`;
      throw new Refusal(first, message, 'write it with fewer brackets');
    }
    let left = this.#operand();
    for (;;) {
      const operator = this.#peek();
      const binds = operator.kind === 'operator' ? (POWER.get(operator.text) ?? 0) : 0;
      if (binds <= power) break;
      if (binds === COMPARISON_POWER && left.kind === 'comparison' && first.text !== '(') {
        const hint = 'write two comparisons joined by "and"';
        throw new Refusal(operator, 'comparisons do not form a chain', hint);
      }
      this.#take();
      const right = this.#expression(binds);
      left = joined(operator.text as Infix, left, right);
    }
    this.#depth--;
    return left;
  }

  #operand(): Expression {
    const token = this.#take();
    const { at, end } = token;
    if (token.kind === 'number') {
      return { kind: 'number', number: Number(token.text), unit: token.unit, at, end };
    }
    if (token.kind === 'name') return { kind: 'metric', name: readingNamed(token.text), at, end };
    if (token.text === '(') {
      const inner = this.#expression(0);
      const close = this.#take();
      if (close.text !== ')')
        throw new Refusal(close, `${shown(close)} where ")" is due`, 'close the bracket');
      return { ...inner, at, end: close.end };
    }
    if (token.text === 'not') {
      const operand = this.#expression(NOT_POWER);
      return { kind: 'not', operand, at, end: operand.end };
    }
    if (token.text === '-') {
      const operand = this.#expression(SIGN_POWER);
      return { kind: 'negate', operand, at, end: operand.end };
    }
    const what = token.kind === 'end' ? 'the condition ends' : `${shown(token)} stands`;
    throw new Refusal(token, `${what} where a metric or a number is due`, 'e.g. error_rate > 0.01');
  }
}

function joined(operator: Infix, left: Expression, right: Expression): Expression {
  const place = { at: left.at, end: right.end };
  if (operator === 'and' || operator === 'or') return { kind: 'logic', operator, left, right, ...place };
  if (operator === '+' || operator === '-' || operator === '*' || operator === '/') {
    return { kind: 'arithmetic', operator, left, right, ...place };
  }
  return { kind: 'comparison', operator, left, right, ...place };
}

export function parseCondition(text: string): Parsed {
  const lexed = lex(text);
  if (!lexed.ok) return lexed;
  try {
    return { ok: true, expression: new Reader(lexed.tokens).whole() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { token, message, hint } = error;
    const length = Math.max(1, token.end - token.at);
    return { ok: false, error: { column: token.at + 1, length, message, hint, text } };
  }
}
