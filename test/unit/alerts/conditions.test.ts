import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Truth } from '../../../src/alerts/index.ts';
import {
  caretLines,
  checkCondition,
  conditionNames,
  DEFAULT_ALERT_RULES,
  evaluateCondition,
  explainCondition,
  FIXED_RULES,
  readingsText,
} from '../../../src/alerts/index.ts';
import { CLUSTER_READINGS, NODE_READINGS, scopeOfReading } from '../../../src/alerts/vocabulary.ts';
import { LIMITS, must } from '../../../src/base/index.ts';
import { FAMILIES, METRICS } from '../../../src/metrics/index.ts';
import { SEED_METRICS } from '../config/seed-file.ts';

type Readings = Readonly<Record<string, number | null>>;

function ask(text: string, readings: Readings = {}): Truth {
  const checked = checkCondition(text);
  if (!checked.ok) throw new TypeError(`${text}: ${checked.error.message}`);
  return evaluateCondition(checked.condition, (name) => readings[name]);
}

function refusal(text: string): string {
  const checked = checkCondition(text);
  return checked.ok ? 'no refusal' : checked.error.message;
}

describe('evaluateCondition', () => {
  it.each<[string, Readings, Truth]>([
    ['error_rate > 0.01', { error_rate: 0.01 }, false],
    ['error_rate >= 0.01', { error_rate: 0.01 }, true],
    ['error_rate > 1%', { error_rate: 0.011 }, true],
    ['query_latency_p95 > 1000ms', { query_latency_p95: 1000 }, false],
    ['query_latency_p95 > 1s', { query_latency_p95: 1000.1 }, true],
    ['query_latency_p95 == 100ms', { query_latency_p95: 100 }, true],
    ['event_loop_lag > 250ms', { event_loop_lag: 0.25 }, false],
    ['event_loop_lag > 249ms', { event_loop_lag: 0.25 }, true],
    ['uptime >= 1h', { uptime: 3600 }, true],
    ['uptime < 1d', { uptime: 86_399 }, true],
    ['sync_lag > 1KiB', { sync_lag: 1024 }, false],
    ['sync_lag > 1KB', { sync_lag: 1024 }, true],
    ['sync_lag == 1.5MiB', { sync_lag: 1_572_864 }, true],
    ['replication_rate >= 10MB/s', { replication_rate: 1e7 }, true],
    ['queries_per_second > 5/s', { queries_per_second: 5 }, false],
    ['healthy_nodes < total_nodes * 0.5', { healthy_nodes: 2, total_nodes: 5 }, true],
    ['healthy_nodes < total_nodes * 0.5', { healthy_nodes: 2, total_nodes: 4 }, false],
    ['1 - 0.5 - 0.25 == cpu_usage', { cpu_usage: 0.25 }, true],
    ['2 + 3 * 4 == node_count', { node_count: 14 }, true],
    ['(2 + 3) * 4 == node_count', { node_count: 20 }, true],
    ['8 / 4 / 2 == node_count', { node_count: 1 }, true],
    ['node_count - -1 == 4', { node_count: 3 }, true],
    ['not node_count == 3', { node_count: 3 }, false],
    ['not node_count == 3 and node_count == 4', { node_count: 4 }, true],
    ['node_count == 1 or node_count == 2 and leader_count == 9', { node_count: 1, leader_count: 1 }, true],
    ['(node_count == 1 or node_count == 2) and leader_count == 9', { node_count: 1, leader_count: 1 }, false],
  ])('%s with %j is %s', (text, readings, expected) => {
    expect(ask(text, readings)).toBe(expected);
  });

  const unknown = 'fsync > 1s';
  it.each<[string, Truth]>([
    [unknown, null],
    [`not ${unknown}`, null],
    [`${unknown} and node_count == 3`, null],
    [`${unknown} and node_count == 4`, false],
    [`node_count == 4 and ${unknown}`, false],
    [`${unknown} or node_count == 3`, true],
    [`${unknown} or node_count == 4`, null],
    ['fsync * 0 == 0', null],
    ['-fsync < 1s', null],
    ['node_count / (node_count - 3) > 1', null],
  ])('%s is %s where nobody measured fsync and node_count is 3', (text, expected) => {
    expect(ask(text, { node_count: 3, fsync: null })).toBe(expected);
    expect(ask(text, { node_count: 3, fsync: Number.NaN })).toBe(expected);
  });
});

describe('checkCondition', () => {
  it('says whose readings are asked', () => {
    const scope = (text: string) => {
      const checked = checkCondition(text);
      return checked.ok && [checked.condition.scope, ...checked.condition.metrics];
    };
    expect(scope('leader_count == 0')).toEqual(['cluster', 'leader_count']);
    expect(scope('cpu_usage > 0.5 and node_count > 2 and cpu_usage < 0.9')).toEqual([
      ...['node', 'cpu_usage', 'node_count'],
    ]);
  });

  it('takes all shipped rules, and knows every reading that it offers', () => {
    for (const { condition } of [...DEFAULT_ALERT_RULES, ...FIXED_RULES])
      expect(checkCondition(condition), condition).toMatchObject({ ok: true });
    const known = new Set(METRICS.map((metric) => metric.id));
    expect([...NODE_READINGS, ...CLUSTER_READINGS].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each([
    ['ClockSkew', 'clock_offset'],
    ['DiskSlow', 'fsync'],
  ])('says %s of half a second more, not of less', (rule, reading) => {
    const { condition } = must(
      DEFAULT_ALERT_RULES.find((r) => r.name === rule),
      rule,
    );
    expect([0.499, 0.501].map((seconds) => ask(condition, { [reading]: seconds }))).toEqual([false, true]);
  });

  it('takes every metric of the design document by its name; a histogram by its percentiles', () => {
    const { metrics } = parse(SEED_METRICS) as { metrics: Record<string, string[]> };
    const names = Object.values(metrics).flat();
    expect(names).toHaveLength(21);
    expect(names.filter((name) => !checkCondition(`${name} > 0`).ok)).toEqual(['query_latency']);
    expect(refusal('query_latency > 0')).toContain('has many values');
  });

  it('takes what the design calls by another name than the catalogue', () => {
    const checked = checkCondition('leader_nodes == 0 or follower_nodes < 2');
    expect(checked).toMatchObject({ condition: { metrics: ['leader_count', 'follower_count'] } });
    expect(ask('leader_nodes == 0', { leader_count: 0 })).toBe(true);
  });

  it('says of every other metric that no condition can use it, never that there is none', () => {
    const others = [...METRICS, ...FAMILIES].filter(({ id }) => scopeOfReading(id) === null);
    expect(others.length).toBeGreaterThan(20);
    for (const { id } of others.filter((one) => one.id !== 'query_latency'))
      expect(refusal(`${id} > 0`), id).toMatch(/can't be used in a condition|has many values, not one/);
  });

  it('bounds nesting and words, on both sides of each bound', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}node_count${')'.repeat(depth)} > 1`;
    expect(refusal(nested(LIMITS.maxConditionDepth - 2))).toBe('no refusal');
    expect(refusal(nested(LIMITS.maxConditionDepth))).toContain('nested deeper');
    expect(refusal(`${'not '.repeat(40)}node_count > 1`)).toContain('nested deeper');
    const sum = (terms: number) => `node_count > 1${' + 1'.repeat(terms)}`;
    expect(refusal(sum(120))).toBe('no refusal');
    expect(refusal(sum(130))).toContain('more than 256 words');
  });

  const size = 64 * 1024;
  const hostile: readonly [string, string][] = [
    ['brackets', '('.repeat(size)],
    ['minus signs', '-'.repeat(size)],
    ['not', 'not '.repeat(size / 4)],
    ['one word', 'a'.repeat(size)],
    ['digits', '9'.repeat(size)],
    ['a number with digits behind the point', `0.${'9'.repeat(size)}`],
    ['spaces', ' '.repeat(size)],
    ['spaces behind a number', `1${' '.repeat(size)}x`],
    ['a sum', 'node_count + '.repeat(size / 13)],
    ['quotes', '"'.repeat(size)],
    ['percent', '1%'.repeat(size / 2)],
    ['zero bytes', '\0'.repeat(size)],
    ['pairs of surrogates', '😀'.repeat(size / 4)],
    ['exponents', '1e999 '.repeat(size / 6)],
  ];
  it.each(hostile)('answers 64 KiB of %s within 10 ms', (_name, text) => {
    let best = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 5; n++) {
      const begin = performance.now();
      const checked = checkCondition(text);
      best = Math.min(best, performance.now() - begin);
      if (!checked.ok) expect(caretLines(checked.error)[1]).toMatch(/^ *\^+$/);
      expect(checked.ok).toBe(false);
    }
    expect(best).toBeLessThan(10);
  });

  const word = fc.constantFrom(
    ...['error_rate', 'node_count', 'sync_lag', 'fsync', 'uptime', 'bananas', '__proto__', 'constructor'],
    ...['1', '0', '0.5', '80%', '10ms', '3MB', '2/s', '1e3', '>', '<', '==', '!=', '<=', '>=', '+', '-'],
    ...['*', '/', '(', ')', 'and', 'or', 'not', '&&', '"', '\n'],
  );
  const comparison = fc.constantFrom(
    'error_rate > 5%',
    'node_count - 1 == 2',
    '( sync_lag > 3MB )',
    'not uptime < 1s',
  );
  const joint = fc.constantFrom('and', 'or', 'and', 'or', '+');
  const question = fc
    .tuple(comparison, fc.array(fc.tuple(joint, comparison), { maxLength: 4 }))
    .map(([first, rest]) => [first, ...rest.flat()].join(' '));
  const sentence = fc.array(word, { maxLength: 24 }).map((words) => words.join(' '));
  it('is total: any text is a condition that answers, or an error with a place in it', () => {
    let conditions = 0;
    const reading = fc.option(fc.double(), { nil: null });
    fc.assert(
      fc.property(fc.oneof(question, sentence, fc.string({ maxLength: 60 })), reading, (text, value) => {
        const checked = checkCondition(text);
        if (checked.ok) {
          conditions++;
          const readingOf = () => value;
          const truth = evaluateCondition(checked.condition, readingOf);
          expect([true, false, null]).toContain(truth);
          const { parts, ...whole } = explainCondition(checked.condition, readingOf);
          expect(whole.value).toBe(truth === null ? 'unknown' : String(truth));
          expect(parts.length).toBeGreaterThan(0);
          expect(readingsText(checked.condition, readingOf)).not.toBe('');
          return;
        }
        const { column, length, message, hint } = checked.error;
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual(text.length + 1);
        expect(length).toBeGreaterThanOrEqual(1);
        expect(message.length * hint.length).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
    // the property above is not about errors alone
    expect(conditions).toBeGreaterThan(200);
  });

  it('never says yes from unknown readings alone', () => {
    const unknowns = fc.constantFrom('fsync > 1s', 'error_rate < 0.5', 'node_count != 3', '(uptime <= 2d)');
    const tree = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        unknowns,
        fc
          .tuple(tie('node'), fc.constantFrom('and', 'or'), tie('node'))
          .map(([a, op, b]) => `(${a}) ${op} (${b})`),
        tie('node').map((inner) => `not (${inner})`),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (text) => {
        const checked = checkCondition(text);
        expect(checked).toMatchObject({ ok: true });
        if (checked.ok) expect(evaluateCondition(checked.condition, () => undefined)).toBeNull();
      }),
    );
  });
});

describe('caretLines', () => {
  it('cuts a long condition around the place', () => {
    const text = `${'node_count > 1 and '.repeat(12)}bananas > 1 or ${'node_count > 1 and '.repeat(10)}node_count > 1`;
    const checked = checkCondition(text);
    const error = must(checked.ok ? undefined : checked.error, 'an error');
    const [shown, carets] = caretLines(error);
    expect(shown.length).toBeLessThanOrEqual(80);
    expect(shown.slice(carets.indexOf('^'), carets.length)).toBe('bananas');
  });
});

describe('conditionNames', () => {
  it('lists every name that a condition can use, whose it is, and how a number of it is written', () => {
    const names = conditionNames();
    expect(names.map(({ name }) => name)).toEqual([...NODE_READINGS, ...CLUSTER_READINGS]);
    for (const { name, of, example, meaning, aliases } of names) {
      expect(of).toBe(scopeOfReading(name));
      expect(meaning, name).not.toBe('');
      for (const written of example.split(/, | or /)) {
        expect(refusal(`${name} > ${written}`)).toBe('no refusal');
        for (const alias of aliases) expect(refusal(`${alias} > ${written}`)).toBe('no refusal');
      }
    }
    expect(names.flatMap(({ aliases }) => aliases)).toEqual(['leader_nodes', 'follower_nodes']);
  });

  it.each(['bananas > 1', 'eror_rate > 1', 'error_budget > 1', 'peer_rtt > 1s'])('%s leads there', (text) => {
    const checked = checkCondition(text);
    expect(checked.ok ? '' : checked.error.hint).toContain('"sqlcc alert rules --names"');
  });
});
