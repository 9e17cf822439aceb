import { describe, expect, it } from 'vitest';
import { sinceTime, wantedKinds } from '../../../src/cli/commands/watch.ts';

describe('wantedKinds', () => {
  it('wantedKinds takes families and single kinds, and always a gap', () => {
    const wanted = wantedKinds('leader,operation-ended');
    expect(['leader-elected', 'campaign-started', 'vote', 'operation-ended', 'gap'].map(wanted)).toEqual([
      ...[true, true, true, true, true],
    ]);
    expect(['alert-fired', 'operation-started', 'config-changed'].some(wanted)).toBe(false);
    expect(wantedKinds(undefined)('anything')).toBe(true);
    expect(wantedKinds('alert')('alerting')).toBe(false);
  });
});

describe('sinceTime', () => {
  it('sinceTime takes a duration ago or an instant, and nothing else', () => {
    expect(sinceTime('10m', 1_000_000)).toBe(400_000);
    expect(sinceTime('2026-01-31T12:00:00Z', 0)).toBe(Date.parse('2026-01-31T12:00:00Z'));
    for (const text of ['', 'soon', '7 cups', '-3m'])
      expect(() => sinceTime(text, 0)).toThrow('--since takes');
  });
});
