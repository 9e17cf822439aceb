import { describe, expect, it } from 'vitest';
import { ERROR_CODES, ERROR_TABLE } from '../../../src/base/index.ts';
import {
  type Failure,
  isDoubtful,
  judge,
  MAX_HOPS,
  type Repeat,
  type Trial,
  waitBefore,
} from '../../../src/client/retry.ts';

const TRIAL: Trial = { repeat: 'free', attempt: 1, hops: 0, remainingMs: 5000, chance: 0.5 };
const on = (failure: Failure, change: Partial<Trial> = {}) => judge(failure, { ...TRIAL, ...change });

describe('judge', () => {
  it('judge never repeats an unkeyed write whose answer is lost', () => {
    for (const code of ERROR_CODES) {
      expect(on({ code, reach: 'silent' }, { repeat: 'once' })).toEqual({
        kind: 'give-up',
        code: 'outcome_unknown',
      });
    }
  });

  it('judge never repeats an unkeyed write that the server calls uncertain', () => {
    for (const code of ERROR_CODES.filter((c) => ERROR_TABLE[c].retry === 'unknown')) {
      expect(on({ code, reach: 'answered' }, { repeat: 'once' })).toEqual({
        kind: 'give-up',
        code: 'outcome_unknown',
      });
    }
  });

  const REPEATED: [Repeat, Failure][] = [
    ['once', { code: 'unavailable', reach: 'unsent' }],
    ['once', { code: 'no_leader', reach: 'answered' }],
    ['once', { code: 'overloaded', reach: 'answered' }],
    ['keyed', { code: 'outcome_unknown', reach: 'silent' }],
    ['keyed', { code: 'deadline_exceeded', reach: 'answered' }],
    ['free', { code: 'outcome_unknown', reach: 'silent' }],
    ['free', { code: 'storage_failed', reach: 'answered' }],
  ];
  it.each(REPEATED)('judge repeats: %s after %j', (repeat, failure) => {
    expect(on(failure, { repeat }).kind).toBe('again');
  });

  it('judge ends at once on a refusal that will stay one', () => {
    for (const code of ERROR_CODES.filter((c) => ERROR_TABLE[c].retry === 'no')) {
      expect(on({ code, reach: 'answered' }, { repeat: 'keyed' })).toEqual({ kind: 'give-up', code });
    }
  });

  it('judge does not repeat a bug of the server', () => {
    expect(on({ code: 'internal', reach: 'answered' })).toEqual({ kind: 'give-up', code: 'internal' });
  });

  it('judge follows a redirect without a wait, at most three in a row', () => {
    const failure: Failure = { code: 'not_leader', reach: 'answered' };
    for (let hops = 0; hops < MAX_HOPS; hops++)
      expect(on(failure, { hops, repeat: 'once' })).toEqual({ kind: 'follow' });
    expect(on(failure, { hops: MAX_HOPS, repeat: 'once' }).kind).toBe('again');
  });

  it('judge gives up when the wait would pass the deadline', () => {
    expect(on({ code: 'no_leader', reach: 'answered' }, { attempt: 20, remainingMs: 50 })).toEqual({
      kind: 'give-up',
      code: 'no_leader',
    });
  });

  it('judge waits longer for an overloaded node', () => {
    const wait = (code: 'overloaded' | 'no_leader') => {
      const verdict = on({ code, reach: 'answered' });
      return verdict.kind === 'again' ? verdict.waitMs : 0;
    };
    expect(wait('overloaded')).toBeGreaterThan(wait('no_leader'));
  });
});

describe('waitBefore', () => {
  it('waitBefore starts at a few ms, grows, and stays under a quarter second', () => {
    expect(waitBefore(1, 0)).toBe(2.5);
    expect(waitBefore(2, 0.5)).toBeGreaterThan(waitBefore(1, 0.5));
    expect(waitBefore(1000, 0.999)).toBeLessThanOrEqual(250);
  });
});

describe('isDoubtful', () => {
  it('isDoubtful is false for what never left', () => {
    expect(isDoubtful({ code: 'internal', reach: 'unsent' })).toBe(false);
    expect(isDoubtful({ code: 'unavailable', reach: 'silent' })).toBe(true);
    expect(isDoubtful({ code: 'not_leader', reach: 'answered' })).toBe(false);
  });
});
