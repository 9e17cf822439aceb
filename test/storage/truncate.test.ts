/**
 * A crash cuts the last write anywhere: at each of its bytes, whatever the write was, the log
 * starts with everything that was acknowledged before it, keeps the torn bytes aside, and
 * the next start finds nothing to repair.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PersistRequest } from '../../src/raft/index.ts';
import { openDurableStorage } from '../../src/wal/index.ts';
import { entriesFrom, snapshotMeta } from '../unit/wal/wal-kit.ts';
import { reportAtEnd, sampled, tally, temporaryFolder } from './effort.ts';
import {
  brokenNames,
  copyFolder,
  logOptions,
  newestSegment,
  newRealLog,
  type Picture,
  pictureOf,
  tryOpen,
  written,
} from './real-log.ts';

reportAtEnd();

/** What the last, torn write may be; behind ten entries of term 1 and a vote. */
const LAST_WRITES: Record<string, Partial<PersistRequest>> = {
  'one entry': { entries: entriesFrom(11, 1) },
  'many entries': { entries: entriesFrom(11, 5, { bytes: 60 }) },
  'a vote': { hardState: { term: 3, votedFor: 'n2' } },
  'a truncation and entries': {
    hardState: { term: 3, votedFor: null },
    truncateFrom: 9,
    entries: entriesFrom(9, 2, { term: 3 }),
  },
  'the mark of an own snapshot': { snapshot: { meta: snapshotMeta(8), keepSuffix: true }, compactTo: 6 },
  'the mark of a received snapshot': {
    snapshot: { meta: snapshotMeta(50, 2), keepSuffix: false },
    compactTo: 50,
  },
};

interface Torn {
  /** The folder as it was before the last write, everything in it acknowledged. */
  readonly before: string;
  readonly known: Picture;
  /** The newest segment with the last write in it. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly from: number;
  readonly end: number;
  readonly after: Picture;
}

/** Ten entries, then the write in question; `early`: the watermark has not yet noted the former. */
async function tornLog(write: Partial<PersistRequest>, early: boolean): Promise<Torn> {
  const dir = temporaryFolder();
  const log = newRealLog(join(dir, 'live'));
  await written(log, { hardState: { term: 2, votedFor: 'n1' } });
  for (let n = 1; n <= 9; n += 2) await written(log, { entries: entriesFrom(n, 2) });
  const before = join(dir, 'before');
  if (!early) log.close();
  const storage = early ? log : openDurableStorage(logOptions(join(dir, 'live'))).storage;
  copyFolder(join(dir, 'live'), before);
  const from = Math.ceil(newestSegment(before).end / 8) * 8;
  const known = pictureOf(storage);
  await written(storage, write);
  const after = pictureOf(storage);
  const { path, bytes, end } = newestSegment(join(dir, 'live'));
  storage.close();
  return { before, known, path: join(before, basename(path)), bytes, from, end, after };
}

/** What stands behind the cut: nothing, what the segment held before, or bytes of something else. */
const REST = {
  'the file ends': (bytes: Buffer, cut: number) => bytes.subarray(0, cut),
  'zeros follow': (bytes: Buffer, cut: number) =>
    Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)]),
  'other bytes follow': (bytes: Buffer, cut: number) =>
    Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(40, 0xa5), Buffer.alloc(bytes.length - cut)]),
};

describe.each(Object.entries(LAST_WRITES))('a log whose last write, %s, is cut', (kind, write) => {
  it.each(Object.entries(REST))(
    'at any byte and %s starts with all that was acknowledged',
    async (rest, cutAt) => {
      const torn = await tornLog(write, rest === 'zeros follow');
      const work = join(temporaryFolder(), 'wal');
      for (const cut of sampled(torn.from, torn.end, 9)) {
        copyFolder(torn.before, work);
        const path = join(work, basename(torn.path));
        const planted = cutAt(torn.bytes, cut);
        writeFileSync(path, planted);
        const opened = tryOpen(work);
        if (opened.kind === 'refused') return expect.unreachable(`cut at ${cut}: ${opened.error.message}`);
        expect(opened.picture, `cut at ${cut}`).toEqual(torn.known);
        const isDirty = planted.subarray(torn.from).some((byte) => byte !== 0);
        expect(brokenNames(work).length, `kept, cut at ${cut}`).toBe(isDirty ? 1 : 0);
        if (isDirty) {
          const kept = readFileSync(opened.repaired ?? '');
          expect(planted.subarray(torn.from, torn.from + kept.length).equals(kept)).toBe(true);
        }
        const again = tryOpen(work);
        expect(again).toEqual({ kind: 'started', picture: torn.known, repaired: null });
        tally(`torn: ${kind}, ${rest}`, isDirty ? 'repaired' : 'clean');
      }
    },
  );

  it('behind its last byte holds it', async () => {
    const torn = await tornLog(write, false);
    writeFileSync(torn.path, torn.bytes.subarray(0, Math.ceil(torn.end / 8) * 8));
    expect(tryOpen(torn.before)).toEqual({ kind: 'started', picture: torn.after, repaired: null });
  });
});

/** A log just before and just after its change of segments; the last write opened the new one. */
async function rolled() {
  const dir = join(temporaryFolder(), 'live');
  const storage = newRealLog(dir);
  let index = 1;
  const before = join(temporaryFolder(), 'before');
  for (;;) {
    copyFolder(dir, before);
    const known = pictureOf(storage);
    await written(storage, { entries: entriesFrom(index, 1, { bytes: 300 }) });
    if (storage.segmentCount === 2) {
      const after = pictureOf(storage);
      storage.close();
      return { dir, before, known, after };
    }
    index++;
  }
}

describe('a change of segments that a crash interrupts', () => {
  it('anywhere in the seal, or in the spare, ends with all that was acknowledged', async () => {
    const { dir, before, known } = await rolled();
    const work = join(temporaryFolder(), 'wal');
    const sealed = newestSegment(before);
    const from = Math.ceil(sealed.end / 8) * 8;
    const bytes = readFileSync(join(dir, basename(sealed.path)));
    let end = bytes.length;
    while (bytes[end - 1] === 0) end--;
    const spare = newestSegment(dir).bytes;
    for (const cut of sampled(from, end + 1, 3)) {
      copyFolder(before, work);
      writeFileSync(join(work, basename(sealed.path)), REST['zeros follow'](bytes, cut));
      writeFileSync(join(work, 'spare.tmp'), spare.subarray(0, cut));
      for (const start of ['first', 'second']) {
        const opened = tryOpen(work);
        expect(opened, `${start} start, seal cut at ${cut}`).toMatchObject({
          kind: 'started',
          picture: known,
        });
      }
      expect(existsSync(join(work, 'spare.tmp'))).toBe(false);
      tally('torn: the seal and the spare', 'started');
    }
  });

  it('behind the rename, anywhere in the first write of the new segment, loses only that', async () => {
    const { dir, known, after } = await rolled();
    const work = join(temporaryFolder(), 'wal');
    const { path, bytes, end } = newestSegment(dir);
    // the header and the checkpoint were durable before the segment had its name
    const head = 64 + 48 + Math.ceil(bytes.readUInt32LE(64 + 24) / 8) * 8;
    // nothing behind it was acknowledged: the last note is that of the change
    for (const cut of sampled(head, end, 3)) {
      copyFolder(dir, work);
      writeFileSync(join(work, 'watermark'), olderWatermark(dir));
      writeFileSync(join(work, basename(path)), REST['zeros follow'](bytes, cut));
      const opened = tryOpen(work);
      expect(opened, `cut at ${cut}`).toMatchObject({ kind: 'started', picture: known });
      expect(tryOpen(work)).toEqual({ kind: 'started', picture: known, repaired: null });
      tally('torn: the first write of a segment', 'repaired');
    }
    expect(tryOpen(dir)).toMatchObject({ kind: 'started', picture: after });
  });

  it('before it, anywhere in the head, can not be: the name without a sound head is refused', async () => {
    const { dir } = await rolled();
    const work = join(temporaryFolder(), 'wal');
    const { path, bytes } = newestSegment(dir);
    const head = 64 + 48 + bytes.readUInt32LE(64 + 24);
    for (const cut of sampled(0, head, 7)) {
      copyFolder(dir, work);
      writeFileSync(join(work, basename(path)), REST['zeros follow'](bytes, cut));
      const opened = tryOpen(work);
      expect(opened, `cut at ${cut}`).toMatchObject({
        kind: 'refused',
        error: { details: { file: join(work, basename(path)), offset: expect.any(Number) } },
      });
      tally('cut: the head of a segment', 'refused');
    }
  });
});

/** The watermark without its newer note: what the change of segments left, before the next write. */
function olderWatermark(dir: string): Buffer {
  const bytes = readFileSync(join(dir, 'watermark'));
  const newer = bytes.readBigUInt64LE(0) > bytes.readBigUInt64LE(512) ? 0 : 512;
  return bytes.fill(0, newer, newer + 20);
}

describe('a tail cut off behind what was acknowledged', () => {
  it('is refused at any byte once the watermark has noted the write', async () => {
    const dir = join(temporaryFolder(), 'live');
    const storage = newRealLog(dir);
    for (let n = 1; n <= 3; n++) await written(storage, { entries: entriesFrom(n, 1) });
    const from = newestSegment(dir).end;
    await written(storage, { entries: entriesFrom(4, 3) });
    storage.close(); // notes the newest batch
    const { path, bytes, end } = newestSegment(dir);
    const work = join(temporaryFolder(), 'wal');
    for (const cut of sampled(from, end, 3)) {
      copyFolder(dir, work);
      writeFileSync(join(work, basename(path)), bytes.subarray(0, cut));
      expect(tryOpen(work), `cut at ${cut}`).toMatchObject({
        kind: 'refused',
        error: { message: expect.stringContaining('was durable') },
      });
      tally('cut: what was acknowledged', 'refused');
    }
  });
});
