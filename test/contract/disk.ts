/** What every `Disk` must do (src/wal/disk.ts) while nothing fails; what fails is told in test/unit/wal. */
import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/wal/index.ts';

/** One disk under test, with an empty folder. */
export interface DiskPupil {
  readonly disk: Disk;
  readonly dir: string;
  /** Resolves once callbacks that are due have run. */
  settle(): Promise<void>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Registers the suite for one implementation. */
export function describeDisk(name: string, open: () => DiskPupil): void {
  describe(`${name}: files`, () => {
    it('grow by writes, with zeros in holes, and are read in part', () => {
      const { disk, dir } = open();
      const file = disk.open(`${dir}/a`, 'create');
      file.write(3, bytes('hello'));
      expect(file.size()).toBe(8);
      expect([...file.read(0, 4)]).toEqual([0, 0, 0, 104]);
      expect(text(file.read(4, 100))).toBe('ello');
      expect(file.read(8, 1)).toHaveLength(0);
      file.write(4, bytes('i'));
      expect(text(file.read(3, 5))).toBe('hillo');
      file.truncate(5);
      expect(file.size()).toBe(5);
      file.close();
    });

    it('do not share memory with their writer and their reader', () => {
      const { disk, dir } = open();
      const file = disk.open(`${dir}/a`, 'create');
      const content = bytes('one');
      file.write(0, content);
      content.fill(0);
      file.read(0, 3).fill(1);
      expect(text(file.read(0, 3))).toBe('one');
      file.close();
    });

    it('are created only when missing and opened only when there', () => {
      const { disk, dir } = open();
      const missing = {
        code: 'storage_failed',
        details: { file: `${dir}/a`, operation: 'open', errno: 'ENOENT' },
      };
      expect(() => disk.open(`${dir}/a`, 'existing')).toThrow(expect.objectContaining(missing));
      disk.open(`${dir}/a`, 'create').close();
      const there = {
        code: 'storage_failed',
        details: { file: `${dir}/a`, operation: 'open', errno: 'EEXIST' },
      };
      expect(() => disk.open(`${dir}/a`, 'create')).toThrow(expect.objectContaining(there));
    });

    it('sync later, on an empty stack', async () => {
      const { disk, dir, settle } = open();
      const file = disk.open(`${dir}/a`, 'create');
      file.write(0, bytes('x'));
      const done: unknown[] = [];
      file.sync((error) => done.push(error));
      disk.syncDir(dir, (error) => done.push(error));
      expect(done).toEqual([]);
      await settle();
      expect(done).toEqual([null, null]);
      file.syncNow();
      disk.syncDirNow(dir);
      file.close();
    });

    it('may be closed while they sync', async () => {
      const { disk, dir, settle } = open();
      const file = disk.open(`${dir}/a`, 'create');
      file.write(0, bytes('x'));
      const done: unknown[] = [];
      file.sync((error) => done.push(error));
      file.close();
      file.close();
      await settle();
      expect(done).toEqual([null]);
    });
  });

  describe(`${name}: names`, () => {
    it('are listed in order; a missing folder is empty', () => {
      const { disk, dir } = open();
      for (const name of ['b', 'a', 'c']) disk.open(`${dir}/${name}`, 'create').close();
      expect(disk.list(dir)).toEqual(['a', 'b', 'c']);
      expect(disk.list(`${dir}/nowhere`)).toEqual([]);
    });

    it('move with their content over what was there', () => {
      const { disk, dir } = open();
      const file = disk.open(`${dir}/a`, 'create');
      file.write(0, bytes('new'));
      file.close();
      disk.open(`${dir}/b`, 'create').close();
      disk.rename(`${dir}/a`, `${dir}/b`);
      expect(disk.list(dir)).toEqual(['b']);
      const moved = disk.open(`${dir}/b`, 'existing');
      expect(text(moved.read(0, 10))).toBe('new');
      moved.close();
    });

    it('are removed once; an open file is still read', () => {
      const { disk, dir } = open();
      const file = disk.open(`${dir}/a`, 'create');
      file.write(0, bytes('still'));
      disk.remove(`${dir}/a`);
      expect(disk.list(dir)).toEqual([]);
      expect(text(file.read(0, 5))).toBe('still');
      file.close();
      expect(() => disk.remove(`${dir}/a`)).toThrow(expect.objectContaining({ code: 'storage_failed' }));
      expect(() => disk.rename(`${dir}/a`, `${dir}/b`)).toThrow(
        expect.objectContaining({ code: 'storage_failed' }),
      );
    });

    it('live in folders that are made as needed, on a disk with room', () => {
      const { disk, dir } = open();
      disk.makeDir(`${dir}/x/y`);
      disk.makeDir(`${dir}/x/y`);
      disk.open(`${dir}/x/y/z`, 'create').close();
      expect(disk.list(`${dir}/x/y`)).toEqual(['z']);
      expect(disk.freeBytes(dir)).toBeGreaterThan(1_000_000);
    });
  });
}
