/** The checkers against histories made by hand. */
import { describe, expect, it } from 'vitest';
import { checkLinearizable } from '../../history/check/linearizable.ts';
import { type HistoryLine, parseHistory } from '../../history/check/record.ts';
import { checkRevisions } from '../../history/check/revisions.ts';
import { LISTS } from '../../history/corpus/lists.ts';
import { historyFrom } from '../../history/corpus/notation.ts';
import { REGISTERS } from '../../history/corpus/registers.ts';
import { SETS } from '../../history/corpus/sets.ts';
import { WATCHES } from '../../history/corpus/watches.ts';

const KINDS = { registers: REGISTERS, lists: LISTS, sets: SETS, watches: WATCHES };
const EXAMPLES = Object.values(KINDS).flat();

describe('corpus of histories', () => {
  for (const { name, values, revisions, text } of EXAMPLES) {
    it(`${values === 'good' && revisions === 'good' ? 'accepts' : 'rejects'}: ${name}`, () => {
      const history = historyFrom(text);
      const [one, two] = [checkLinearizable(history), checkRevisions(history)];
      expect(
        { values: one.verdict, revisions: two.verdict },
        [...one.findings, ...two.findings].join('\n'),
      ).toEqual({ values, revisions });
    });
  }

  it.each(Object.entries(KINDS))('has good and bad %s', (_, examples) => {
    const isGood = examples.map(({ values, revisions }) => values === 'good' && revisions === 'good');
    expect(new Set(isGood)).toEqual(new Set([true, false]));
  });

  it('has at least 40, all with a name of their own', () => {
    expect(new Set(EXAMPLES.map((e) => e.name)).size).toBe(EXAMPLES.length);
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(40);
  });
});

describe('parseHistory', () => {
  it('reads back what was written, line by line', () => {
    const { ops, watches, notes } = historyFrom('1 0-10 put a x @5\nw1 0 start a @3');
    const lines: HistoryLine[] = [...ops, ...watches, { e: 'note', at: 3, kind: 'fault' }];
    const text = lines.map((line) => JSON.stringify(line)).join('\n');
    expect(parseHistory(`${text}\n`)).toEqual({ ops, watches, notes: [...notes, lines.at(-1)] });
  });

  it('names a broken line', () => {
    expect(() => parseHistory('{"e":"op"}\n{"e":')).toThrow(/line 2/);
  });
});
