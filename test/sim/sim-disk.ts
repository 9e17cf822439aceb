/**
 * A disk that is only memory, and as nasty as a disk may be (src/wal/disk.ts).
 *
 * Each file has two contents: what the page cache shows and what the platter holds.
 * `sync` moves writes from one to the other when its latency has passed. `crash` is a
 * power cut: of every write that was not synced any mix of 512-byte sectors survives,
 * of names that were not synced any subset. After a sync that failed, its writes count
 * as clean and are never made durable again, as on Linux.
 */
import type { Random } from '../../src/base/index.ts';
import { type Disk, type DiskDone, type DiskFile, diskError } from '../../src/wal/index.ts';

const SECTOR = 512;

export interface MemoryDiskOptions {
  readonly random: Random;
  /** Runs `fn` after `ms` and whatever latency the giver of this function adds. */
  readonly schedule: (ms: number, fn: () => void) => void;
  /** Writes beyond this many bytes in all files fail with ENOSPC; default: never. */
  readonly capacityBytes?: number;
}

type FileOp =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

type NameOp =
  | { readonly kind: 'create'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly name: string };

type Names = Map<string, Inode>;

/** Bytes that grow; unwritten parts are zeros. */
class Content {
  #bytes = Buffer.alloc(0);
  size = 0;

  static of(bytes: Uint8Array): Content {
    const content = new Content();
    content.#bytes = Buffer.from(bytes);
    content.size = bytes.length;
    return content;
  }

  view(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  apply(op: FileOp): void {
    if (op.kind === 'truncate') {
      this.#grow(op.size);
      this.#bytes.fill(0, Math.min(op.size, this.size));
      this.size = op.size;
      return;
    }
    this.#grow(op.offset + op.bytes.length);
    this.#bytes.set(op.bytes, op.offset);
    this.size = Math.max(this.size, op.offset + op.bytes.length);
  }

  #grow(size: number): void {
    if (size <= this.#bytes.length) return;
    const bigger = Buffer.alloc(Math.max(size, 2 * this.#bytes.length));
    bigger.set(this.#bytes);
    this.#bytes = bigger;
  }
}

class Inode {
  cache = new Content();
  platter = new Content();
  /** Not synced yet, oldest first. */
  dirty: FileOp[] = [];

  apply(op: FileOp): void {
    this.cache.apply(op);
    this.dirty.push(op);
  }

  /** The oldest `count` dirty writes are on the platter now. */
  settle(count: number): void {
    for (const op of this.dirty.splice(0, count)) this.platter.apply(op);
  }

  /** Of the oldest `count` dirty writes the platter gets what luck gives it, now or never: they count as clean. */
  fail(count: number, random: Random): void {
    this.#gamble(this.dirty.splice(0, count), random);
  }

  /** Power is back: the cache is what the platter got, by luck too. */
  crash(random: Random): void {
    this.#gamble(this.dirty, random);
    this.dirty = [];
    this.cache = Content.of(this.platter.view());
  }

  #gamble(ops: readonly FileOp[], random: Random): void {
    const luck = random.next();
    for (const op of ops) {
      if (luck < 0.25) continue;
      if (luck > 0.75 || op.kind === 'truncate') this.platter.apply(op);
      else for (const piece of sectors(op)) if (random.next() < 0.5) this.platter.apply(piece);
    }
  }

  clone(): Inode {
    const copy = new Inode();
    copy.cache = Content.of(this.cache.view());
    copy.platter = Content.of(this.platter.view());
    copy.dirty = [...this.dirty];
    return copy;
  }
}

function* sectors(op: Extract<FileOp, { kind: 'write' }>): Generator<FileOp> {
  let at = 0;
  while (at < op.bytes.length) {
    const offset = op.offset + at;
    const length = Math.min(SECTOR - (offset % SECTOR), op.bytes.length - at);
    yield { kind: 'write', offset, bytes: op.bytes.subarray(at, at + length) };
    at += length;
  }
}

/** Applies an operation on names; one whose file is not there comes to nothing. */
function applyName(names: Names, op: NameOp): void {
  if (op.kind === 'create') names.set(op.name, op.inode);
  else if (op.kind === 'remove') names.delete(op.name);
  else if (names.get(op.name) === op.inode) {
    names.delete(op.name);
    names.set(op.to, op.inode);
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Faults that strike once, then are over. */
interface Faults {
  sync: boolean;
  write: boolean;
  read: boolean;
  open: boolean;
  /** Renaming or removing. */
  name: boolean;
}

export class MemoryDisk implements Disk {
  readonly #options: MemoryDiskOptions;
  #names: Names = new Map();
  #durableNames: Names = new Map();
  #dirtyNames: NameOp[] = [];
  /** Grows with each crash: callbacks and handles of an earlier life are dead. */
  #life = 0;
  readonly #fault: Faults = { sync: false, write: false, read: false, open: false, name: false };
  /** Faults that struck, by the operation and its error. */
  readonly struck = new Map<string, number>();
  /** May be changed while running; see `MemoryDiskOptions`. */
  capacityBytes: number;
  /** What a write beyond it fails with. */
  fullErrno: 'ENOSPC' | 'EDQUOT' = 'ENOSPC';
  /** Completed syncs of files, for tests that count them. */
  syncs = 0;

  constructor(options: MemoryDiskOptions) {
    this.#options = options;
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
  }

  open(path: string, mode: 'create' | 'existing'): DiskFile {
    const there = this.#names.get(path);
    if (this.#strikes('open')) throw this.#error('open', path, 'EIO');
    if (mode === 'existing') {
      if (there === undefined) throw this.#error('open', path, 'ENOENT');
      return this.#handle(path, there);
    }
    if (there !== undefined) throw this.#error('open', path, 'EEXIST');
    const inode = new Inode();
    this.#name({ kind: 'create', name: path, inode });
    return this.#handle(path, inode);
  }

  list(dir: string): string[] {
    return [...this.#names.keys()]
      .filter((path) => folderOf(path) === dir)
      .map((path) => path.slice(dir.length + 1))
      .sort();
  }

  rename(from: string, to: string): void {
    const inode = this.#names.get(from);
    if (inode === undefined) throw this.#error('rename', from, 'ENOENT');
    if (this.#strikes('name')) throw this.#error('rename', from, 'EIO');
    this.#name({ kind: 'rename', name: from, to, inode });
  }

  remove(path: string): void {
    if (!this.#names.has(path)) throw this.#error('remove', path, 'ENOENT');
    if (this.#strikes('name')) throw this.#error('remove', path, 'EIO');
    this.#name({ kind: 'remove', name: path });
  }

  makeDir(): void {
    // folders need no making here
  }

  syncDir(dir: string, done: DiskDone): void {
    const covered = this.#dirtyNames.filter((op) => folderOf(op.name) === dir);
    this.#later(() => {
      if (this.#strikes('sync')) return done(this.#error('sync', dir, 'EIO'));
      this.#settleNames(covered);
      done(null);
    });
  }

  syncDirNow(dir: string): void {
    if (this.#strikes('sync')) throw this.#error('sync', dir, 'EIO');
    this.#settleNames(this.#dirtyNames.filter((op) => folderOf(op.name) === dir));
  }

  freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.usedBytes());
  }

  usedBytes(): number {
    let used = 0;
    for (const inode of this.#names.values()) used += inode.cache.size;
    return used;
  }

  /** A power cut, and power again: open handles and callbacks under way are gone. */
  crash(): void {
    this.#life += 1;
    const { random } = this.#options;
    this.#count('crash', this.#dirtyNames.length > 0 ? 'names' : null);
    const prefix = random.next() < 0.5 ? Math.floor(random.next() * (this.#dirtyNames.length + 1)) : null;
    this.#dirtyNames.forEach((op, n) => {
      if (prefix === null ? random.next() < 0.5 : n < prefix) applyName(this.#durableNames, op);
    });
    this.#dirtyNames = [];
    this.#names = new Map(this.#durableNames);
    for (const inode of new Set(this.#names.values())) {
      if (inode.dirty.length > 0) this.#count('crash', 'writes');
      inode.crash(random);
    }
  }

  /** The process was killed: handles and callbacks are gone, the page cache stays. */
  kill(): void {
    this.#life += 1;
  }

  /** The next sync, of a file or a folder, fails with EIO; what it covered is never durable. */
  failNextSync(): void {
    this.#fault.sync = true;
  }

  /** The next write of a file fails with EIO after half of its bytes. */
  failNextWrite(): void {
    this.#fault.write = true;
  }

  /** The next read of a file fails with EIO. */
  failNextRead(): void {
    this.#fault.read = true;
  }

  /** The next opening of a file fails with EIO. */
  failNextOpen(): void {
    this.#fault.open = true;
  }

  /** The next renaming or removal of a file fails with EIO. */
  failNextName(): void {
    this.#fault.name = true;
  }

  /** Nothing strikes any more, and there is room again. */
  repair(): void {
    Object.assign(this.#fault, { sync: false, write: false, read: false, open: false, name: false });
    this.capacityBytes = Number.POSITIVE_INFINITY;
  }

  /** One bit is not what it was, on the platter and wherever it was read to. */
  flip(path: string, offset: number, bit: number): void {
    const inode = this.#names.get(path);
    if (inode === undefined) throw this.#error('open', path, 'ENOENT');
    for (const content of [inode.cache, inode.platter]) {
      const bytes = content.view();
      if (offset < bytes.length) bytes[offset] = (bytes[offset] as number) ^ (1 << bit);
    }
    this.#count('rot', 'bit');
  }

  /** What a file shows now. */
  contentOf(path: string): Buffer {
    const inode = this.#names.get(path);
    if (inode === undefined) throw this.#error('open', path, 'ENOENT');
    return Buffer.from(inode.cache.view());
  }

  /** Puts a file there, or other bytes into it under whoever has it open; durable at once. How tests plant damage. */
  plant(path: string, bytes: Uint8Array): void {
    const inode = this.#names.get(path) ?? new Inode();
    inode.dirty = [];
    inode.cache = Content.of(bytes);
    inode.platter = Content.of(bytes);
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** Makes a file vanish, durable at once. */
  unplant(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  /** All that was written so far is durable: what a copy of the files is. */
  settle(): void {
    for (const inode of this.#names.values()) inode.settle(inode.dirty.length);
    this.#dirtyNames = [];
    this.#durableNames = new Map(this.#names);
  }

  /** An independent copy of everything, faults aside. */
  clone(options = this.#options): MemoryDisk {
    const copy = new MemoryDisk(options);
    const twins = new Map<Inode, Inode>();
    const twin = (inode: Inode): Inode => {
      const made = twins.get(inode) ?? inode.clone();
      twins.set(inode, made);
      return made;
    };
    for (const [name, inode] of this.#names) copy.#names.set(name, twin(inode));
    for (const [name, inode] of this.#durableNames) copy.#durableNames.set(name, twin(inode));
    copy.#dirtyNames = this.#dirtyNames.map((op) =>
      op.kind === 'remove' ? op : { ...op, inode: twin(op.inode) },
    );
    copy.capacityBytes = this.capacityBytes;
    return copy;
  }

  #handle(path: string, inode: Inode): DiskFile {
    const life = this.#life;
    let isOpen = true;
    const use = (operation: string): void => {
      if (!isOpen || life !== this.#life) throw this.#error(operation, path, 'EBADF');
    };
    return {
      path,
      write: (offset, bytes) => {
        use('write');
        this.#write(path, inode, { kind: 'write', offset, bytes: Buffer.from(bytes) });
      },
      read: (offset, length) => {
        use('read');
        if (this.#strikes('read')) throw this.#error('read', path, 'EIO');
        return Buffer.from(inode.cache.view().subarray(offset, offset + length));
      },
      size: () => inode.cache.size,
      truncate: (size) => {
        use('truncate');
        inode.apply({ kind: 'truncate', size });
      },
      sync: (done) => {
        use('sync');
        const covered = inode.dirty.length;
        this.#later(() => done(this.#sync(path, inode, covered)));
      },
      syncNow: () => {
        use('sync');
        const error = this.#sync(path, inode, inode.dirty.length);
        if (error !== null) throw error;
      },
      close: () => {
        isOpen = false;
      },
    };
  }

  #write(path: string, inode: Inode, op: Extract<FileOp, { kind: 'write' }>): void {
    const growth = Math.max(0, op.offset + op.bytes.length - inode.cache.size);
    const isBounded = this.capacityBytes !== Number.POSITIVE_INFINITY;
    const isFull = isBounded && growth > 0 && growth > this.freeBytes();
    if (!isFull && !this.#strikes('write')) {
      inode.apply(op);
      return;
    }
    // a failing write leaves some of its bytes behind
    const inside = Math.max(0, inode.cache.size - op.offset);
    const kept = isFull ? inside + this.freeBytes() : op.bytes.length >> 1;
    if (kept > 0) inode.apply({ ...op, bytes: op.bytes.subarray(0, kept) });
    throw this.#error('write', path, isFull ? this.fullErrno : 'EIO');
  }

  #sync(path: string, inode: Inode, covered: number) {
    if (this.#strikes('sync')) {
      inode.fail(covered, this.#options.random);
      return this.#error('sync', path, 'EIO');
    }
    inode.settle(covered);
    this.syncs += 1;
    return null;
  }

  #name(op: NameOp): void {
    applyName(this.#names, op);
    this.#dirtyNames.push(op);
  }

  #settleNames(covered: readonly NameOp[]): void {
    // two folder syncs may overlap: what the other one did is not done again
    for (const op of covered) if (this.#dirtyNames.includes(op)) applyName(this.#durableNames, op);
    this.#dirtyNames = this.#dirtyNames.filter((op) => !covered.includes(op));
  }

  #later(run: () => void): void {
    const life = this.#life;
    this.#options.schedule(0, () => {
      if (life === this.#life) run();
    });
  }

  #strikes(kind: keyof Faults): boolean {
    const strikes = this.#fault[kind];
    this.#fault[kind] = false;
    return strikes;
  }

  #count(what: string, which: string | null): void {
    if (which === null) return;
    const name = `${what} ${which}`;
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1);
  }

  #error(operation: string, path: string, code: string) {
    if (code === 'EIO' || code === 'ENOSPC') this.#count(operation, code);
    return diskError(operation, path, { code });
  }
}
