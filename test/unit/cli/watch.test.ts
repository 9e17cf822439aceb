import { describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { FAMILIES, wantedKinds, watchingWords } from '../../../src/cli/commands/watch.ts';
import { sinceTime } from '../../../src/cli/since.ts';
import { EVENT_KINDS } from '../../../src/cluster/index.ts';

function caught(work: () => unknown): SqlccError {
  try {
    work();
  } catch (error) {
    if (error instanceof SqlccError) return error;
  }
  throw new Error('it was taken');
}

describe('wantedKinds', () => {
  it('wantedKinds takes families and single kinds, and always a gap', () => {
    const wanted = wantedKinds('leader,operation-ended');
    expect(['leader-elected', 'campaign-started', 'vote', 'operation-ended', 'gap'].map(wanted)).toEqual([
      ...[true, true, true, true, true],
    ]);
    expect(['alert-fired', 'operation-started', 'config-changed'].some(wanted)).toBe(false);
    expect(wantedKinds(undefined)('anything')).toBe(true);
    expect(wantedKinds('alert')('alerting')).toBe(false);
    const acts = ['drain-enabled', 'cluster-paused', 'schedule-started', 'hand-over-held', 'operation-phase'];
    expect(acts.map(wantedKinds('action'))).toEqual(acts.map(() => true));
  });

  it('wantedKinds refuses a word that is neither family nor kind, with the list of both', () => {
    for (const types of ['leadr', 'leader,alert-fird', 'constructor', 'alert-*']) {
      const error = caught(() => wantedKinds(types));
      expect(error, types).toMatchObject({ code: 'invalid_argument' });
      expect(error.hint, types).toMatch(/families: leader, node, .*kinds: .*alert-fired/);
    }
  });

  it('FAMILIES has every kind of event once, and no other', () => {
    const kinds = Object.values(FAMILIES).flat().sort();
    // a gap is always told, and progress never is
    const told = EVENT_KINDS.filter((kind) => kind !== 'gap' && kind !== 'progress');
    expect(kinds).toEqual([...told].sort());
  });
});

describe('watchingWords', () => {
  it('watchingWords says how it ends', () => {
    expect(watchingWords(undefined, null)).toBe('watching …; Ctrl-C ends it');
    expect(watchingWords(undefined, 10_000)).toBe('watching …; ends after 10s, or by Ctrl-C');
    expect(watchingWords('leader==n2', 10_000)).toBe(
      'watching …; ends when leader==n2 holds or after 10s, or by Ctrl-C',
    );
  });
});

describe('sinceTime', () => {
  it('sinceTime takes a duration ago or an instant, and nothing else', () => {
    expect(sinceTime('10m', 1_000_000)).toBe(400_000);
    expect(sinceTime('2026-01-31T12:00:00Z', 0)).toBe(Date.parse('2026-01-31T12:00:00Z'));
    for (const text of ['', 'soon', '10', '7 cups', '-3m'])
      expect(() => sinceTime(text, 0)).toThrow('--since takes');
  });
});
