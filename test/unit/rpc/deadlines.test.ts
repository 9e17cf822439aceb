import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../../src/rpc/deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Deadlines', () => {
  it.each([5, 99, 100, 130, 5000])('tells %d ms once, not early and at most 25 ms late', (ms) => {
    const deadlines = new Deadlines();
    let told = 0;
    deadlines.set(ms, () => told++);
    vi.advanceTimersByTime(ms - 1);
    expect(told).toBe(0);
    vi.advanceTimersByTime(26);
    expect(told).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(told).toBe(1);
  });

  it('tells nothing that was cleared, and leaves no timer behind', () => {
    const deadlines = new Deadlines();
    const told: string[] = [];
    const all = [10, 200, 300].map((ms) => deadlines.set(ms, () => told.push(`${ms}`)));
    deadlines.set(250, () => told.push('kept'));
    for (const deadline of all) deadlines.clear(deadline);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['kept']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes new ones while it tells', () => {
    const deadlines = new Deadlines();
    const told: number[] = [];
    const again = (n: number): void => {
      told.push(n);
      if (n < 3) deadlines.set(150, () => again(n + 1));
    };
    deadlines.set(150, () => again(1));
    vi.advanceTimersByTime(600);
    expect(told).toEqual([1, 2, 3]);
  });
});
