/**
 * A file system of its own in a file, whose power can be cut: from one moment to the next nothing
 * is written any more, and after the next mount only what was synced is sure to be there.
 * Linux and root only.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from '../cluster/harness.ts';
import { runs } from './effort.ts';

export type FileSystem = 'ext4' | 'xfs';

/** Smallest that the file system allows, roughly; the image is sparse. */
const MIB: Record<FileSystem, number> = { ext4: 256, xfs: 320 };
const MAKE: Record<FileSystem, string[]> = { ext4: ['-q', '-F'], xfs: ['-q', '-f'] };

export class LoopDisk {
  readonly dir: string;
  readonly #image: string;

  private constructor(dir: string, image: string) {
    this.dir = dir;
    this.#image = image;
  }

  /** Makes and mounts one on `dir`, which is made when it is missing; taken away when the test ends. */
  static make(kind: FileSystem, dir: string): LoopDisk {
    const folder = mkdtempSync(join(tmpdir(), 'sqlcc-loop-'));
    const image = join(folder, 'image');
    writeFileSync(image, '');
    truncateSync(image, MIB[kind] * 1024 * 1024);
    execFileSync(`mkfs.${kind}`, [...MAKE[kind], image]);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const disk = new LoopDisk(dir, image);
    disk.mount();
    onTestFinished(() => {
      runs('umount', ['-l', dir]);
      rmSync(folder, { recursive: true, force: true });
    });
    return disk;
  }

  mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.dir]);
    execFileSync('chmod', ['0700', this.dir]);
  }

  /** The power fails. Whoever still writes is told EIO. */
  cut(): void {
    execFileSync('xfs_io', ['-x', '-c', 'shutdown', this.dir]);
  }

  /** The power is back; those who had files open must be gone. */
  async powerUp(): Promise<void> {
    await until('nobody uses the disk', async () => runs('umount', [this.dir]));
    this.mount();
  }
}
