/** What happened on another day does not read as if it were of today; who voted has one form in a list. */
import { describe, expect, it } from 'vitest';
import { momentsIn } from '../../../tui/format/words.ts';
import type { Model } from '../../../tui/model/model.ts';
import { status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { full, live } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const NOON = Date.parse('2026-03-04T12:04:31Z');
const [TODAY, LAST, YEAR] = ['2026-03-04T07:11:10Z', '2026-03-03T09:14:30Z', '2025-12-30T23:00:00Z'];

describe('times of a list', () => {
  const told = (all: readonly string[], isShort = false): string[] => {
    const moments = momentsIn(all, NOON, isShort);
    const words = all.map(moments.text);
    expect(words.map((w) => w.length)).toEqual(words.map(() => moments.cells));
    return words.map((w) => w.trimEnd());
  };

  it('are clocks where all are of today, else the others have their day', () => {
    expect(told([TODAY, ''])).toEqual(['07:11:10', '--:--:--']);
    expect(told([TODAY, LAST, YEAR])).toEqual(['07:11:10', '03-03 09:14', '2025-12-30']);
    expect(told([TODAY, LAST, YEAR, ''], true)).toEqual(['07:11', '03-03', '25-12', '--:--']);
  });
});

/** The cluster a day later, with an election of today. */
function nextDay(): Model {
  const [row] = status().elections;
  if (row === undefined) throw new Error('no election');
  const fresh = { ...row, term: 10, votes: ['n1'], at: new Date(NOON + 86_000_000).toISOString() };
  const model = live(status({ elections: [...status().elections, fresh] }));
  return { ...model, now: NOON + 86_400_000 };
}

describe('of another day', () => {
  it('operations say which, at every size that has a line for them', () => {
    for (const [columns, rows] of SIZES) {
      const text = screenText(full({ view: 'operations' }), columns, rows);
      expect(text, `${columns}`).toMatch(/03-03 (07:11 )?done +failover +n1 → n3/);
      expect(text, `${columns}`).toMatch(/11:21(:39)? +done +failover/);
    }
  });

  it('elections say which, in both lists of them', () => {
    for (const view of ['raft', 'topology'] as const) {
      const text = screenText({ ...nextDay(), view }, 200, 60);
      expect(text, view).toMatch(/03-04 11:58 +9 +★ n1/);
      expect(text, view).toMatch(/11:57:51 +10 +★ n2/);
    }
    expect(screenText(full({ view: 'raft' }), 200, 60)).toContain('11:58:03     9 ★ n1');
  });
});

it('votes are names where they have room in every row, else their number', () => {
  const at = (columns: number) => screenText({ ...nextDay(), view: 'raft' }, columns, 60);
  expect(at(200)).toMatch(/ 10 ★ n2 +n1 +\d+ ms/);
  expect(at(200)).toMatch(/ 9 ★ n1 +n1 n2 n3 n6 +231 ms/);
  expect(at(120)).toMatch(/ 10 ★ n2 +1 +\d+ ms/);
});
