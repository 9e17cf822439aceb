import { describe, expect, it } from 'vitest';
import { KeyWatch, selects } from '../../../daemon/key-watch.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { KvChange } from '../../../src/state/index.ts';

const put = (key: string, version: number): KvChange => ({
  ...{ type: 'put', key, value: 'v', version, term: 1, timestamp: 0 },
});

describe('selects', () => {
  it('an exact key is no prefix', () => {
    expect(selects({ key: 'a' }, 'ab')).toBe(false);
    expect(selects({ prefix: 'a' }, 'ab')).toBe(true);
    expect(selects({ prefix: '' }, 'anything')).toBe(true);
  });
});

describe('KeyWatch', () => {
  it('gives the changes behind a version, matching ones only', () => {
    const watch = new KeyWatch(10);
    watch.publish([put('a', 11), put('b', 12), put('a', 13)], 13);
    expect(watch.since({ key: 'a' }, 11)?.map((c) => c.version)).toEqual([13]);
  });

  it('says compacted instead of leaving a gap', () => {
    const watch = new KeyWatch(10);
    expect(watch.since({ key: 'a' }, 9)).toBeNull();
    expect(watch.since({ key: 'a' }, 10)).toEqual([]);
    watch.reset(40);
    expect(watch.since({ key: 'a' }, 39)).toBeNull();
  });

  it('forgets the oldest beyond its limit and then refuses to resume there', () => {
    const watch = new KeyWatch(0);
    const many = Array.from({ length: LIMITS.eventHistory * 2 }, (_, i) => put('k', i + 1));
    watch.publish(many, many.length);
    expect(watch.floor).toBeGreaterThan(0);
    expect(watch.since({ key: 'k' }, watch.floor - 1)).toBeNull();
    expect(watch.since({ key: 'k' }, watch.floor)?.[0]?.version).toBe(watch.floor + 1);
  });

  it('has a limit of watchers', () => {
    const watch = new KeyWatch(0);
    const stops = Array.from({ length: LIMITS.maxSubscribers }, () =>
      watch.subscribe({ prefix: '' }, () => {}),
    );
    expect(watch.subscribe({ prefix: '' }, () => {})).toBeNull();
    stops[0]?.();
    expect(watch.subscribe({ prefix: '' }, () => {})).not.toBeNull();
  });
});
