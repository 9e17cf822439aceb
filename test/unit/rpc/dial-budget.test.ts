import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { DialBudget, type DialRank, handshakeTimeoutMs } from '../../../src/rpc/dial-budget.ts';

describe('handshakeTimeoutMs', () => {
  it('is doubled by each time-out, up to what a listener waits', () => {
    expect([0, 1, 2, 3, 4, 1000].map(handshakeTimeoutMs)).toEqual([1000, 2000, 4000, 5000, 5000, 5000]);
    expect(handshakeTimeoutMs(1000)).toBe(LIMITS.handshakeTimeoutMs);
  });
});

/**
 * Plays a table: `+a` enters urgent, `~a` patient, `-a` leaves. Answers behind each step who has begun by then.
 */
function played(limit: number, steps: string): string[] {
  const budget = new DialBudget(limit);
  const leaves = new Map<string, () => void>();
  const begun: string[] = [];
  return steps.split(' ').map((step) => {
    const [what, name = ''] = [step[0], step[1]];
    const rank: DialRank = what === '+' ? 'urgent' : 'patient';
    if (what === '-') leaves.get(name)?.();
    else
      leaves.set(
        name,
        budget.enter(rank, () => begun.push(name)),
      );
    return begun.join('');
  });
}

describe('DialBudget', () => {
  it.each([
    ['the third waits for a place', '+a +b +c -a', ['a', 'ab', 'ab', 'abc']],
    ['in the order in which they came', '+a +b +c +d -b -a', ['a', 'ab', 'ab', 'ab', 'abc', 'abcd']],
    ['patient ones have half of the places', '~a ~b +c -a', ['a', 'a', 'ac', 'acb']],
    ['urgent ones go before', '+a +b ~c +d -a -b', ['a', 'ab', 'ab', 'ab', 'abd', 'abdc']],
    ['who leaves twice gives back one place', '+a +b +c +d -a -a', ['a', 'ab', 'ab', 'ab', 'abc', 'abc']],
    ['who leaves while it waits never begins', '+a +b +c +d -c -a', ['a', 'ab', 'ab', 'ab', 'ab', 'abd']],
  ])('of two places: %s', (_what, steps, begun) => {
    expect(played(2, steps)).toEqual(begun);
  });

  it('gives a place back that is left before the call that took it returns', () => {
    const budget = new DialBudget(2);
    const begun: number[] = [];
    const leave: (() => void)[] = [];
    for (const n of [0, 1, 2])
      leave.push(
        budget.enter('urgent', () => {
          begun.push(n);
          if (n === 2) leave[0]?.();
        }),
      );
    leave[1]?.();
    expect(begun).toEqual([0, 1, 2]);
    budget.enter('urgent', () => void begun.push(3));
    expect(begun).toEqual([0, 1, 2, 3]);
  });
});
