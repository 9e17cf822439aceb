import { describe, expect, it } from 'vitest';
import { openDurableStorage } from '../../../src/wal/index.ts';
import { entriesFrom, newLog, request, snapshotMeta } from './wal-kit.ts';

describe('DurableStorage', () => {
  it('gives back after a reopening what was acknowledged', () => {
    const { bench, storage, options } = newLog();
    const acked: number[] = [];
    storage.write(request(1, { hardState: { term: 1, votedFor: 'n1' }, entries: entriesFrom(1, 3) }), (t) =>
      acked.push(t),
    );
    expect(acked).toEqual([]);
    bench.run();
    expect(acked).toEqual([1]);
    storage.close();
    const again = openDurableStorage(options);
    expect(again.recovered).toMatchObject({ repaired: null, segments: 1, lastIndex: 3, term: 1 });
    expect(again.storage.initialState()).toEqual({ hardState: { term: 1, votedFor: 'n1' }, snapshot: null });
    expect(again.storage.entries(1, 3, 1e6)).toEqual(entriesFrom(1, 3));
  });

  it('rolls over segments and removes those before the compaction', () => {
    const { bench, storage, options, disk } = newLog();
    let acked = 0;
    for (let n = 1; n <= 100; n++) {
      storage.write(request(n, { entries: entriesFrom(n, 1, { bytes: 300 }) }), (t) => {
        acked = t;
      });
      bench.run(1);
    }
    expect(acked).toBe(100);
    expect(storage.segmentCount).toBeGreaterThan(6);
    storage.write(
      request(101, { snapshot: { meta: snapshotMeta(90), keepSuffix: true }, compactTo: 80 }),
      () => {},
    );
    bench.run(100);
    expect(storage.firstIndex()).toBe(81);
    expect(storage.term(80)).toBe(1);
    expect(storage.segmentCount).toBeLessThan(5);
    expect(disk.list('/wal').filter((n) => n.endsWith('.wal')).length).toBe(storage.segmentCount);
    storage.close();
    const again = openDurableStorage(options).storage;
    expect(again.firstIndex()).toBe(81);
    expect(again.lastIndex()).toBe(100);
    expect(again.snapshot()).toEqual(snapshotMeta(90));
    expect(again.entries(81, 100, 1e6)).toEqual(entriesFrom(81, 20, { bytes: 300 }));
  });
});
