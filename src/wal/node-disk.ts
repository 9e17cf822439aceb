/**
 * The real disk on `node:fs`. Writes go to the page cache at once (5–10 µs);
 * fdatasync runs on the thread pool, so a slow disk never blocks the loop.
 * Files are 0600, folders 0700. Not here: any idea of what the bytes mean.
 */
import {
  close,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { Bytes } from '../base/index.ts';
import { type Disk, type DiskDone, type DiskFile, diskError } from './disk.ts';

function attempt<T>(operation: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw diskError(operation, path, cause);
  }
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  #isSyncing = false;
  #isClosed = false;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  write(offset: number, bytes: Uint8Array): void {
    attempt('write', this.path, () => {
      let done = 0;
      // a short write is no error; the next attempt says why it was short
      while (done < bytes.length)
        done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    });
  }

  read(offset: number, length: number): Uint8Array {
    return attempt('read', this.path, () => {
      const into = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const n = readSync(this.#fd, into, done, length - done, offset + done);
        if (n === 0) break;
        done += n;
      }
      return into.subarray(0, done);
    });
  }

  size(): number {
    return attempt('stat', this.path, () => fstatSync(this.#fd).size);
  }

  truncate(size: number): void {
    attempt('truncate', this.path, () => ftruncateSync(this.#fd, size));
  }

  sync(done: DiskDone): void {
    this.#isSyncing = true;
    fdatasync(this.#fd, (cause) => {
      this.#isSyncing = false;
      // the sync has said what there is to say of the bytes: a close that fails now adds nothing
      if (this.#isClosed) close(this.#fd, () => {});
      done(cause === null ? null : diskError('sync', this.path, cause));
    });
  }

  syncNow(): void {
    attempt('sync', this.path, () => fdatasyncSync(this.#fd));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // a number given back while the thread pool still syncs it may soon name another file
    if (!this.#isSyncing) attempt('close', this.path, () => closeSync(this.#fd));
  }
}

export class NodeDisk implements Disk {
  open(path: string, mode: 'create' | 'existing'): DiskFile {
    const fd = attempt('open', path, () => openSync(path, mode === 'create' ? 'wx+' : 'r+', 0o600));
    return new NodeFile(path, fd);
  }

  list(dir: string): string[] {
    try {
      return readdirSync(dir).sort();
    } catch (cause) {
      if ((cause as { code?: string }).code === 'ENOENT') return [];
      throw diskError('list', dir, cause);
    }
  }

  rename(from: string, to: string): void {
    attempt('rename', from, () => renameSync(from, to));
  }

  remove(path: string): void {
    attempt('remove', path, () => unlinkSync(path));
  }

  makeDir(dir: string): void {
    attempt('mkdir', dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  }

  syncDir(dir: string, done: DiskDone): void {
    // callers are callbacks themselves: nobody stands above them to catch a throw
    open(dir, 'r', (refused, fd) => {
      if (refused !== null) return done(diskError('open', dir, refused));
      fsync(fd, (cause) => {
        close(fd, () => {});
        done(cause === null ? null : diskError('sync', dir, cause));
      });
    });
  }

  syncDirNow(dir: string): void {
    attempt('sync', dir, () => {
      const fd = openSync(dir, 'r');
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  freeBytes(dir: string): Bytes {
    return attempt('statfs', dir, () => {
      const { bavail, bsize } = statfsSync(dir);
      return bavail * bsize;
    });
  }
}
