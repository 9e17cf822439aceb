import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { must } from '../../../src/base/index.ts';
import { NodeDisk, SnapshotManager, scrub } from '../../../src/wal/index.ts';
import { newRealLog, segmentNames, written } from '../../storage/real-log.ts';
import { entriesFrom, snapshotMeta } from './wal-kit.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sqlcc-scrub-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A log of four segments that is open and goes on, and two snapshots. */
async function sample() {
  const dir = join(root, 'wal');
  const log = newRealLog(dir);
  let index = 1;
  while (segmentNames(dir).length < 4) {
    await written(log, { entries: entriesFrom(index, 2, { bytes: 300 }) });
    index += 2;
  }
  const snapshots = new SnapshotManager({ dir: join(root, 'snapshots') });
  const copy = join(root, 'copy');
  writeFileSync(copy, Buffer.alloc(200_000, 'state '));
  for (const n of [3, 5]) await snapshots.createSnapshot(copy, snapshotMeta(n));
  const identity = { clusterId: 'c1', nodeId: 'n1', instanceId: 'i1' };
  const look = () => scrub({ ...identity, disk: new NodeDisk(), dir, snapshots });
  return { dir, log, snapshots, look };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const byte = at < 0 ? bytes.length + at : at;
  bytes[byte] = must(bytes[byte], 'a byte') ^ 0x10;
  writeFileSync(path, bytes);
}

describe('scrub', () => {
  it('reads finished segments and all snapshots, and finds nothing wrong with sound ones', async () => {
    const { log, look } = await sample();
    expect(await look()).toEqual({ files: 5, damages: [] });
    log.close();
  });

  it.each([
    ['the header', 8],
    ['an entry', 700],
    ['the last byte', -1],
  ])('names a finished segment in which a bit of %s is flipped, and no other file', async (_, at) => {
    const { dir, log, look } = await sample();
    const [first = '', second = ''] = segmentNames(dir);
    flip(join(dir, second), at);
    const { files, damages } = await look();
    expect(files).toBe(5);
    expect(damages).toMatchObject([{ code: 'storage_failed', details: { file: join(dir, second) } }]);
    expect(damages[0]?.message).not.toContain(first);
    log.close();
  });

  it.each([
    ['the header', 20],
    ['the data', 120],
  ])('names a snapshot in which a bit of %s is flipped', async (_, at) => {
    const { log, snapshots, look } = await sample();
    const name = `${must(snapshots.ids()[0], 'a snapshot')}.snap`;
    flip(join(root, 'snapshots', name), at);
    const { damages } = await look();
    expect(damages.map((d) => [d.code, d.message.includes(name)])).toEqual([['storage_failed', true]]);
    log.close();
  });

  it('leaves the segment that is written alone, and does not miss a file that goes meanwhile', async () => {
    const { dir, log, look } = await sample();
    const names = segmentNames(dir);
    flip(join(dir, must(names.at(-1), 'the last one')), 700);
    const looking = look();
    rmSync(join(dir, must(names[1], 'the second')));
    expect((await looking).damages).toEqual([]);
    expect(readdirSync(dir)).not.toContain(names[1]);
    log.close();
  });
});
