import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { NodeDisk } from '../../src/wal/index.ts';
import { Bench, memoryDisk } from '../unit/wal/wal-kit.ts';
import { describeDisk } from './disk.ts';

const root = mkdtempSync(join(tmpdir(), 'sqlcc-disk-'));
let count = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

describeDisk('NodeDisk', () => {
  const disk = new NodeDisk();
  const dir = join(root, String(count++));
  disk.makeDir(dir);
  // one more sync in the thread pool comes back after those before it, or nearly so
  return { disk, dir, settle: () => after(50) };
});

describeDisk('MemoryDisk', () => {
  const bench = new Bench();
  return { disk: memoryDisk(bench), dir: '/d', settle: async () => bench.run(1) };
});

describe('NodeDisk', () => {
  it('syncDir hands over that the folder can not be opened, and throws nothing', async () => {
    const dir = join(root, 'missing');
    const told = await new Promise((resolve) => new NodeDisk().syncDir(dir, resolve));
    expect(told).toMatchObject({
      code: 'storage_failed',
      details: { file: dir, operation: 'open', errno: 'ENOENT' },
    });
  });
});
