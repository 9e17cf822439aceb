/** What a run believes, and when it counts. */
import { describe, expect, it } from 'vitest';
import { SqlccError, seededRandom } from '../../../src/base/index.ts';
import type { History, HistoryLine, Op } from '../../history/check/record.ts';
import { historyOf } from '../../history/check/record.ts';
import { toldByError } from '../../history/run/caller.ts';
import { Keys } from '../../history/run/keys.ts';
import { meritsOf } from '../../history/run/qualify.ts';

describe('toldByError', () => {
  const read = { applied_index: 7, node_id: 'n2' };

  it('takes a promise that nothing happened at its word, and nothing else', () => {
    for (const code of ['not_leader', 'no_leader', 'overloaded', 'unavailable', 'unauthenticated'] as const)
      expect(toldByError(new SqlccError(code, 'x'), false)).toEqual({ ok: 'fail', err: code });
    for (const code of ['outcome_unknown', 'deadline_exceeded', 'session_expired', 'internal'] as const)
      expect(toldByError(new SqlccError(code, 'x'), false)).toEqual({ ok: 'unknown', err: code });
  });

  it('a refused condition says which version there was', () => {
    const error = new SqlccError('precondition_failed', 'x', { details: { version: 9 } });
    expect(toldByError(error, false)).toEqual({ ok: 'fail', err: 'mismatch', res: { v: null, mod: 9 } });
  });

  it('a key that does not exist is an answer with a revision', () => {
    const error = new SqlccError('not_found', 'x', { details: { read } });
    expect(toldByError(error, true)).toEqual({ ok: 'ok', res: { v: null, mod: 0 }, rev: 7, node: 'n2' });
    expect(() => toldByError(new SqlccError('not_found', 'x'), true)).toThrow(/revision/);
  });

  it('what can only be the run’s own mistake ends it', () => {
    expect(() => toldByError(new SqlccError('invalid_argument', 'x'), false)).toThrow('x');
    expect(() => toldByError(new TypeError('y'), true)).toThrow('y');
  });
});

describe('Keys', () => {
  it('give each name to at most 500 operations', () => {
    const keys = new Keys('k', seededRandom(1));
    const counts = new Map<string, number>();
    for (let n = 0; n < 30_000; n++) {
      const k = keys.next();
      counts.set(k, (counts.get(k) ?? 0) + 1);
    }
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(500);
    expect(counts.size).toBeGreaterThanOrEqual(20);
    expect(new Set(keys.used())).toEqual(new Set([...keys.used(), ...counts.keys()]));
  });
});

describe('meritsOf', () => {
  const SECOND = 1_000_000_000;

  /** Ten seconds of writes by process 1, each read by process `reader`; a fault in the middle. */
  function history(writesPerSecond: number, reader: number): History {
    const lines: HistoryLine[] = [
      { e: 'note', at: 0, kind: 'load' },
      { e: 'note', at: 5 * SECOND, kind: 'fault' },
      { e: 'note', at: 10 * SECOND, kind: 'load-ended' },
    ];
    for (let n = 0; n < 10 * writesPerSecond; n++) {
      const call = Math.floor((n / writesPerSecond) * SECOND);
      const base = { e: 'op', k: 'a', call, ret: call + 1, ok: 'ok', rev: n + 1 } as const;
      lines.push({ ...base, p: 1, i: 2 * n, f: 'put', v: `v${n}` } satisfies Op);
      lines.push({
        ...base,
        p: reader,
        i: 2 * n + 1,
        f: 'get',
        res: { v: `v${n}`, mod: n + 1 },
      } satisfies Op);
    }
    return historyOf(lines);
  }

  it('a run with enough writes, a fault and foreign reads counts', () => {
    const merits = meritsOf(history(150, 2), 1, true);
    expect(merits).toEqual({ writesPerSecond: 150, foreignReads: 1, objections: [] });
  });

  it('too few writes before the first fault', () => {
    expect(meritsOf(history(90, 2), 1, true).objections).toEqual([
      '90 acknowledged writes a second before the first fault',
    ]);
  });

  it('no fault that took effect', () => {
    expect(meritsOf(history(150, 2), 0, true).objections).toEqual(['no fault took effect']);
    expect(meritsOf(history(150, 2), 0, false).objections).toEqual([]);
  });

  it('everybody reads his own writes', () => {
    expect(meritsOf(history(150, 1), 1, true).objections).toEqual([
      '0 % of the reads saw a value of another process',
    ]);
  });
});
