/**
 * Reads the write-ahead log beside a database the way SQLite recovers it: frames count as
 * long as salts and the running checksum are right, and only up to the last commit
 * (sqlite.org/fileformat2.html, "The Write-Ahead Log").
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Page size of every database of this project: SQLite's default, which nobody may change. */
export const PAGE_BYTES = 4096;
const HEADER_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const FRAME_BYTES = FRAME_HEAD_BYTES + PAGE_BYTES;
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
/** Frames read at once. */
const FRAMES_PER_READ = 64;
/** A running node sums up so many in one go, in a fraction of a millisecond. */
const FRAMES_PER_DIGEST = 256;

export interface WalScan {
  /** Both salts, hex: other ones with each restart of the log; '' without a sound header. */
  readonly salt: string;
  /** Frames up to and with the last commit. */
  readonly frames: number;
  /** Pages of the database after the last commit; 0 without one. */
  readonly dbPages: number;
  /** CRC-32 of the newest committed version of each page in the log. */
  readonly pages: ReadonlyMap<number, number>;
}

const EMPTY: WalScan = { salt: '', frames: 0, dbPages: 0, pages: new Map() };

/** The running checksum: pairs of little-endian words, as on the machine that wrote them. */
class Checksum {
  a = 0;
  b = 0;

  /** `bytes` begin at a multiple of 4 in their memory, and so does their length at one of 8. */
  add(bytes: Buffer): void {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    let { a, b } = this;
    for (let n = 0; n < words.length; n += 2) {
      a = (a + (words[n] as number) + b) | 0;
      b = (b + (words[n + 1] as number) + a) | 0;
    }
    this.a = a;
    this.b = b;
  }

  is(first: number, second: number): boolean {
    return this.a === (first | 0) && this.b === (second | 0);
  }
}

/** What SQLite would take from the log at `path`; a missing or unreadable one is empty. */
export function scanWal(path: string): WalScan {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return EMPTY;
  }
  try {
    return scan(fd);
  } finally {
    closeSync(fd);
  }
}

function scan(fd: number): WalScan {
  const header = Buffer.alloc(HEADER_BYTES);
  if (readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return EMPTY;
  const sum = new Checksum();
  sum.add(header.subarray(0, 24));
  const isSound =
    header.readUInt32BE(0) === MAGIC_LITTLE_ENDIAN &&
    header.readUInt32BE(8) === PAGE_BYTES &&
    sum.is(header.readUInt32BE(24), header.readUInt32BE(28));
  if (!isSound) return EMPTY;
  const salt = header.subarray(16, 24);
  const pages = new Map<number, number>();
  let open: [number, number][] = [];
  let [frames, dbPages] = [0, 0];
  const chunk = Buffer.alloc(FRAMES_PER_READ * FRAME_BYTES);
  for (let n = 0; ; ) {
    const length = readSync(fd, chunk, 0, chunk.length, HEADER_BYTES + n * FRAME_BYTES);
    const whole = Math.floor(length / FRAME_BYTES);
    for (let at = 0; at < whole * FRAME_BYTES; at += FRAME_BYTES) {
      const head = chunk.subarray(at, at + FRAME_HEAD_BYTES);
      const page = chunk.subarray(at + FRAME_HEAD_BYTES, at + FRAME_BYTES);
      sum.add(head.subarray(0, 8));
      sum.add(page);
      const isNext =
        head.readUInt32BE(0) > 0 &&
        head.subarray(8, 16).equals(salt) &&
        sum.is(head.readUInt32BE(16), head.readUInt32BE(20));
      if (!isNext) return { salt: salt.toString('hex'), frames, dbPages, pages };
      n++;
      open.push([head.readUInt32BE(0), crc32(page)]);
      const size = head.readUInt32BE(4);
      if (size === 0) continue;
      [frames, dbPages] = [n, size];
      for (const [number, crc] of open) pages.set(number, crc);
      open = [];
    }
    if (whole < FRAMES_PER_READ) return { salt: salt.toString('hex'), frames, dbPages, pages };
  }
}

/**
 * The same of a log that this process writes and SQLite answers for, read on as the log grows:
 * checksums of frames are not compared again. It begins anew when the log does.
 */
export class LogDigest {
  #salt = '';
  #frames = 0;
  #dbPages = 0;
  #pages = new Map<number, number>();

  /** Frames of the present log that it holds; right behind `begin`. */
  get frames(): number {
    return this.#frames;
  }

  get scan(): WalScan {
    return { salt: this.#salt, frames: this.#frames, dbPages: this.#dbPages, pages: this.#pages };
  }

  /** Forgets a log that was begun anew since. `fd` is the log. */
  begin(fd: number): void {
    const salt = Buffer.alloc(8);
    readSync(fd, salt, 0, 8, 16);
    if (salt.toString('hex') === this.#salt) return;
    this.#salt = salt.toString('hex');
    this.#frames = 0;
    this.#pages = new Map();
  }

  /** Takes the frames up to `frames`, the last of which is a commit; false when they are not there. */
  readOn(fd: number, frames: number): boolean {
    const pass = this.#pass(frames);
    for (let next = pass.next(); !next.done; ) {
      const { chunk, at } = next.value;
      next = pass.next(readSync(fd, chunk, 0, chunk.length, at) === chunk.length);
      if (next.done) return next.value;
    }
    return true;
  }

  /** The same with the reading done elsewhere; little at a time is worked at here. */
  async readOnBehind(file: FileHandle, frames: number): Promise<boolean> {
    const pass = this.#pass(frames);
    for (let next = pass.next(); !next.done; ) {
      const { chunk, at } = next.value;
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      next = pass.next(bytesRead === chunk.length);
      if (next.done) return next.value;
    }
    return true;
  }

  /** Asks for pieces of the log, newest first, so that only the newest version of a page is summed up. */
  *#pass(frames: number): Generator<{ readonly chunk: Buffer; readonly at: number }, boolean, boolean> {
    const memory = Buffer.allocUnsafeSlow(Math.min(frames - this.#frames, FRAMES_PER_DIGEST) * FRAME_BYTES);
    const seen = new Map<number, number>();
    let dbPages = 0;
    for (let end = frames; end > this.#frames; ) {
      const from = Math.max(this.#frames, end - FRAMES_PER_DIGEST);
      const chunk = memory.subarray(0, (end - from) * FRAME_BYTES);
      const isRead = yield { chunk, at: HEADER_BYTES + from * FRAME_BYTES };
      if (!isRead) return false;
      for (let n = end - from - 1; n >= 0; n--) {
        const at = n * FRAME_BYTES;
        if (chunk.toString('hex', at + 8, at + 16) !== this.#salt) return false;
        if (from + n + 1 === frames) dbPages = chunk.readUInt32BE(at + 4);
        const page = chunk.readUInt32BE(at);
        if (!seen.has(page)) seen.set(page, crc32(chunk.subarray(at + FRAME_HEAD_BYTES, at + FRAME_BYTES)));
      }
      end = from;
    }
    if (frames > this.#frames && dbPages === 0) return false;
    for (const [page, crc] of seen) this.#pages.set(page, crc);
    this.#dbPages = dbPages || this.#dbPages;
    this.#frames = Math.max(frames, this.#frames);
    return true;
  }
}
