/**
 * Damage in the files of the log and of a snapshot: bits flipped at every byte, sectors swapped, zeroed
 * or of an older copy, files missing, old, foreign. Refused by file and offset, or all is as it was.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { must, SqlccError } from '../../src/base/index.ts';
import { SnapshotManager } from '../../src/wal/index.ts';
import { entriesFrom, snapshotMeta } from '../unit/wal/wal-kit.ts';
import { amount, reportAtEnd, sampled, tally, temporaryFolder } from './effort.ts';
import {
  brokenNames,
  copyFolder,
  newestSegment,
  newRealLog,
  type Picture,
  pictureOf,
  segmentNames,
  tryOpen,
  written,
} from './real-log.ts';

reportAtEnd();

const SECTOR = 512;

interface Sample {
  readonly dir: string;
  readonly picture: Picture;
  /** The folder as it was some writes ago. */
  readonly older: string;
}

/** Four segments with entries, votes and the mark of a snapshot; closed in order. */
async function sample(): Promise<Sample> {
  const root = temporaryFolder('memory');
  const [dir, older] = [join(root, 'wal'), join(root, 'older')];
  const log = newRealLog(dir);
  let index = 1;
  while (segmentNames(dir).length < 4) {
    if (index === 13) copyFolder(dir, older);
    const hardState = index % 4 === 1 ? { term: index, votedFor: 'n2' } : null;
    const mark = index === 15 ? { snapshot: { meta: snapshotMeta(8), keepSuffix: true }, compactTo: 2 } : {};
    await written(log, { hardState, entries: entriesFrom(index, 2, { bytes: 300 }), ...mark });
    index += 2;
  }
  await written(log, { entries: entriesFrom(index, 1) });
  const picture = pictureOf(log);
  log.close();
  return { dir, picture, older };
}

/** Opens the harmed copy: refused by file and offset, or equal to the original. */
function outcomeOf(work: string, { picture }: Sample, what: string): 'refused' | 'as it was' {
  const opened = tryOpen(work);
  if (opened.kind === 'started') {
    expect(opened.picture, what).toEqual(picture);
    return 'as it was';
  }
  const { details, message, hint } = opened.error;
  expect(details, what).toMatchObject({ file: expect.stringContaining(work), offset: expect.any(Number) });
  expect(message, what).toContain('at byte');
  expect(hint, what).toContain('join it again');
  return 'refused';
}

function kindOf(name: string, dir: string): string {
  if (!name.endsWith('.wal')) return name;
  return name === segmentNames(dir).at(-1) ? 'current segment' : 'sealed segment';
}

describe('the files of the log', () => {
  it('with a bit flipped anywhere are refused, or are what they were', { timeout: 900_000 }, async () => {
    const made = await sample();
    const work = join(temporaryFolder('memory'), 'wal');
    const { end } = newestSegment(made.dir);
    for (const name of readdirSync(made.dir).filter((n) => n !== 'ballast')) {
      const bytes = readFileSync(join(made.dir, name));
      const kind = kindOf(name, made.dir);
      for (const at of sampled(0, bytes.length, kind === 'watermark' ? 7 : 61)) {
        copyFolder(made.dir, work);
        const harmed = Buffer.from(bytes);
        harmed[at] = (harmed[at] as number) ^ (1 << (at % 8));
        writeFileSync(join(work, name), harmed);
        const outcome = outcomeOf(work, made, `bit ${at % 8} of byte ${at} of ${name}`);
        if (kind === 'sealed segment' || (kind === 'current segment' && at < end))
          expect(outcome, `byte ${at} of ${name}`).toBe('refused');
        // behind its end stands nothing: whatever is found there was never written whole
        if (kind === 'current segment' && at >= Math.ceil(end / 8) * 8)
          expect(brokenNames(work), `byte ${at} of ${name}`).toHaveLength(1);
        tally(`flipped bit: ${kind}`, outcome);
      }
    }
  });

  it('with sectors swapped, zeroed or of an older copy are refused, or are what they were', async () => {
    const made = await sample();
    const work = join(temporaryFolder('memory'), 'wal');
    for (const name of segmentNames(made.dir)) {
      const bytes = readFileSync(join(made.dir, name));
      const old = existsSync(join(made.older, name)) ? readFileSync(join(made.older, name)) : null;
      const sector = (of: Buffer, n: number) => of.subarray(n * SECTOR, (n + 1) * SECTOR);
      const count = bytes.length / SECTOR;
      for (let n = 0; n < count; n++) {
        const other = (n + 3) % count;
        const harms: Record<string, Buffer> = {
          zeroed: Buffer.alloc(SECTOR),
          swapped: sector(bytes, other),
          ...(old !== null && { older: sector(old, n) }),
        };
        for (const [harm, content] of Object.entries(harms)) {
          if (content.equals(sector(bytes, n))) continue;
          const harmed = Buffer.from(bytes);
          if (harm === 'swapped') sector(bytes, n).copy(harmed, other * SECTOR);
          content.copy(harmed, n * SECTOR);
          copyFolder(made.dir, work);
          writeFileSync(join(work, name), harmed);
          tally(
            `sector ${harm}: ${kindOf(name, made.dir)}`,
            outcomeOf(work, made, `${harm} ${n} of ${name}`),
          );
        }
      }
    }
  });

  it('missing, cut, longer, old or beside foreign ones are refused, or are what they were', async () => {
    const made = await sample();
    const work = join(temporaryFolder('memory'), 'wal');
    for (const name of readdirSync(made.dir)) {
      const path = join(work, name);
      const bytes = readFileSync(join(made.dir, name));
      const kind = kindOf(name, made.dir);
      const harms: Record<string, () => void> = {
        missing: () => rmSync(path),
        empty: () => writeFileSync(path, ''),
        'cut in half': () => writeFileSync(path, bytes.subarray(0, bytes.length >> 1)),
        longer: () => writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(600, 7)])),
      };
      if (existsSync(join(made.older, name)))
        harms['older'] = () => writeFileSync(path, readFileSync(join(made.older, name)));
      for (const [harm, inflict] of Object.entries(harms)) {
        copyFolder(made.dir, work);
        inflict();
        const outcome = outcomeOf(work, made, `${name} ${harm}`);
        if (kind.endsWith('segment') && harm === 'missing') expect(outcome, name).toBe('refused');
        tally(`${harm}: ${kind}`, outcome);
      }
    }
    copyFolder(made.dir, work);
    for (const name of ['notes.txt', 'spare.tmp', 'x.broken']) writeFileSync(join(work, name), 'foreign');
    expect(outcomeOf(work, made, 'foreign files')).toBe('as it was');
    for (const name of ['notes.wal', '00000099-0000000000000001.wal']) {
      writeFileSync(join(work, name), readFileSync(join(made.dir, must(segmentNames(made.dir)[0], 'one'))));
      expect(outcomeOf(work, made, name)).toBe('refused');
      rmSync(join(work, name));
      tally('foreign segment', 'refused');
    }
  });
});

describe('the file of a snapshot', () => {
  it('with a bit flipped at any byte, cut, or of another id, is refused by file and offset', async () => {
    const root = temporaryFolder('memory');
    const snapshots = new SnapshotManager({ dir: join(root, 'snapshots') });
    const make = (index: number) => {
      const { size: _, ...meta } = snapshotMeta(index);
      writeFileSync(join(root, 'copy'), Buffer.alloc(3000, `content ${index} `));
      return snapshots.createSnapshot(join(root, 'copy'), meta);
    };
    const [meta, other] = [await make(5), await make(9)];
    const path = join(root, 'snapshots', `${meta.id}.snap`);
    const bytes = readFileSync(path);
    const target = join(root, 'target');
    const harmed: [string, Buffer][] = sampled(0, bytes.length, 3).map((at) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] as number) ^ (1 << (at % 8));
      return [`flipped bit: snapshot`, copy];
    });
    for (const cut of sampled(0, bytes.length, 11)) harmed.push(['cut: snapshot', bytes.subarray(0, cut)]);
    for (const [kind, content] of harmed) {
      writeFileSync(path, content);
      await expect(snapshots.loadSnapshot(meta.id, target), kind).rejects.toMatchObject({
        code: 'storage_failed',
        details: { file: path, offset: expect.any(Number) },
      });
      expect(existsSync(target)).toBe(false);
      tally(kind, 'refused');
    }
    expect(harmed.length).toBeGreaterThan(amount(100, 300));
    // a sound one under another's name: whoever asks for the one does not get the other
    writeFileSync(path, readFileSync(join(root, 'snapshots', `${other.id}.snap`)));
    const loaded = await snapshots.loadSnapshot(meta.id, target).catch((error: unknown) => error);
    expect(loaded).toBeInstanceOf(SqlccError);
    tally('another snapshot under its name', 'refused');
  });
});
