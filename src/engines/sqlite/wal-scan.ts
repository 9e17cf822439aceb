/**
 * Reads the write-ahead log beside a database the way SQLite recovers it: frames count as
 * long as salts and the running checksum are right, and only up to the last commit
 * (sqlite.org/fileformat2.html, "The Write-Ahead Log").
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Page size of every database of this project: SQLite's default, which nobody may change. */
export const PAGE_BYTES = 4096;
const HEADER_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const FRAME_BYTES = FRAME_HEAD_BYTES + PAGE_BYTES;
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
/** Frames read at once. */
const FRAMES_PER_READ = 64;

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
 * The same of a log that this process has just written `frames` of and SQLite answers for: checksums are not
 * compared again. Null when those frames are not there.
 */
export function newestOf(path: string, frames: number): WalScan | null {
  const fd = openSync(path, 'r');
  try {
    const salt = Buffer.alloc(8);
    readSync(fd, salt, 0, 8, 16);
    const newest = new Map<number, number>();
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    for (let n = 0; n < frames; n++) {
      const length = readSync(fd, head, 0, FRAME_HEAD_BYTES, HEADER_BYTES + n * FRAME_BYTES);
      if (length < FRAME_HEAD_BYTES || !head.subarray(8, 16).equals(salt)) return null;
      newest.set(head.readUInt32BE(0), n);
    }
    const dbPages = head.readUInt32BE(4);
    const pages = new Map<number, number>();
    const page = Buffer.alloc(PAGE_BYTES);
    for (const [number, n] of newest) {
      readSync(fd, page, 0, PAGE_BYTES, HEADER_BYTES + n * FRAME_BYTES + FRAME_HEAD_BYTES);
      pages.set(number, crc32(page));
    }
    return dbPages === 0 ? null : { salt: salt.toString('hex'), frames, dbPages, pages };
  } finally {
    closeSync(fd);
  }
}
