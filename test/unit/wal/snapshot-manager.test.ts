import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotManager } from '../../../src/wal/index.ts';
import { snapshotMeta } from './wal-kit.ts';

let dir = '';
let snapshots: SnapshotManager;
const file = (name: string): string => join(dir, name);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-snapshots-'));
  snapshots = new SnapshotManager({ dir });
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function content(bytes: number): Buffer {
  return Buffer.concat([randomBytes(bytes >> 1), Buffer.alloc(bytes - (bytes >> 1), 'sql')]);
}

async function make(index: number, bytes = 5000) {
  const { size: _, ...meta } = snapshotMeta(index);
  const raw = content(bytes);
  writeFileSync(file('copy.db'), raw);
  return { meta: await snapshots.createSnapshot(file('copy.db'), meta), raw };
}

describe('SnapshotManager', () => {
  it('gives back what it was given, smaller and private', async () => {
    const { meta, raw } = await make(7, 3_000_000);
    const path = file('snap-7.snap');
    expect(statSync(path)).toMatchObject({ size: meta.size });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(meta.size).toBeLessThan(1_600_000);
    await snapshots.loadSnapshot('snap-7', file('restored.db'));
    expect(readFileSync(file('restored.db')).equals(raw)).toBe(true);
    expect(await snapshots.verifySnapshot('snap-7')).toEqual(meta);
    expect(snapshots.list()).toEqual([meta]);
  });

  it('refuses a snapshot that is cut off at any byte, by name and offset', async () => {
    const { meta } = await make(7, 600);
    const whole = readFileSync(file('snap-7.snap'));
    for (let size = 0; size < meta.size; size++) {
      writeFileSync(file('snap-7.snap'), whole.subarray(0, size));
      await expect(snapshots.verifySnapshot('snap-7')).rejects.toMatchObject({
        code: 'storage_failed',
        details: { file: file('snap-7.snap'), offset: expect.any(Number) },
      });
    }
  });

  it('refuses a snapshot with any byte changed, and leaves no restored file', async () => {
    const { meta } = await make(7, 300);
    const whole = readFileSync(file('snap-7.snap'));
    for (let at = 0; at < meta.size; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ 0x10;
      writeFileSync(file('snap-7.snap'), flipped);
      await expect(snapshots.loadSnapshot('snap-7', file('restored.db'))).rejects.toMatchObject({
        code: 'storage_failed',
      });
      expect(existsSync(file('restored.db'))).toBe(false);
    }
  });

  it('keeps the newest two and removes what a crash left', async () => {
    for (const index of [5, 300, 20]) await make(index);
    writeFileSync(file('snap-400.tmp'), 'half');
    await snapshots.cleanupOldSnapshots();
    expect(snapshots.list().map((m) => m.index)).toEqual([20, 300]);
    expect(
      readdirSync(dir)
        .filter((n) => n !== 'copy.db')
        .sort(),
    ).toEqual(['snap-20.snap', 'snap-300.snap']);
  });

  it('keeps one that waits to be loaded, however old it has become', async () => {
    for (const index of [5, 300, 20, 400]) await make(index);
    await snapshots.cleanupOldSnapshots(2, new Set(['snap-5']));
    expect(snapshots.list().map((m) => m.index)).toEqual([5, 300, 400]);
  });

  it('shows the older snapshot whatever step of the next one a crash interrupts', async () => {
    const { meta: older } = await make(5);
    const { meta: newer } = await make(6, 700);
    const whole = readFileSync(file('snap-6.snap'));
    rmSync(file('snap-6.snap'));
    for (let size = 0; size <= whole.length; size += 97) {
      writeFileSync(file('snap-6.tmp'), whole.subarray(0, size));
      expect(new SnapshotManager({ dir }).list()).toEqual([older]);
    }
    writeFileSync(file('snap-6.snap'), whole);
    expect(new SnapshotManager({ dir }).list()).toEqual([older, newer]);
  });

  it('refuses an id that leaves the folder, and one that is not there', async () => {
    for (const id of ['../x', 'a/b', '', '.hidden', 'x'.repeat(300)]) {
      await expect(snapshots.verifySnapshot(id)).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(snapshots.receiveSnapshot({ ...snapshotMeta(1), id })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    }
    await expect(snapshots.openSnapshot('snap-1')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('leaves nothing behind when the content can not be read', async () => {
    const { size: _, ...meta } = snapshotMeta(3);
    await expect(snapshots.createSnapshot(file('missing.db'), meta)).rejects.toMatchObject({
      code: 'storage_failed',
      details: { errno: 'ENOENT' },
    });
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('SnapshotIntake', () => {
  async function sender() {
    const made = await make(9, 400_000);
    const whole = readFileSync(file('snap-9.snap'));
    rmSync(file('snap-9.snap'));
    return { ...made, whole };
  }

  it('takes bytes in order and shows the snapshot only when it is whole', async () => {
    const { meta, raw, whole } = await sender();
    const intake = await snapshots.receiveSnapshot(meta);
    for (let at = 0; at < whole.length; at += 65_536) await intake.write(at, whole.subarray(at, at + 65_536));
    expect(snapshots.list()).toEqual([]);
    await intake.finish();
    expect(snapshots.list()).toEqual([meta]);
    await snapshots.loadSnapshot(meta.id, file('restored.db'));
    expect(readFileSync(file('restored.db')).equals(raw)).toBe(true);
  });

  it('goes on after a restart where it stopped', async () => {
    const { meta, whole } = await sender();
    const first = await snapshots.receiveSnapshot(meta);
    await first.write(0, whole.subarray(0, 100_000));
    await first.abort();
    const second = await new SnapshotManager({ dir }).receiveSnapshot(meta);
    expect(second.offset).toBe(100_000);
    await second.write(100_000, whole.subarray(100_000));
    await second.finish();
    expect(snapshots.list()).toEqual([meta]);
  });

  it('throws away a damaged whole, so that the next attempt begins anew', async () => {
    const { meta, whole } = await sender();
    whole[whole.length >> 1] = (whole[whole.length >> 1] as number) ^ 1;
    const intake = await snapshots.receiveSnapshot(meta);
    await intake.write(0, whole);
    await expect(intake.finish()).rejects.toMatchObject({ code: 'storage_failed' });
    const again = await snapshots.receiveSnapshot(meta);
    expect(again.offset).toBe(0);
    await again.abort();
  });

  it('refuses holes, repetitions, more than announced, and another snapshot under this name', async () => {
    const { meta, whole } = await sender();
    const intake = await snapshots.receiveSnapshot(meta);
    await intake.write(0, whole.subarray(0, 10));
    for (const offset of [0, 11]) {
      await expect(intake.write(offset, whole.subarray(0, 5))).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    }
    await expect(intake.write(10, whole)).rejects.toMatchObject({ code: 'invalid_argument' });
    await intake.abort();
    const other = await snapshots.receiveSnapshot({ ...meta, index: 8 });
    await other.write(10, whole.subarray(10));
    await expect(other.finish()).rejects.toMatchObject({ code: 'storage_failed' });
  });

  it('drops what had arrived of another snapshot', async () => {
    const { meta, whole } = await sender();
    const intake = await snapshots.receiveSnapshot(meta);
    await intake.write(0, whole.subarray(0, 1000));
    await intake.abort();
    const next = await snapshots.receiveSnapshot(snapshotMeta(10));
    await next.abort();
    expect(readdirSync(dir).filter((n) => n.endsWith('.part'))).toEqual(['snap-10.part']);
  });

  it('asks for nothing when the snapshot had arrived before', async () => {
    const { meta } = await make(9);
    const intake = await snapshots.receiveSnapshot(meta);
    expect(intake.offset).toBe(meta.size);
    await intake.finish();
    expect(snapshots.list()).toEqual([meta]);
  });

  it('leaves a snapshot that is here alone whatever is asked of it, and opens it for reading only', async () => {
    const { meta } = await make(9, 400_000);
    const before = statSync(file('snap-9.snap'));
    const intake = await snapshots.receiveSnapshot(meta);
    await expect(intake.write(meta.size, Buffer.from('x'))).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    await intake.finish();
    await intake.abort();
    const after = statSync(file('snap-9.snap'));
    expect([after.ino, after.mtimeMs, after.size]).toEqual([before.ino, before.mtimeMs, before.size]);
    expect(readdirSync(dir).sort()).toEqual(['copy.db', 'snap-9.snap']);
  });

  it('receives anew a snapshot that has rotted here, and keeps the rotten one until then', async () => {
    const { meta, raw } = await make(9, 400_000);
    const whole = readFileSync(file('snap-9.snap'));
    const rotten = Buffer.from(whole);
    rotten[1000] = (rotten[1000] as number) ^ 1;
    writeFileSync(file('snap-9.snap'), rotten);
    const first = await snapshots.receiveSnapshot(meta);
    expect(first.offset).toBe(0);
    await first.write(0, rotten);
    await expect(first.finish()).rejects.toMatchObject({ code: 'storage_failed' });
    expect(readFileSync(file('snap-9.snap')).equals(rotten)).toBe(true);
    const second = await snapshots.receiveSnapshot(meta);
    expect(second.offset).toBe(0);
    await second.write(0, whole);
    await second.finish();
    await snapshots.loadSnapshot(meta.id, file('restored.db'));
    expect(readFileSync(file('restored.db')).equals(raw)).toBe(true);
  });

  it('tells progress while it verifies, of what arrives and of what is here', async () => {
    const { meta, whole } = await sender();
    const intake = await snapshots.receiveSnapshot(meta);
    await intake.write(0, whole);
    let told = 0;
    await intake.finish(() => told++);
    expect(told).toBeGreaterThan(0);
    let again = 0;
    await (await snapshots.receiveSnapshot(meta, () => again++)).abort();
    expect(again).toBe(told);
  });

  it('reads to a sender what lies in the file, also after its removal', async () => {
    const { meta } = await make(9, 1000);
    const whole = readFileSync(file('snap-9.snap'));
    const reader = await snapshots.openSnapshot(meta.id);
    rmSync(file('snap-9.snap'));
    expect(reader.size).toBe(meta.size);
    const parts = [await reader.read(0, 100), await reader.read(100, 1e9)];
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
    expect((await reader.read(meta.size, 10)).length).toBe(0);
    await reader.close();
  });
});
