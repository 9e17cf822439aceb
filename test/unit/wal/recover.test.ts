import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { initDurableStorage, openDurableStorage } from '../../../src/wal/index.ts';
import type { MemoryDisk } from '../../sim/sim-disk.ts';
import { Bench, DIR, entriesFrom, memoryDisk, newLog, optionsFor, request, snapshotMeta } from './wal-kit.ts';

/** Opens what lies on `disk` as a new process would. */
function reopen(disk: MemoryDisk) {
  return openDurableStorage(optionsFor(new Bench(), disk));
}

function failureOf(run: () => unknown): SqlccError {
  try {
    run();
  } catch (error) {
    if (error instanceof SqlccError) return error;
    throw error;
  }
  return expect.unreachable('it did not fail');
}

function segments(disk: MemoryDisk): string[] {
  return disk.list(DIR).filter((name) => name.endsWith('.wal'));
}

function flipped(bytes: Uint8Array, at: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ (1 << bit);
  return copy;
}

/** End of what was written: the position behind the last byte that is not zero. */
function written(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** A log with three batches, all durable, and noted in the watermark when `noted` is true. */
function threeBatches(noted: boolean) {
  const log = newLog();
  const ends: number[] = [];
  for (let n = 1; n <= 3; n++) {
    log.storage.write(request(n, { entries: entriesFrom(2 * n - 1, 2) }), () => {});
    log.bench.run(noted ? 100 : 0);
    ends.push(written(log.disk.contentOf(`${DIR}/${segments(log.disk)[0]}`)));
  }
  log.bench.drop();
  const path = `${DIR}/${segments(log.disk)[0]}`;
  return { ...log, ends, path, bytes: log.disk.contentOf(path) };
}

describe('recover', () => {
  it('starts from a tail cut at any byte and loses no batch but the last', () => {
    const { disk, path, bytes, ends } = threeBatches(false);
    const [, second = 0, third = 0] = ends;
    const begin = Math.ceil(second / 8) * 8;
    for (let cut = begin; cut <= third; cut++) {
      const copy = disk.clone();
      const planted = Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)]);
      copy.plant(path, planted);
      const { storage, recovered } = reopen(copy);
      // zeros at the end of a batch: cutting them changes nothing
      const isTorn = written(planted) < third;
      expect(storage.entries(1, 9, 1e6)).toEqual(entriesFrom(1, isTorn ? 4 : 6));
      expect(recovered.repaired !== null).toBe(isTorn && written(planted) > begin);
    }
  });

  it('starts from a file cut short at any byte of the last batch', () => {
    const { disk, path, bytes, ends } = threeBatches(false);
    const [, second = 0, third = 0] = ends;
    for (let cut = Math.ceil(second / 8) * 8; cut < third; cut++) {
      const copy = disk.clone();
      copy.plant(path, bytes.subarray(0, cut));
      const { storage } = reopen(copy);
      expect(storage.lastIndex()).toBe(4);
    }
  });

  it('finds the old log or the new one when a crash tears the write that replaces a conflict (bug 3)', () => {
    const { bench, disk, storage } = newLog();
    storage.write(request(1, { entries: entriesFrom(1, 4) }), () => {});
    bench.run();
    const path = `${DIR}/${segments(disk)[0]}`;
    const begin = written(disk.contentOf(path));
    const newer = entriesFrom(3, 1, { term: 2 });
    storage.write(request(2, { truncateFrom: 3, entries: newer }), () => {});
    bench.run();
    const bytes = disk.contentOf(path);
    const [oldLog, newLogOf] = [entriesFrom(1, 4), [...entriesFrom(1, 2), ...newer]];
    for (let cut = begin; cut <= written(bytes); cut++) {
      const copy = disk.clone();
      copy.plant(path, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)]));
      expect(reopen(copy).storage.entries(1, 9, 1e6)).toEqual(cut < written(bytes) ? oldLog : newLogOf);
    }
  });

  it('saves the torn bytes, cuts them off, and goes on writing', () => {
    const { disk, path, bytes, ends } = threeBatches(false);
    disk.plant(path, flipped(bytes, (ends[2] ?? 0) - 20));
    const bench = new Bench();
    const twin = memoryDisk(bench, 3);
    for (const name of disk.list(DIR)) twin.plant(`${DIR}/${name}`, disk.contentOf(`${DIR}/${name}`));
    const options = optionsFor(bench, twin);
    const { storage, recovered } = openDurableStorage(options);
    expect(recovered).toMatchObject({ lastIndex: 4, repaired: expect.stringMatching(/\.wal\.\d+\.broken$/) });
    const kept = twin.contentOf(recovered.repaired ?? '');
    expect(kept.subarray(0, 4).toString()).toBe('SQWB');
    let acked = 0;
    for (let n = 1; n <= 30; n++) {
      storage.write(request(n, { entries: entriesFrom(4 + n, 1, { bytes: 200 }) }), (token) => {
        acked = token;
      });
      bench.run(1);
    }
    expect(acked).toBe(30);
    storage.close();
    expect(openDurableStorage(options).storage.lastIndex()).toBe(34);
  });

  it('refuses rot in the last batch once the watermark knows that it was durable', () => {
    const { disk, path, bytes, ends } = threeBatches(true);
    for (let at = ends[1] ?? 0; at < (ends[2] ?? 0); at++) {
      const copy = disk.clone();
      copy.plant(path, flipped(bytes, at));
      expect(failureOf(() => reopen(copy))).toMatchObject({
        code: 'storage_failed',
        details: { file: path },
      });
    }
  });

  it('refuses any bit flipped in a batch that another one follows, by file and offset', () => {
    const { disk, path, bytes, ends } = threeBatches(false);
    const [first = 0, second = 0] = ends;
    for (let at = Math.ceil(first / 8) * 8; at < second; at++) {
      const copy = disk.clone();
      copy.plant(path, flipped(bytes, at, at % 8));
      const error = failureOf(() => reopen(copy));
      expect(error).toMatchObject({
        code: 'storage_failed',
        details: { file: path, offset: Math.ceil(first / 8) * 8 },
      });
      expect(error.message).toContain(path);
      expect(error.hint).toContain('join it again');
    }
  });

  it('refuses an older copy of the last segment', () => {
    const { disk, path, bytes, ends } = threeBatches(true);
    const old = Buffer.concat([bytes.subarray(0, ends[1]), Buffer.alloc(bytes.length - (ends[1] ?? 0))]);
    disk.plant(path, old);
    expect(failureOf(() => reopen(disk)).message).toContain('was durable');
  });
});

/** A log of several segments, every one but the last sealed. */
function manySegments() {
  const log = newLog();
  for (let n = 1; n <= 40; n++) {
    log.storage.write(
      request(n, { hardState: { term: n, votedFor: 'n1' }, entries: entriesFrom(n, 1, { bytes: 300 }) }),
      () => {},
    );
    log.bench.run(100);
  }
  log.storage.close();
  log.bench.drop();
  return { ...log, names: segments(log.disk) };
}

describe('recover, of sealed segments', () => {
  it('refuses any bit flipped in one', () => {
    const { disk, names } = manySegments();
    expect(names.length).toBeGreaterThan(3);
    const path = `${DIR}/${names[1]}`;
    const bytes = disk.contentOf(path);
    for (let at = 0; at < bytes.length; at += 1 + (at % 3)) {
      const copy = disk.clone();
      copy.plant(path, flipped(bytes, at, at % 8));
      expect(failureOf(() => reopen(copy))).toMatchObject({
        code: 'storage_failed',
        details: { file: path, offset: expect.any(Number) },
      });
    }
  });

  it('refuses missing, swapped and renamed ones, and a newest one that is gone', () => {
    const { disk, names } = manySegments();
    const paths = names.map((name) => `${DIR}/${name}`);
    const [a = '', b = '', c = ''] = paths;
    const last = paths.at(-1) ?? '';
    const harm: ((copy: MemoryDisk) => void)[] = [
      (copy) => copy.unplant(b),
      (copy) => copy.unplant(last),
      (copy) => {
        copy.plant(b, disk.contentOf(c));
        copy.plant(c, disk.contentOf(b));
      },
      (copy) => copy.plant(`${DIR}/00000099-0000000000000001.wal`, disk.contentOf(a)),
      (copy) => copy.plant(`${DIR}/other.wal`, disk.contentOf(a)),
      (copy) => copy.plant(b, disk.contentOf(b).subarray(0, 900)),
      (copy) => copy.plant(b, Buffer.alloc(4096)),
      (copy) => copy.plant(`${DIR}/watermark`, Buffer.alloc(1024)),
      (copy) => copy.unplant(`${DIR}/watermark`),
    ];
    harm.forEach((damage, n) => {
      const copy = disk.clone();
      damage(copy);
      expect(failureOf(() => reopen(copy)).code, `harm ${n}`).toBe('storage_failed');
    });
  });

  it('refuses a log whose oldest entries are gone although no snapshot covers them', () => {
    const { disk, names } = manySegments();
    disk.unplant(`${DIR}/${names[0]}`);
    expect(failureOf(() => reopen(disk)).message).toMatch(/entries 1 to \d+ are missing/);
  });

  it('refuses the log of another cluster, node or instance, and an unknown version', () => {
    const { disk } = newLog();
    for (const [key, word] of [
      ['clusterId', 'cluster'],
      ['nodeId', 'node'],
      ['instanceId', 'instance'],
    ] as const) {
      const options = optionsFor(new Bench(), disk, { [key]: 'another' });
      // the watermark is salted with the identity too; with one that fits, the segment itself refuses
      const stranger = newLog({ [key]: 'another' });
      const copy = disk.clone();
      copy.plant(`${DIR}/watermark`, stranger.disk.contentOf(`${DIR}/watermark`));
      expect(failureOf(() => openDurableStorage({ ...options, disk: copy })).message).toContain(
        `another ${word}`,
      );
      expect(failureOf(() => openDurableStorage(options)).code).toBe('storage_failed');
    }
    const path = `${DIR}/${segments(disk)[0]}`;
    const newer = disk.contentOf(path);
    newer.writeUInt16LE(9, 8);
    disk.plant(path, newer);
    expect(failureOf(() => reopen(disk)).message).toContain('version 9');
  });

  it('refuses a folder without a log, and a second log', () => {
    const bench = new Bench();
    const empty = optionsFor(bench, memoryDisk(bench));
    expect(failureOf(() => openDurableStorage(empty)).code).toBe('storage_failed');
    const { options, disk, storage, bench: time } = newLog();
    expect(failureOf(() => initDurableStorage({ ...options, bootstrap: null })).code).toBe('conflict');
    storage.write(request(1, { entries: entriesFrom(1, 1) }), () => {});
    time.run(100);
    storage.write(request(2, { entries: entriesFrom(2, 1) }), () => {});
    time.run(100);
    for (const name of segments(disk)) disk.unplant(`${DIR}/${name}`);
    expect(failureOf(() => initDurableStorage({ ...options, bootstrap: null })).message).toContain(
      'the log is gone',
    );
  });

  it('finishes the change of segments wherever a crash interrupts it', () => {
    for (let steps = 0; steps < 40; steps++) {
      for (const seed of [1, 2, 3]) crashWhileRolling(steps, seed);
    }
  });
});

/** Fills a segment, stops after `steps` callbacks of the next write, cuts the power and looks. */
function crashWhileRolling(steps: number, seed: number): void {
  const bench = new Bench();
  const disk = memoryDisk(bench, seed);
  const options = optionsFor(bench, disk);
  initDurableStorage({ ...options, bootstrap: null });
  const { storage } = openDurableStorage(options);
  let acked = 0;
  for (let n = 1; n <= 9; n++) {
    storage.write(request(n, { entries: entriesFrom(n, 1, { bytes: 350 }) }), (token) => {
      acked = token;
    });
    bench.run(0);
  }
  expect(acked).toBe(9);
  for (let n = 10; n <= 14; n++) {
    storage.write(request(n, { entries: entriesFrom(n, 1, { bytes: 350 }) }), (token) => {
      acked = token;
    });
  }
  for (let n = 0; n < steps; n++) bench.step();
  bench.drop();
  disk.crash();
  const again = openDurableStorage(options).storage;
  const last = again.lastIndex();
  expect(last, `steps ${steps} seed ${seed}`).toBeGreaterThanOrEqual(acked);
  expect(again.entries(1, last, 1e6)).toEqual(entriesFrom(1, last, { bytes: 350 }));
  again.write(request(99, { entries: entriesFrom(last + 1, 1) }), (token) => {
    acked = token;
  });
  bench.run(100);
  expect(acked).toBe(99);
}

describe('recover, fuzzed', () => {
  const outcome = (disk: MemoryDisk): 'started' | 'refused' => {
    try {
      reopen(disk).storage.close();
      return 'started';
    } catch (error) {
      if (error instanceof SqlccError && error.code === 'storage_failed') return 'refused';
      throw error;
    }
  };

  it('starts or refuses with storage_failed whatever bytes a segment has', () => {
    const { disk, path } = threeBatches(true);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(600), (bytes, keep) => {
        const copy = disk.clone();
        copy.plant(path, Buffer.concat([disk.contentOf(path).subarray(0, keep), bytes]));
        expect(outcome(copy)).toBe('refused');
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it('never loses confirmed entries silently, however bytes are changed', () => {
    const { disk, path, bytes } = threeBatches(true);
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const copy = disk.clone();
        const changed = Buffer.from(bytes);
        for (const { at, to } of changes) changed[at] = to;
        copy.plant(path, changed);
        if (outcome(copy) === 'started') {
          expect(reopen(copy).storage.entries(1, 9, 1e6)).toEqual(entriesFrom(1, 6));
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('keeps every acknowledged write over power cuts at any moment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
        (seed, lives) => {
          const bench = new Bench();
          const disk = memoryDisk(bench, seed);
          const options = optionsFor(bench, disk);
          initDurableStorage({ ...options, bootstrap: null });
          let ackedLast = 0;
          let ackedTerm = 0;
          for (const steps of lives) {
            const { storage } = openDurableStorage(options);
            const first = storage.lastIndex() + 1;
            const { term } = storage.initialState().hardState;
            expect(first).toBeGreaterThan(ackedLast);
            expect(term).toBeGreaterThanOrEqual(ackedTerm);
            const held = storage.entries(storage.firstIndex(), first, 1e9) ?? [];
            expect(held.length).toBe(first - storage.firstIndex());
            for (let n = 0; n < 12; n++) {
              const hardState = { term: term + n + 1, votedFor: 'n2' };
              const size = { bytes: 40 * ((seed + n) % 12), term: 1 };
              const base = Math.max(storage.firstIndex() - 1, first + n - 6);
              const mark =
                n === 6 && base > 0
                  ? { snapshot: { meta: snapshotMeta(base), keepSuffix: true }, compactTo: base }
                  : {};
              storage.write(
                request(n, { hardState, entries: entriesFrom(first + n, 1, size), ...mark }),
                () => {
                  ackedLast = first + n;
                  ackedTerm = term + n + 1;
                },
              );
              if (n % 3 === 0) bench.step();
            }
            for (let n = 0; n < steps; n++) bench.step();
            bench.drop();
            if (steps % 4 === 0) disk.kill();
            else disk.crash();
          }
        },
      ),
      { numRuns: 300, seed: 11 },
    );
  });
});
