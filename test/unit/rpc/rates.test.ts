import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { Rates } from '../../../src/rpc/rates.ts';

function taken(rates: Rates, who: string, now: number, calls: number): number {
  return Array.from({ length: calls }, () => rates.take(who, now)).filter(Boolean).length;
}

describe('Rates', () => {
  it('take allows a second’s worth at once, then as many as time brings', () => {
    const rates = new Rates(100);
    expect(taken(rates, 'ann', 0, 150)).toBe(100);
    expect(taken(rates, 'ann', 100, 50)).toBe(10);
    expect(taken(rates, 'ann', 60_000, 150)).toBe(100);
  });

  it('take keeps identities apart and remembers a bounded number of them', () => {
    const rates = new Rates(1);
    expect([rates.take('ann', 0), rates.take('ann', 0), rates.take('bob', 0)]).toEqual([true, false, true]);
    for (let i = 0; i < LIMITS.maxRatedIdentities; i++) rates.take(`x${i}`, 0);
    expect(rates.take('ann', 0)).toBe(true);
  });
});
