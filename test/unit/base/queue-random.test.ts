import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BoundedQueue,
  between,
  elapsed,
  pick,
  plus,
  seededRandom,
  shuffle,
} from '../../../src/base/index.ts';

describe('BoundedQueue', () => {
  it('refuses at its limit under the policy reject', () => {
    const queue = new BoundedQueue<number>(2, 'reject');
    expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false]);
    expect(queue.drain()).toEqual([1, 2]);
    expect(queue.dropped).toBe(0);
  });

  it('loses the oldest and counts it under drop-oldest', () => {
    const queue = new BoundedQueue<number>(2, 'drop-oldest');
    for (const n of [1, 2, 3, 4]) queue.push(n);
    expect(queue.dropped).toBe(2);
    expect(queue.drain()).toEqual([3, 4]);
  });

  it('behaves like an array that is cut, whatever the order of calls', () => {
    const call = fc.oneof(fc.nat(99), fc.constant('shift' as const), fc.constant('drain' as const));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.array(call, { maxLength: 400 }), (limit, calls) => {
        const queue = new BoundedQueue<number>(limit, 'drop-oldest');
        let model: number[] = [];
        for (const one of calls) {
          if (one === 'shift') expect(queue.shift()).toBe(model.shift());
          else if (one === 'drain') {
            expect(queue.drain()).toEqual(model);
            model = [];
          } else {
            queue.push(one);
            model = [...model, one].slice(-limit);
          }
          expect(queue.size).toBe(model.length);
        }
      }),
    );
  });

  it('holds at least one item', () => {
    expect(() => new BoundedQueue(0, 'reject')).toThrow('at least one');
  });
});

describe('seededRandom', () => {
  it('draws the same for the same seed and something else for another', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(0).every((x) => x >= 0 && x < 1)).toBe(true);
  });

  it('is spread evenly, also for neighbouring seeds', () => {
    const buckets = Array<number>(10).fill(0);
    for (let seed = 0; seed < 10_000; seed++) {
      const bucket = Math.floor(seededRandom(seed).next() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('between, pick, shuffle', () => {
  it('include both ends and nothing beyond', () => {
    const random = seededRandom(1);
    const seen = new Set(Array.from({ length: 500 }, () => between(random, 3, 6)));
    expect([...seen].sort()).toEqual([3, 4, 5, 6]);
    expect(() => between(random, 2, 1)).toThrow('between 2 and 1');
    expect(() => pick(random, [])).toThrow('pick from nothing');
  });

  it('keep what is shuffled', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9)), fc.nat(), (items, seed) => {
        const shuffled = shuffle(seededRandom(seed), items);
        expect([...shuffled].sort()).toEqual([...items].sort());
      }),
    );
  });
});

describe('elapsed', () => {
  it('is never negative', () => {
    expect(elapsed(plus(5, 10), 20)).toBe(5);
    expect(elapsed(20, 15)).toBe(0);
  });
});
