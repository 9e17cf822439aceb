import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EntryPlace, PlaceTable } from '../../../src/wal/place-table.ts';

type Step = { readonly push: number } | { readonly drop: number } | { readonly cut: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 700 }) }) },
  fc.record({ drop: fc.integer({ min: 0, max: 100 }) }),
  fc.record({ cut: fc.integer({ min: 0, max: 100 }) }),
);

describe('PlaceTable', () => {
  it('holds what a list of objects would hold, whatever is pushed, dropped and cut', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const table = new PlaceTable();
        let list: EntryPlace[] = [];
        let next = 0;
        for (const one of steps) {
          if ('push' in one) {
            for (let n = 0; n < one.push; n++) {
              next++;
              const place = { segment: null, payloadAt: next };
              const entry = { term: 2 ** 40 + next, place, at: next % 4096, size: next % 77 };
              table.push(entry);
              list.push(entry);
            }
          } else if ('drop' in one) {
            const count = Math.floor((list.length * one.drop) / 100);
            table.dropHead(count);
            list = list.slice(count);
          } else {
            const length = Math.floor((list.length * one.cut) / 100);
            table.truncate(length);
            list.length = length;
          }
          expect(table.length).toBe(list.length);
        }
        expect(list.map((_, n) => table.get(n))).toEqual(list);
        expect(list.map((_, n) => table.term(n))).toEqual(list.map((entry) => entry.term));
        expect(list.every((entry, n) => table.batch(n) === entry.place)).toBe(true);
        expect([table.get(-1), table.term(-1), table.get(list.length), table.term(list.length)]).toEqual(
          Array(4).fill(undefined),
        );
      }),
      { numRuns: 30 },
    );
  });
});
