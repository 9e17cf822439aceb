import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ballot } from '../../../src/raft/ballot.ts';
import { type Electorate, majority, quorumValue, voteResult } from '../../../src/raft/quorum.ts';
import type { RaftMember } from '../../../src/raft/types.ts';

const members = (ids: string): RaftMember[] =>
  [...ids].map((nodeId) => ({ nodeId, instanceId: `i-${nodeId}`, address: '' }));

const electorate = (voters: string, outgoing = ''): Electorate => ({
  voters: members(voters),
  outgoing: members(outgoing),
});

/** All subsets of voters: the value is what the best of them all reach. */
function slowMajorityValue(ids: string, values: Readonly<Record<string, number>>): number {
  if (ids === '') return Number.POSITIVE_INFINITY;
  let best = 0;
  for (let bits = 0; bits < 2 ** ids.length; bits++) {
    const chosen = [...ids].filter((_, i) => (bits >> i) & 1);
    if (chosen.length < majority(ids.length)) continue;
    best = Math.max(best, Math.min(...chosen.map((id) => values[id] ?? 0)));
  }
  return best;
}

const NAMES = 'abcdefg';
const half = fc
  .integer({ min: 0, max: 7 })
  .chain((n) => fc.shuffledSubarray([...NAMES], { minLength: n, maxLength: n }).map((list) => list.join('')));

describe('quorumValue', () => {
  it.each([
    ['a', '', { a: 5 }, 5],
    ['ab', '', { a: 5, b: 3 }, 3],
    ['abc', '', { a: 5, b: 3, c: 1 }, 3],
    ['abc', '', { a: 5 }, 0],
    ['abcde', '', { a: 9, b: 8, c: 7, d: 1, e: 1 }, 7],
    ['abcdefg', '', { a: 9, b: 9, c: 9, d: 4, e: 1, f: 1, g: 1 }, 4],
    // joint: the weaker half decides (bug 11)
    ['abc', 'a', { a: 9 }, 0],
    ['abc', 'cde', { a: 9, b: 9, c: 9, d: 2, e: 2 }, 2],
    ['ab', 'cd', { a: 9, b: 9, c: 9 }, 0],
  ])('of %s and %s is what each majority has reached', (voters, outgoing, values, expected) => {
    const known: Readonly<Record<string, number>> = values;
    expect(quorumValue(electorate(voters, outgoing), (id) => known[id] ?? 0)).toBe(expected);
  });

  it('agrees with trying all subsets of 0 to 7 voters, joint or not', () => {
    fc.assert(
      fc.property(
        half,
        half,
        fc.array(fc.nat(9), { minLength: 7, maxLength: 7 }),
        (voters, outgoing, list) => {
          const values = Object.fromEntries([...NAMES].map((id, i) => [id, list[i] ?? 0]));
          const expected = Math.min(slowMajorityValue(voters, values), slowMajorityValue(outgoing, values));
          expect(quorumValue(electorate(voters, outgoing), (id) => values[id] ?? 0)).toBe(expected);
        },
      ),
    );
  });
});

describe('voteResult', () => {
  it.each([
    ['a', '', '+a', 'won'],
    ['abc', '', '+a', 'pending'],
    ['abc', '', '+a+b', 'won'],
    ['abc', '', '+a-b', 'pending'],
    ['abc', '', '+a-b-c', 'lost'],
    ['ab', '', '+a-b', 'lost'],
    ['abcd', '', '+a+b-c-d', 'lost'],
    ['abc', 'cde', '+a+b', 'pending'],
    ['abc', 'cde', '+a+b+d+e', 'won'],
    ['abc', 'cde', '+a+b-d-e', 'lost'],
    ['abc', '', '+x+y+z', 'pending'],
  ])('of %s and %s with %s is %4$s', (voters, outgoing, votes, expected) => {
    const ballot = new Ballot();
    for (const [, sign, id] of votes.matchAll(/([+-])(.)/g)) ballot.record(id ?? '', sign === '+');
    expect(ballot.result(electorate(voters, outgoing))).toBe(expected);
  });

  it('is never won by two disjoint sets of voters', () => {
    fc.assert(
      fc.property(
        half,
        half,
        fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
        (voters, outgoing, sides) => {
          fc.pre(voters !== '');
          const isOnSide = (side: boolean) => (id: string) => sides[NAMES.indexOf(id)] === side || undefined;
          const both = [true, false].map((side) => voteResult(electorate(voters, outgoing), isOnSide(side)));
          expect(both).not.toEqual(['won', 'won']);
        },
      ),
    );
  });

  it('Ballot keeps the first answer of a node', () => {
    const ballot = new Ballot();
    ballot.record('a', false);
    ballot.record('a', true);
    expect(ballot.answer('a')).toBe(false);
    expect(ballot.granted()).toEqual([]);
  });
});
