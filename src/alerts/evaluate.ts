/**
 * Tree × readings → true, false or unknown (Kleene): a reading that is missing makes unknown whatever
 * depends on it, so that missing data neither fires nor resolves. Each part's value comes with it, for
 * people who ask why.
 */
import { unreachable } from '../base/index.ts';
import type { Condition } from './check.ts';
import { dimensionIn } from './check.ts';
import type { ArithmeticOperator, ComparisonOperator, Expression } from './expression.ts';
import { canonical, dimensionOf, formatValue, quantity } from './units.ts';
import { metricOf, scopeOfReading } from './vocabulary.ts';

/** null = unknown. */
export type Truth = boolean | null;

/** The newest reading of a metric in the unit of the catalogue; undefined or null = unknown. */
export type ReadingOf = (name: string) => number | null | undefined;

/**
 * What a condition reads when it is asked of a node: of the cluster what is the cluster's, everything else
 * of that node alone. What it has not told is unknown, and never what whoever evaluates measures of itself.
 */
export function readingOn(node: ReadingOf, cluster: ReadingOf): ReadingOf {
  return (name) => (scopeOfReading(name) === 'cluster' ? cluster(name) : node(name));
}

/** A part of a condition with what it came to. */
export interface Trace {
  /** As written. */
  readonly text: string;
  /** For people: `1.2s`, `true`, `unknown`. */
  readonly value: string;
  readonly parts: readonly Trace[];
}

function compare(operator: ComparisonOperator, a: number, b: number): boolean {
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      return unreachable(operator);
  }
}

function calculate(operator: ArithmeticOperator, a: number, b: number): number | null {
  const result = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a / b;
  // a share of nothing is nothing that could be judged
  return Number.isFinite(result) ? result : null;
}

function numberOf(expression: Expression, readingOf: ReadingOf): number | null {
  switch (expression.kind) {
    case 'number':
      return quantity(expression.number, expression.unit).value;
    case 'metric': {
      const reading = readingOf(expression.name);
      const metric = metricOf(expression.name);
      if (reading === null || reading === undefined || metric === undefined) return null;
      return Number.isFinite(reading) ? canonical(metric, reading) : null;
    }
    case 'negate': {
      const value = numberOf(expression.operand, readingOf);
      return value === null ? null : -value;
    }
    case 'arithmetic': {
      const left = numberOf(expression.left, readingOf);
      const right = numberOf(expression.right, readingOf);
      return left === null || right === null ? null : calculate(expression.operator, left, right);
    }
    default:
      return null; // a checked condition has no question where a number is due
  }
}

function truthOf(expression: Expression, readingOf: ReadingOf): Truth {
  switch (expression.kind) {
    case 'comparison': {
      const left = numberOf(expression.left, readingOf);
      const right = numberOf(expression.right, readingOf);
      return left === null || right === null ? null : compare(expression.operator, left, right);
    }
    case 'not': {
      const truth = truthOf(expression.operand, readingOf);
      return truth === null ? null : !truth;
    }
    case 'logic': {
      const left = truthOf(expression.left, readingOf);
      const right = truthOf(expression.right, readingOf);
      const decides = expression.operator === 'or';
      if (left === decides || right === decides) return decides;
      return left === null || right === null ? null : !decides;
    }
    default:
      return null;
  }
}

/** The answer of a checked condition. */
export function evaluateCondition({ expression }: Condition, readingOf: ReadingOf): Truth {
  return truthOf(expression, readingOf);
}

/** The readings of a condition in one line: `error_rate 0.04, healthy_nodes 2`. */
export function readingsText({ metrics }: Condition, readingOf: ReadingOf): string {
  return metrics
    .map((name) => {
      const metric = metricOf(name);
      const place = { kind: 'metric', name, at: 0, end: 0 } as const;
      const value = numberOf(place, readingOf);
      const isKnown = value !== null && metric !== undefined;
      return `${name} ${isKnown ? formatValue(value, dimensionOf(metric)) : 'unknown'}`;
    })
    .join(', ');
}

function partsOf(expression: Expression): readonly Expression[] {
  if ('operand' in expression) return [expression.operand];
  return 'left' in expression ? [expression.left, expression.right] : [];
}

function isQuestion({ kind }: Expression): boolean {
  return kind === 'comparison' || kind === 'not' || kind === 'logic';
}

function shown(expression: Expression, readingOf: ReadingOf): string {
  if (isQuestion(expression)) {
    const truth = truthOf(expression, readingOf);
    return truth === null ? 'unknown' : String(truth);
  }
  const value = numberOf(expression, readingOf);
  return value === null ? 'unknown' : formatValue(value, dimensionIn(expression));
}

function trace(text: string, expression: Expression, readingOf: ReadingOf): Trace {
  return {
    text: text.slice(expression.at, expression.end),
    value: shown(expression, readingOf),
    parts: partsOf(expression)
      .filter((part) => part.kind !== 'number')
      .map((part) => trace(text, part, readingOf)),
  };
}

/** Every part of a condition with its value: why it holds, or not. */
export function explainCondition({ text, expression }: Condition, readingOf: ReadingOf): Trace {
  return trace(text, expression, readingOf);
}
