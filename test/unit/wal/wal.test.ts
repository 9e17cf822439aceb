import { describe, expect, it } from 'vitest';
import { diskError, openDurableStorage } from '../../../src/wal/index.ts';
import { DIR, entriesFrom, newLog, request, SEGMENT_BYTES, snapshotMeta } from './wal-kit.ts';

/** An open log that collects what it says. */
function listening(more: Parameters<typeof newLog>[0] = {}, seed = 1) {
  const log = newLog(more, seed);
  const acks: number[] = [];
  const failures: string[] = [];
  log.storage.onFailure((reason) => failures.push(reason));
  let token = 0;
  let next = 1;
  const write = (count = 1, bytes = 20): void => {
    log.storage.write(request(++token, { entries: entriesFrom(next, count, { bytes }) }), (t) =>
      acks.push(t),
    );
    next += count;
  };
  return { ...log, acks, failures, write };
}

describe('Wal', () => {
  it('syncs once for all writes that came while a sync was in flight', () => {
    const { bench, disk, acks, write } = listening();
    const before = disk.syncs;
    for (let n = 0; n < 20; n++) write();
    bench.run(1);
    expect(acks).toHaveLength(20);
    expect(disk.syncs - before).toBe(2);
  });

  it('acknowledges nothing before its sync is back', () => {
    const { bench, acks, write } = listening();
    write();
    write();
    expect(acks).toEqual([]);
    bench.step();
    expect(acks).toEqual([1]);
    bench.step();
    expect(acks).toEqual([1, 2]);
  });

  it('carries a write that fits no segment in one that grows for it', () => {
    const { bench, acks, write, storage, options } = listening();
    write();
    write(1, 3 * SEGMENT_BYTES);
    write();
    bench.run(10);
    expect(acks).toEqual([1, 2, 3]);
    storage.close();
    expect(openDurableStorage(options).storage.entries(2, 2, 1e6)).toEqual(
      entriesFrom(2, 1, { bytes: 3 * SEGMENT_BYTES }),
    );
  });

  it('removes segments only after the mark that makes them needless is durable', () => {
    const { bench, disk, storage, write } = listening();
    for (let n = 0; n < 30; n++) {
      write(1, 300);
      bench.run(1);
    }
    const segments = storage.segmentCount;
    storage.write(
      request(99, { snapshot: { meta: snapshotMeta(30), keepSuffix: true }, compactTo: 30 }),
      () => {},
    );
    expect(disk.list(DIR).filter((name) => name.endsWith('.wal'))).toHaveLength(segments);
    bench.run(10);
    expect(disk.list(DIR).filter((name) => name.endsWith('.wal'))).toHaveLength(1);
  });
});

function failSyncThenRestart(seed: number): void {
  const { bench, disk, write, options } = listening({}, seed);
  write();
  bench.run(100);
  disk.failNextSync();
  write();
  bench.run(100);
  bench.drop();
  disk.kill();
  expect(openDurableStorage(options).storage.lastIndex()).toBe(2);
  disk.crash();
  expect(openDurableStorage(options).storage.lastIndex(), `seed ${seed}`).toBe(2);
}

describe('Wal, when the disk fails', () => {
  it('never acknowledges after a sync that failed once, though later ones succeed', () => {
    const { bench, disk, acks, failures, write, options } = listening();
    write();
    bench.run(1);
    disk.failNextSync();
    write();
    bench.run(1);
    write();
    bench.run(100);
    expect(acks).toEqual([1]);
    expect(failures).toEqual([expect.stringContaining('EIO')]);
    expect(failures[0]).toContain('.wal');
    bench.drop();
    disk.crash();
    expect(openDurableStorage(options).storage.lastIndex()).toBeGreaterThanOrEqual(1);
  });

  it('makes durable at start what only the page cache still shows after a failed sync', () => {
    for (let seed = 1; seed <= 20; seed++) failSyncThenRestart(seed);
  });

  it('acknowledges nothing behind an old segment that can not be removed', () => {
    const { bench, disk, storage, acks, failures, write } = listening();
    for (let n = 0; n < 30; n++) {
      write(1, 300);
      bench.run(1);
    }
    disk.remove = (path) => {
      throw diskError('remove', path, new Error());
    };
    storage.write(
      request(99, { snapshot: { meta: snapshotMeta(28), keepSuffix: true }, compactTo: 28 }),
      (t) => acks.push(t),
    );
    write();
    bench.run(1);
    // the mark itself was durable, what came with the failure is not known
    expect(acks.slice(30)).toEqual([99]);
    expect(failures).toEqual([expect.stringContaining('remove')]);
    write();
    bench.run(100);
    expect(acks).toHaveLength(31);
  });

  it('stops at a write that fails, whatever part of it arrived', () => {
    const { bench, disk, acks, failures, write, options } = listening();
    write();
    bench.run(1);
    disk.failNextWrite();
    write(1, 500);
    bench.run(100);
    expect(acks).toEqual([1]);
    expect(failures).toEqual([expect.stringContaining('write')]);
    bench.drop();
    disk.kill();
    expect(openDurableStorage(options)).toMatchObject({
      recovered: { lastIndex: 1, repaired: expect.stringContaining('.broken') },
    });
  });

  it('stops at a folder that can not be synced, and names it', () => {
    const { bench, disk, acks, failures, write } = listening();
    // as when the process has no file descriptor left: opening the folder fails, not the sync
    disk.syncDir = (dir, done) => bench.soon(() => done(diskError('open', dir, { code: 'EMFILE' })));
    for (let n = 0; n < 30; n++) {
      write(1, 300);
      bench.run(1);
    }
    expect(failures).toEqual([`open ${DIR}: EMFILE`]);
    const before = [...acks];
    write();
    bench.run(100);
    expect(acks).toEqual(before);
    expect(acks.length).toBeLessThan(30);
  });

  it('tells a listener that comes late', () => {
    const { bench, disk, write, storage } = listening();
    disk.failNextSync();
    write();
    bench.run(1);
    const late: string[] = [];
    storage.onFailure((reason) => late.push(reason));
    bench.run(1);
    expect(late).toHaveLength(1);
  });

  it.each(['ENOSPC', 'EDQUOT'] as const)(
    'gives up its ballast at %s, then goes on until a segment is needed, then stops',
    (errno) => {
      const { bench, disk, acks, failures, write, storage } = listening();
      disk.fullErrno = errno;
      expect(disk.list(DIR)).toContain('ballast');
      // room for nothing more: what is prepared must come from the ballast
      disk.capacityBytes = 2 * SEGMENT_BYTES + 1024;
      for (let n = 0; n < 40; n++) {
        write(1, 300);
        bench.run(5);
      }
      expect(disk.list(DIR)).not.toContain('ballast');
      expect(failures).toEqual([expect.stringContaining(errno)]);
      const held = acks.length;
      expect(held).toBeGreaterThan(15);
      expect(storage.freeBytes()).toBeLessThan(SEGMENT_BYTES);
    },
  );

  it('stops when a full disk does not even let go of what was written in vain', () => {
    const { bench, disk, acks, failures, write } = listening();
    disk.capacityBytes = 2 * SEGMENT_BYTES + 1024;
    disk.failNextName();
    for (let n = 0; n < 20; n++) {
      write(1, 300);
      bench.run(1);
    }
    expect(failures).toEqual([expect.stringMatching(/^remove .*: EIO/)]);
    const before = [...acks];
    write();
    bench.run(10);
    expect(acks).toEqual(before);
  });

  it('fails at ENOSPC at any moment without losing what it acknowledged', () => {
    for (let room = 0; room < 5 * SEGMENT_BYTES; room += 377) {
      const { bench, disk, acks, write, options } = listening();
      disk.capacityBytes = 2 * SEGMENT_BYTES + 1024 + room;
      for (let n = 0; n < 60; n++) {
        write(1, 300);
        bench.run(1);
      }
      bench.drop();
      disk.kill();
      disk.capacityBytes = Number.POSITIVE_INFINITY;
      const { storage } = openDurableStorage(options);
      expect(storage.lastIndex()).toBeGreaterThanOrEqual(acks.length);
    }
  });

  it('poisons itself when an old entry can not be read', () => {
    const { bench, disk, failures, write, storage } = listening({ cacheBytes: 0 });
    write(3);
    bench.run(1);
    disk.failNextRead();
    expect(() => storage.entries(2, 2, 100)).toThrow(expect.objectContaining({ code: 'storage_failed' }));
    bench.run(1);
    expect(failures).toEqual([expect.stringContaining('read')]);
  });

  it('poisons itself when an old entry is damaged or another one, and names file and offset', () => {
    for (const harm of [0, 1]) {
      const { bench, disk, failures, write, storage } = listening({ cacheBytes: 0 });
      write(3);
      bench.run(1);
      const path = `${DIR}/${disk.list(DIR)[0]}`;
      const bytes = disk.contentOf(path);
      const [first, second] = [bytes.indexOf('entry 1 '), bytes.indexOf('entry 2 ')];
      if (harm === 0) bytes[second] = 0;
      else bytes.copyWithin(second - 34, first - 34, second - 34);
      disk.plant(path, bytes);
      expect(storage.entries(1, 1, 100)).toEqual(entriesFrom(1, 1, { bytes: 20 }));
      const details = { file: path, offset: second - 34 };
      expect(() => storage.entries(2, 2, 100)).toThrow(
        expect.objectContaining({ code: 'storage_failed', details: expect.objectContaining(details) }),
      );
      bench.run(1);
      expect(failures).toEqual([expect.stringContaining('entry 2')]);
    }
  });

  it('keeps silent after close', () => {
    const { bench, acks, write, storage } = listening();
    write();
    storage.close();
    storage.close();
    bench.run(100);
    write();
    bench.run(100);
    expect(acks).toEqual([]);
  });
});
