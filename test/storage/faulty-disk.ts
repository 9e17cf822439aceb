/**
 * A real disk on which one operation fails, once: the n-th of those that change something.
 * A failing write may leave half of its bytes; a failing sync says so and nothing else. All
 * later operations succeed, as on a kernel that forgets what it could not write.
 */
import type { SqlccError } from '../../src/base/index.ts';
import { type Disk, type DiskDone, type DiskFile, diskError, NodeDisk } from '../../src/wal/index.ts';

export interface Fault {
  /** Number of the operation that fails, from 1; 0 = none does. */
  readonly at: number;
  readonly errno: 'EIO' | 'ENOSPC' | 'EDQUOT';
  /** A write that fails has written half. */
  readonly half?: boolean;
}

export class FaultyDisk implements Disk {
  readonly #real = new NodeDisk();
  readonly #fault: Fault;
  /** Operations so far. */
  count = 0;
  /** What failed, as `operation file`, of a folder `sync folder, operation file before it`; null at first. */
  failed: string | null = null;
  /** The log has heard of the failure; of a sync that is a moment later. */
  isTold = false;
  #before = '';

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  open(path: string, mode: 'create' | 'existing'): DiskFile {
    if (mode === 'create') this.#step('open', path);
    return new FaultyFile(this.#real.open(path, mode), this);
  }

  list(dir: string): string[] {
    return this.#real.list(dir);
  }

  rename(from: string, to: string): void {
    this.#step('rename', from);
    this.#real.rename(from, to);
  }

  remove(path: string): void {
    this.#step('remove', path);
    this.#real.remove(path);
  }

  makeDir(dir: string): void {
    this.#real.makeDir(dir);
  }

  syncDir(dir: string, done: DiskDone): void {
    if (this.isDue('sync folder', dir)) setImmediate(() => done(this.errorOf('sync', dir)));
    else this.#real.syncDir(dir, done);
  }

  syncDirNow(dir: string): void {
    this.#step('sync folder', dir);
    this.#real.syncDirNow(dir);
  }

  freeBytes(dir: string): number {
    return this.#real.freeBytes(dir);
  }

  /** Counts an operation; true when it is the one to fail. */
  isDue(operation: string, path: string): boolean {
    this.count++;
    const file = `${operation} ${path.slice(path.lastIndexOf('/') + 1)}`;
    const name = operation === 'sync folder' ? `sync folder, ${this.#before}` : file;
    this.#before = file;
    if (this.count !== this.#fault.at) return false;
    this.failed = name;
    return true;
  }

  get leavesHalf(): boolean {
    return this.#fault.half === true;
  }

  #step(operation: string, path: string): void {
    if (this.isDue(operation, path)) throw this.errorOf(operation, path);
  }

  /** The error, at the moment in which it is handed over. */
  errorOf(operation: string, path: string): SqlccError {
    const { errno } = this.#fault;
    this.isTold = true;
    return diskError(operation, path, Object.assign(new Error(`${errno}: injected`), { code: errno }));
  }
}

class FaultyFile implements DiskFile {
  readonly #real: DiskFile;
  readonly #disk: FaultyDisk;

  constructor(real: DiskFile, disk: FaultyDisk) {
    this.#real = real;
    this.#disk = disk;
  }

  get path(): string {
    return this.#real.path;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (this.#disk.isDue('write', this.path)) {
      if (this.#disk.leavesHalf) this.#real.write(offset, bytes.subarray(0, bytes.length >> 1));
      throw this.#disk.errorOf('write', this.path);
    }
    this.#real.write(offset, bytes);
  }

  read(offset: number, length: number): Uint8Array {
    return this.#real.read(offset, length);
  }

  size(): number {
    return this.#real.size();
  }

  truncate(size: number): void {
    if (this.#disk.isDue('truncate', this.path)) throw this.#disk.errorOf('truncate', this.path);
    this.#real.truncate(size);
  }

  sync(done: DiskDone): void {
    if (this.#disk.isDue('sync', this.path)) setImmediate(() => done(this.#disk.errorOf('sync', this.path)));
    else this.#real.sync(done);
  }

  syncNow(): void {
    if (this.#disk.isDue('sync', this.path)) throw this.#disk.errorOf('sync', this.path);
    this.#real.syncNow();
  }

  close(): void {
    this.#real.close();
  }
}
