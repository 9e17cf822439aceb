/**
 * Conditions on a status, for `--until`: `healthy`, or comparisons joined by commas.
 * Pure: text → test.
 */
import { SqlccError } from '../base/index.ts';
import type { StatusResponse } from '../client/index.ts';

type Value = string | number;
export type Condition = (status: StatusResponse) => boolean;

const FACTS: Readonly<Record<string, (s: StatusResponse) => Value>> = {
  health: (s) => s.cluster.health,
  leader: (s) => s.raft.leader_id ?? 'none',
  term: (s) => s.raft.term,
  nodes: (s) => s.nodes.length,
  alive: (s) => s.nodes.filter((n) => n.liveness === 'alive').length,
  voters: (s) => s.raft.voters.length,
  alerts: (s) => s.alerts.firing,
  config: (s) => s.config.version,
  operation: (s) => s.operation ?? 'none',
};

/** Facts that are counted; the others are words. */
const NUMBERS: ReadonlySet<string> = new Set(['term', 'nodes', 'alive', 'voters', 'alerts', 'config']);

const HEALTH = /^(healthy|degraded|critical)$/;

const TESTS: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
};

const PART = /^\s*([a-z]+)\s*(==|=|!=|>=|<=|>|<)\s*([A-Za-z0-9._-]+)\s*$/;

/** Throws `invalid_argument` naming the part that can't be read. */
export function parseUntil(text: string): Condition {
  if (text === '') throw unreadable(text);
  const parts = text.split(',').map((part) => {
    if (HEALTH.test(part.trim())) return compare('health', '=', part.trim());
    const match = PART.exec(part);
    if (match === null) throw unreadable(part);
    const [, name = '', test = '', wanted = ''] = match;
    return compare(name, test, wanted);
  });
  return (status) => parts.every((holds) => holds(status));
}

function compare(name: string, test: string, wanted: string): Condition {
  const fact = Object.hasOwn(FACTS, name) ? FACTS[name] : undefined;
  const passes = TESTS[test];
  if (fact === undefined || passes === undefined) throw unreadable(name);
  // compared with no number, or ordered where there is no order, it would wait for ever
  const isNumber = NUMBERS.has(name);
  if (isNumber && !/^\d+$/.test(wanted)) throw unreadable(`${name}${test}${wanted}`);
  if (name === 'health' && !HEALTH.test(wanted)) throw unreadable(`${name}${test}${wanted}`);
  if (!isNumber && /[<>]/.test(test)) throw unreadable(`${name}${test}${wanted}`);
  return (status) => passes(fact(status), isNumber ? Number(wanted) : wanted);
}

function unreadable(part: string): SqlccError {
  return new SqlccError('invalid_argument', `--until can't read "${part}"`, {
    hint: `write healthy, or e.g. alive>=3,leader!=n1; known words: ${Object.keys(FACTS).join(', ')}`,
  });
}
