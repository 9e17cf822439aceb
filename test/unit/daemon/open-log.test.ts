import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bridgeToLog } from '../../../daemon/open-log.ts';
import type { SnapshotMeta } from '../../../src/raft/index.ts';
import { SnapshotManager } from '../../../src/wal/index.ts';
import { snapshotMeta } from '../wal/wal-kit.ts';

let dir = '';
let snapshots: SnapshotManager;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-bridge-'));
  snapshots = new SnapshotManager({ dir });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function make(index: number, term = 1): Promise<SnapshotMeta> {
  const { size: _, ...meta } = snapshotMeta(index, term);
  writeFileSync(join(dir, 'copy.db'), 'content '.repeat(50));
  return snapshots.createSnapshot(join(dir, 'copy.db'), meta);
}

function rot({ id }: SnapshotMeta): void {
  const bytes = readFileSync(join(dir, `${id}.snap`));
  bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1;
  writeFileSync(join(dir, `${id}.snap`), bytes);
}

/** A log of term 1 that holds the entries from `first`, behind `snapshot`. */
function bridge(first: number, snapshot: SnapshotMeta, appliedIndex: number) {
  const restored: string[] = [];
  const passed: string[] = [];
  const storage = {
    firstIndex: () => first,
    snapshot: () => snapshot,
    term: (index: number) => (index >= first - 1 ? 1 : undefined),
  };
  const outcome = bridgeToLog({
    ...{ storage, snapshots, appliedIndex },
    restore: async (meta) => void restored.push(meta.id),
    passedOver: ({ message }, instead) => passed.push(`${instead.id} instead of ${message}`),
  });
  return { outcome, restored, passed };
}

describe('bridgeToLog', () => {
  it('leaves a state alone that the log goes on from, whatever the snapshots are like', async () => {
    const newest = await make(20);
    rot(newest);
    const { outcome, restored } = bridge(11, newest, 10);
    expect(await outcome).toBe(10);
    expect(restored).toEqual([]);
  });

  it('leaves a sound newest snapshot to consensus', async () => {
    await make(15);
    const { outcome, restored } = bridge(11, await make(20), 0);
    expect(await outcome).toBe(0);
    expect(restored).toEqual([]);
  });

  it('takes an older snapshot for a rotten or missing one when the log holds all behind it', async () => {
    for (const harm of ['rotten', 'missing']) {
      await make(12);
      const older = await make(15);
      const newest = await make(20);
      if (harm === 'rotten') rot(newest);
      else rmSync(join(dir, `${newest.id}.snap`));
      const { outcome, restored, passed } = bridge(16, newest, 0);
      expect(await outcome).toBe(15);
      expect(restored).toEqual([older.id]);
      expect(passed[0]).toContain(`${older.id} instead of `);
      expect(passed[0]).toContain(`${newest.id}.snap`);
    }
  });

  it('takes one of the same index under another id, made because the newest was rotten', async () => {
    const newest = await make(20);
    writeFileSync(join(dir, 'copy.db'), 'content '.repeat(50));
    const { size: _, ...meta } = newest;
    await snapshots.createSnapshot(join(dir, 'copy.db'), { ...meta, id: 'another' });
    rot(newest);
    const { outcome, restored } = bridge(21, newest, 0);
    expect(await outcome).toBe(20);
    expect(restored).toEqual(['another']);
  });

  it('refuses by file and offset when none leads to the log: too old, of another log, rotten too', async () => {
    const newest = await make(20);
    rot(newest);
    await make(14);
    const other = { ...snapshotMeta(17, 2), id: 'other' };
    writeFileSync(join(dir, 'copy.db'), 'of another term');
    await snapshots.createSnapshot(join(dir, 'copy.db'), other);
    rot(await make(18));
    const { outcome, restored } = bridge(16, newest, 0);
    await expect(outcome).rejects.toMatchObject({
      code: 'storage_failed',
      message: expect.stringContaining(`${newest.id}.snap at byte`),
      hint: expect.stringContaining('join it again'),
    });
    expect(restored).toEqual([]);
  });
});
