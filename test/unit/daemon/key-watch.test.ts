import { describe, expect, it } from 'vitest';
import { type KeyPosition, type KeySelector, KeyWatch, selects } from '../../../daemon/key-watch.ts';
import { type PackedChanges, packChanges, unpackChanges } from '../../../daemon/packed-changes.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { encodeEntries, type LogEntry } from '../../../src/raft/index.ts';
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

/** What the state worker packs when `changes`, and nothing else, is applied. */
function packOf(changes: readonly KvChange[], others: readonly number[] = []): PackedChanges[] {
  const entry = (index: number, command: object): LogEntry => ({
    ...{ index, term: 1, kind: 'command', timestamp: 0 },
    data: Buffer.from(JSON.stringify({ command, actor: 'a' })),
  });
  const entries = [
    ...changes.map(({ type, key, value, version }) =>
      entry(version, { kind: `kv-${type}`, key, ...(value !== null && { value }), ifVersion: null }),
    ),
    ...others.map((index) => entry(index, { kind: 'session-open', session: 's' })),
  ].sort((a, b) => a.index - b.index);
  return packChanges({ entries, packed: encodeEntries(entries), changes });
}

/** A position of a watcher that has seen all up to `version`. */
const at = (version: number, selector: KeySelector = { prefix: '' }): KeyPosition => ({ selector, version });

describe('packChanges', () => {
  it('keeps every change in order, in packs of bounded size', () => {
    const large = 'v'.repeat(100_000);
    const changes = Array.from({ length: 600 }, (_, n) =>
      n % 100 === 7 ? { ...put('large', n + 1), value: large } : put('k', n + 1),
    );
    const packs = packOf(changes);
    expect(packs.flatMap(unpackChanges)).toEqual(changes);
    expect(packs.length).toBeGreaterThan(2);
    for (const pack of packs) {
      expect(pack.count).toBeLessThanOrEqual(256);
      expect(pack.last).toBe(unpackChanges(pack).at(-1)?.version);
    }
    expect(packOf([])).toEqual([]);
    expect(packOf([{ ...put('k', 1), value: 'v'.repeat(LIMITS.maxValueBytes) }])).toHaveLength(1);
  });
});

describe('unpackChanges', () => {
  it('gives what changed, and nothing of what was applied beside it', () => {
    const gone: KvChange = { ...put('b', 12), type: 'delete', value: null };
    const changes = [put('a', 10), gone, put('ü', 15)];
    const packs = packOf(changes, [9, 11, 13, 14]);
    expect(packs.flatMap(unpackChanges)).toEqual(changes);
    expect(packs.map((p) => [p.count, p.last])).toEqual([[3, 15]]);
    expect(packOf([], [9, 11])).toEqual([]);
  });
});

describe('KeyWatch', () => {
  it('gives the changes behind a version, matching ones only, and each once', () => {
    const watch = new KeyWatch(10);
    watch.publish(packOf([put('a', 11), put('b', 12), put('a', 13)]), 14);
    const position = at(11, { key: 'a' });
    expect(watch.read(position)?.map((c) => c.version)).toEqual([13]);
    expect(position.version).toBe(14);
    expect(watch.read(position)).toEqual([]);
  });

  it('says compacted instead of leaving a gap', () => {
    const watch = new KeyWatch(10);
    expect(watch.read(at(9))).toBeNull();
    const position = at(10);
    expect(watch.read(position)).toEqual([]);
    let woken = 0;
    watch.subscribe(() => woken++);
    watch.reset(40);
    expect(woken).toBe(1);
    expect(watch.read(position)).toBeNull();
  });

  it('forgets the oldest beyond its count and then refuses to resume there', () => {
    const watch = new KeyWatch(0);
    const many = Array.from({ length: LIMITS.eventHistory * 2 }, (_, i) => put('k', i + 1));
    watch.publish(packOf(many), many.length);
    // whole packs go
    expect(watch.floor).toBeGreaterThanOrEqual(LIMITS.eventHistory);
    expect(watch.floor).toBeLessThan(LIMITS.eventHistory + 256);
    expect(watch.read(at(watch.floor - 1))).toBeNull();
    expect(watch.read(at(watch.floor))?.[0]?.version).toBe(watch.floor + 1);
  });

  it('forgets the oldest beyond its bytes: large values do not pile up', () => {
    const watch = new KeyWatch(0);
    const value = 'v'.repeat(LIMITS.maxValueBytes);
    for (let n = 1; n <= 1000; n++) watch.publish(packOf([{ ...put('k', n), value }]), n);
    expect(watch.bytes).toBeLessThanOrEqual(LIMITS.watchHistoryBytes);
    expect(watch.floor).toBeGreaterThan(900);
    expect(watch.read(at(watch.floor))?.[0]?.version).toBe(watch.floor + 1);
  });

  it('gives large changes a page at a time and all of them', () => {
    const watch = new KeyWatch(0);
    const value = 'v'.repeat(LIMITS.maxValueBytes);
    for (let n = 1; n <= 12; n++) watch.publish(packOf([{ ...put('k', n), value }]), n);
    const position = at(0);
    const pages: number[][] = [];
    for (let page = watch.read(position); page?.length; page = watch.read(position)) {
      pages.push(page.map((c) => c.version));
    }
    expect(pages.length).toBeGreaterThan(5);
    expect(pages.flat()).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  });

  it('has a limit of watchers', () => {
    const watch = new KeyWatch(0);
    const stops = Array.from({ length: LIMITS.maxSubscribers }, () => watch.subscribe(() => {}));
    expect(watch.isFull).toBe(true);
    expect(watch.subscribe(() => {})).toBeNull();
    stops[0]?.();
    expect(watch.subscribe(() => {})).not.toBeNull();
  });
});
