import { describe, expect, it } from 'vitest';
import {
  AssertionError,
  assert,
  assertCounter,
  comparePositions,
  ERROR_CODES,
  ERROR_TABLE,
  isClusterName,
  must,
  parseNodeId,
  SqlccError,
  unreachable,
} from '../../../src/base/index.ts';

describe('ERROR_TABLE', () => {
  it.each(ERROR_CODES)('%s has a status, an exit code of the help, and advice', (code) => {
    const { http, exit, hint } = ERROR_TABLE[code];
    expect(http === 307 || (http >= 400 && http < 600)).toBe(true);
    expect([1, 2, 4, 5, 6, 7, 8, 9, 10, 11]).toContain(exit);
    expect(hint).toMatch(/^[a-zA-Z"]/);
  });

  it('never calls an unknown outcome safe to repeat', () => {
    expect(ERROR_TABLE.outcome_unknown.retry).toBe('unknown');
    expect(ERROR_TABLE.deadline_exceeded.retry).toBe('unknown');
    for (const code of ERROR_CODES) {
      if (ERROR_TABLE[code].http === 504) expect(ERROR_TABLE[code].retry).not.toBe('safe');
    }
  });
});

describe('SqlccError', () => {
  it('takes status, exit code, retry class and hint from the table', () => {
    const error = new SqlccError('no_leader', 'nobody leads');
    expect(error).toMatchObject({
      httpStatus: 503,
      exitCode: 4,
      retry: 'safe',
      details: {},
      name: 'SqlccError',
    });
    expect(error.hint).toBe(ERROR_TABLE.no_leader.hint);
  });

  it('keeps a better hint, details and the cause', () => {
    const cause = new TypeError('x');
    const error = new SqlccError('conflict', 'moved', { hint: 'look', details: { version: 3 }, cause });
    expect(error).toMatchObject({ hint: 'look', details: { version: 3 }, cause });
  });
});

describe('assertions', () => {
  it('throw AssertionError and nothing else', () => {
    expect(() => assert(false, 'no')).toThrow(AssertionError);
    expect(() => must(null, 'the leader')).toThrow('the leader is missing');
    expect(() => must(undefined, 'x')).toThrow(AssertionError);
    expect(() => unreachable('lie' as never)).toThrow('unreachable: "lie"');
    expect(must(0, 'zero')).toBe(0);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('assertCounter refuses %d', (n) => {
    expect(() => assertCounter(n, 'term')).toThrow('term is no counter');
  });
});

describe('comparePositions', () => {
  it('orders by term, then by index', () => {
    const sorted = [
      { term: 2, index: 1 },
      { term: 1, index: 9 },
      { term: 1, index: 3 },
    ].sort(comparePositions);
    expect(sorted.map((p) => [p.term, p.index])).toEqual([
      [1, 3],
      [1, 9],
      [2, 1],
    ]);
  });
});

describe('parseNodeId', () => {
  it.each(['n1', 'node-001', '1', 'a.b_c-d', 'a'.repeat(63)])('takes %s', (text) => {
    expect(parseNodeId(text)).toEqual({ ok: true, value: text });
  });

  it.each(['', 'N1', '-a', '.a', 'a b', 'a'.repeat(64), 'a/b', '__proto__', 'ä', 'a\n'])(
    'refuses %j',
    (text) => {
      expect(parseNodeId(text).ok).toBe(false);
    },
  );
});

describe('isClusterName', () => {
  it('takes words and refuses what a shell or a terminal would mind', () => {
    expect(['trial', 'SQL cc 1', 'a.b-c_d'].every(isClusterName)).toBe(true);
    expect(['', ' a', '$(x)', 'a\u001b[31m', 'a'.repeat(64)].some(isClusterName)).toBe(false);
  });
});
