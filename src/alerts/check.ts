/**
 * What a tree must be to be a condition: every name is a reading, units agree, the whole is a question with
 * yes and no for answers.
 */
import { nearest, unreachable } from '../base/index.ts';
import { familyOf } from '../metrics/index.ts';
import type { ConditionError, Expression } from './expression.ts';
import { parseCondition } from './parser.ts';
import type { Dimension } from './units.ts';
import { dimensionExample, dimensionName, dimensionOf, PLAIN, quantity, sameDimension } from './units.ts';
import { metricOf, READINGS, scopeOfReading } from './vocabulary.ts';

export interface Condition {
  readonly text: string;
  readonly expression: Expression;
  /** `node`: asked of every node; `cluster`: asked once. */
  readonly scope: 'node' | 'cluster';
  /** Names of the readings that it needs, each once. */
  readonly metrics: readonly string[];
}

export type CheckedCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly error: ConditionError };

type Kind = { readonly is: 'truth' } | { readonly is: 'number'; readonly dimension: Dimension };

const TRUTH: Kind = { is: 'truth' };

/** What is wrong with which part. */
interface Complaint {
  readonly of: Expression;
  readonly message: string;
  readonly hint: string;
}

type Judged =
  | { readonly ok: true; readonly kind: Kind }
  | { readonly ok: false; readonly complaint: Complaint };

function wrong(of: Expression, message: string, hint: string): Judged {
  return { ok: false, complaint: { of, message, hint } };
}

function number(dimension: Dimension): Judged {
  return { ok: true, kind: { is: 'number', dimension } };
}

const NAMES_HINT = '"sqlcc alert rules --names" lists what conditions can use';

function metricKind(expression: Expression & { readonly kind: 'metric' }): Judged {
  const { name } = expression;
  const metric = metricOf(name);
  if (metric !== undefined && scopeOfReading(name) !== null) return number(dimensionOf(metric));
  if (metric !== undefined) {
    const hint = `its readings stay on their node; ${NAMES_HINT}`;
    return wrong(expression, `${name} can't be used in a condition`, hint);
  }
  if (name === 'query_latency') {
    const hint = 'write query_latency_p50, query_latency_p95 or query_latency_p99';
    return wrong(expression, 'query_latency has many values, not one', hint);
  }
  if (familyOf(name) !== undefined)
    return wrong(expression, `${name} has many values, not one`, `/metrics alone has them; ${NAMES_HINT}`);
  const meant = nearest(name, READINGS);
  const hint = meant === undefined ? NAMES_HINT : `did you mean "${meant}"? ${NAMES_HINT}`;
  return wrong(expression, `there is no metric "${name.slice(0, 64)}"`, hint);
}

function isZero(expression: Expression): boolean {
  return expression.kind === 'number' && expression.number === 0 && expression.unit === '';
}

/** Both sides of a sum or a comparison; 0 needs no unit. */
function agree(left: Expression, right: Expression, of: Expression): Judged {
  const a = numberKind(left);
  if (!a.ok || a.kind.is === 'truth') return a;
  const b = numberKind(right);
  if (!b.ok || b.kind.is === 'truth') return b;
  if (isZero(right) || sameDimension(a.kind.dimension, b.kind.dimension)) return a;
  if (isZero(left)) return b;
  const lone = right.kind === 'number' && right.unit === '' ? right : left;
  const other = lone === right ? a.kind.dimension : b.kind.dimension;
  if (lone.kind === 'number' && lone.unit === '') {
    const message = `${lone.number} has no unit, and the other side is ${dimensionName(other)}`;
    return wrong(lone, message, `write e.g. ${dimensionExample(other)}`);
  }
  const sides = `${dimensionName(a.kind.dimension)} and ${dimensionName(b.kind.dimension)}`;
  return wrong(
    of,
    `${sides} can't be compared or added`,
    `a number of the left kind is e.g. ${dimensionExample(a.kind.dimension)}`,
  );
}

function numberKind(expression: Expression): Judged {
  const judged = judge(expression);
  if (!judged.ok || judged.kind.is === 'number') return judged;
  return wrong(expression, 'this is yes or no where a number is due', 'join questions by "and" or "or"');
}

function truthKind(expression: Expression): Judged {
  const judged = judge(expression);
  if (!judged.ok || judged.kind.is === 'truth') return judged;
  const hint = `compare it, e.g. with > ${dimensionExample(judged.kind.dimension)}`;
  return wrong(expression, 'this is a number where a comparison is due', hint);
}

/** A share of more than 1 never is: `disk_usage > 80` was meant as 80 %. */
function shareMistake(left: Expression, right: Expression): Judged | null {
  const [metric, constant] = left.kind === 'metric' ? [left, right] : [right, left];
  if (metric.kind !== 'metric' || constant.kind !== 'number') return null;
  const { value } = quantity(constant.number, constant.unit);
  if (metricOf(metric.name)?.unit !== 'ratio' || value <= 1) return null;
  const meant = constant.unit === '' && constant.number <= 100 ? `${constant.number}%` : '80%';
  return wrong(constant, `${metric.name} is a share from 0 to 1`, `write e.g. ${meant}`);
}

function arithmeticKind(expression: Expression & { readonly kind: 'arithmetic' }): Judged {
  const { operator, left, right } = expression;
  if (operator === '+' || operator === '-') return agree(left, right, expression);
  const a = numberKind(left);
  if (!a.ok || a.kind.is === 'truth') return a;
  const b = numberKind(right);
  if (!b.ok || b.kind.is === 'truth') return b;
  if (operator === '/' && right.kind === 'number' && right.number === 0) {
    return wrong(right, 'nothing can be divided by 0', 'remove it');
  }
  const sign = operator === '*' ? 1 : -1;
  const [x, y] = [a.kind.dimension, b.kind.dimension];
  return number({ bytes: x.bytes + sign * y.bytes, time: x.time + sign * y.time });
}

function judge(expression: Expression): Judged {
  switch (expression.kind) {
    case 'number':
      return number(quantity(expression.number, expression.unit).dimension);
    case 'metric':
      return metricKind(expression);
    case 'negate':
      return numberKind(expression.operand);
    case 'arithmetic':
      return arithmeticKind(expression);
    case 'comparison': {
      const { left, right } = expression;
      const sides = agree(left, right, expression);
      if (!sides.ok) return sides;
      return shareMistake(left, right) ?? { ok: true, kind: TRUTH };
    }
    case 'not':
      return truthKind(expression.operand);
    case 'logic': {
      const left = truthKind(expression.left);
      return left.ok ? truthKind(expression.right) : left;
    }
    default:
      return unreachable(expression);
  }
}

function namesIn(expression: Expression, found: Set<string>): void {
  if (expression.kind === 'metric') found.add(expression.name);
  if ('operand' in expression) namesIn(expression.operand, found);
  if ('left' in expression) {
    namesIn(expression.left, found);
    namesIn(expression.right, found);
  }
}

/** The dimension of a numeric part of a checked condition. */
export function dimensionIn(expression: Expression): Dimension {
  const judged = judge(expression);
  return judged.ok && judged.kind.is === 'number' ? judged.kind.dimension : PLAIN;
}

/** Parses and checks. Total: any text gives a condition or an error with its place. */
export function checkCondition(text: string): CheckedCondition {
  const parsed = parseCondition(text);
  if (!parsed.ok) return parsed;
  const { expression } = parsed;
  const judged = truthKind(expression);
  if (!judged.ok) {
    const { of, message, hint } = judged.complaint;
    return { ok: false, error: { column: of.at + 1, length: of.end - of.at, message, hint, text } };
  }
  const names = new Set<string>();
  namesIn(expression, names);
  const metrics = [...names];
  if (metrics.length === 0) {
    const message = 'the condition asks nothing: no metric is in it';
    return {
      ok: false,
      error: { column: 1, length: text.length, message, hint: 'e.g. error_rate > 0.01', text },
    };
  }
  const scope = metrics.some((name) => scopeOfReading(name) === 'node') ? 'node' : 'cluster';
  return { ok: true, condition: { text, expression, scope, metrics } };
}
