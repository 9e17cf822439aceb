/**
 * Checksums of a database's pages. SQLite has none: a bit that rots in a row is read as if
 * somebody had written it. So `<database>.sums` holds the CRC-32 of each page, and the file
 * is compared with it before it is opened.
 *
 * Pages of the database change only while its write-ahead log is copied into it. Just before
 * that the checksums of what will be copied are appended and synced; whatever moment a
 * crash chooses, each page is then in the log, or as before, or as announced. What the log
 * itself loses to damage is dropped by SQLite, whole transactions from the end: harmless as
 * long as none of them had been copied. Databases grow and never shrink here (no VACUUM).
 *
 * File: "SQLCCSUM" · records: u32 length · u32 CRC of the body · body. A body: u32 pages of
 * the database · 8 bytes salt of the log · pairs of u32 page, u32 CRC. The first one holds
 * all pages.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { SqlccError } from '../../base/index.ts';
import { PAGE_BYTES, scanWal, type WalScan } from './wal-scan.ts';

const MAGIC = Buffer.from('SQLCCSUM');
const RECORD_HEAD_BYTES = 8;
const BODY_HEAD_BYTES = 12;
const NO_SALT = '0000000000000000';
const NO_PAIRS = new Uint32Array(0);
/** SQLite locks bytes at this offset and never writes the page around them. */
const LOCK_PAGE = 0x40000000 / PAGE_BYTES + 1;
const PAGES_PER_READ = 256;

interface SumsRecord {
  readonly dbPages: number;
  readonly salt: string;
  /** Page, CRC, page, CRC, … */
  readonly pairs: Uint32Array;
}

/** What the pages of the file must be: `sums`, or with all of `next`, which was about to be copied. */
interface Expected {
  /** By page; undefined for one that was never written. */
  readonly sums: readonly (number | undefined)[];
  readonly dbPages: number;
  readonly next: SumsRecord | null;
  /** Salts of logs that have been copied and begun anew. */
  readonly gone: ReadonlySet<string>;
}

function sumsPath(path: string): string {
  return `${path}.sums`;
}

/** A state file that must not be used: names file and offset. */
export function stateDamage(file: string, offset: number, reason: string): SqlccError {
  return new SqlccError('storage_failed', `${file} at byte ${offset}: ${reason}`, {
    details: { file, offset, reason },
  });
}

function encode({ dbPages, salt, pairs }: SumsRecord): Buffer {
  const out = Buffer.alloc(RECORD_HEAD_BYTES + BODY_HEAD_BYTES + pairs.byteLength);
  out.writeUInt32LE(out.length - RECORD_HEAD_BYTES, 0);
  out.writeUInt32LE(dbPages, 8);
  out.write(salt, 12, 'hex');
  out.set(Buffer.from(pairs.buffer, pairs.byteOffset, pairs.byteLength), RECORD_HEAD_BYTES + BODY_HEAD_BYTES);
  out.writeUInt32LE(crc32(out.subarray(RECORD_HEAD_BYTES)), 4);
  return out;
}

/** All whole records, and where they end: what follows was never relied on, or the pages will tell. */
function decode(path: string): { readonly records: readonly SumsRecord[]; readonly end: number } {
  const bytes = readFileSync(path);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw stateDamage(path, 0, 'these are no checksums');
  const records: SumsRecord[] = [];
  let at = MAGIC.length;
  while (at + RECORD_HEAD_BYTES + BODY_HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const body = bytes.subarray(at + RECORD_HEAD_BYTES, at + RECORD_HEAD_BYTES + length);
    if (body.length < Math.max(length, BODY_HEAD_BYTES) || crc32(body) !== bytes.readUInt32LE(at + 4)) break;
    const pairs = new Uint32Array((length - BODY_HEAD_BYTES) >> 2);
    new Uint8Array(pairs.buffer).set(body.subarray(BODY_HEAD_BYTES, BODY_HEAD_BYTES + pairs.byteLength));
    records.push({ dbPages: body.readUInt32LE(0), salt: body.toString('hex', 4, 12), pairs });
    at += RECORD_HEAD_BYTES + length;
  }
  if (records.length === 0) throw stateDamage(path, MAGIC.length, 'the checksums are damaged');
  return { records, end: at };
}

/** Puts the checksums of all records but those that a longer one of the same log replaces. */
function fold(records: readonly SumsRecord[], sums: (number | undefined)[]): void {
  records.forEach(({ pairs, salt }, n) => {
    if (records[n + 1]?.salt === salt) return;
    for (let at = 0; at < pairs.length; at += 2) sums[pairs[at] as number] = pairs[at + 1];
  });
}

/** The last record may have been carried out or not; the others have been. */
function expectedFrom(records: readonly SumsRecord[]): Expected {
  const next = records.length > 1 ? (records.at(-1) as SumsRecord) : null;
  const done = records.filter((record) => record.salt !== next?.salt);
  const sums: (number | undefined)[] = [];
  fold(done, sums);
  const gone = new Set(done.map((record) => record.salt));
  return { sums, dbPages: done.at(-1)?.dbPages ?? 0, next, gone };
}

/** CRC-32 of each page of a file that nobody has open, in order, with its number. */
function* pagesOf(path: string): Generator<readonly [number, number]> {
  const fd = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(PAGES_PER_READ * PAGE_BYTES);
    for (let page = 1; ; ) {
      const length = readSync(fd, chunk, 0, chunk.length, (page - 1) * PAGE_BYTES);
      for (let at = 0; at + PAGE_BYTES <= length; at += PAGE_BYTES)
        yield [page++, crc32(chunk.subarray(at, at + PAGE_BYTES))];
      if (length < chunk.length) return;
    }
  } finally {
    closeSync(fd);
  }
}

/** Follows one explanation of what the pages should be, until it fails. */
class Explanation {
  /** First page that is not as it should be; null while all are. */
  failedAt: number | null = null;
  readonly #want: (page: number) => number | undefined;
  readonly #dbPages: number;

  constructor(dbPages: number, want: (page: number) => number | undefined) {
    this.#dbPages = dbPages;
    this.#want = want;
  }

  /** `crc` is null where the file has ended. */
  see(page: number, crc: number | null): void {
    if (page > this.#dbPages) return;
    const want = this.#want(page);
    if (want !== undefined && want !== crc) this.failedAt ??= page;
  }
}

/**
 * Throws `storage_failed` with file, offset and reason unless the database at `path`, which nobody has open,
 * says together with its log what was written to it last, or what was a moment before.
 */
export function verifyPages(path: string): void {
  const expected = readExpected(path);
  const { dbPages, next, gone } = expected;
  const wal = scanWal(`${path}-wal`);
  if (wal.frames > 0 && gone.has(wal.salt)) throw stateDamage(`${path}-wal`, 0, 'this log is an old one');
  const explanations = explain(expected, wal);
  const see = (page: number, crc: number | null): void => {
    if (page !== LOCK_PAGE && !wal.pages.has(page)) for (const one of explanations) one.see(page, crc);
  };
  let last = 0;
  for (const [page, crc] of pagesOf(path)) {
    last = page;
    see(page, crc);
  }
  const longest = Math.max(dbPages, next?.dbPages ?? 0, wal.dbPages);
  for (let page = last + 1; page <= longest; page++) see(page, null);
  if (explanations.every((one) => one.failedAt !== null)) {
    const page = explanations.at(-1)?.failedAt ?? 1;
    throw stateDamage(path, (page - 1) * PAGE_BYTES, `page ${page} is not as it was written`);
  }
  if (statSync(path).size > longest * PAGE_BYTES)
    throw stateDamage(path, longest * PAGE_BYTES, 'something stands behind the end');
}

function readExpected(path: string): Expected {
  const file = sumsPath(path);
  try {
    return expectedFrom(decode(file).records);
  } catch (error) {
    if (error instanceof SqlccError) throw error;
    throw stateDamage(file, 0, `the checksums can't be read: ${(error as Error).message}`);
  }
}

/** The states that a crash may leave; the likeliest last. */
function explain({ sums, dbPages, next }: Expected, wal: WalScan): Explanation[] {
  const old = new Explanation(dbPages, (page) => sums[page]);
  if (next === null) return [old];
  const after = [...sums];
  fold([next], after);
  const copied = new Explanation(next.dbPages, (page) => after[page]);
  if (wal.frames === 0) return [old, copied];
  // a log that was begun anew: that happens only when all of the one before had been copied
  return wal.salt === next.salt ? [old] : [copied];
}

/** Writes the checksums of the database at `path`, which nobody has open and whose log is empty. */
export function writeAllSums(path: string): void {
  const pages = new Map(pagesOf(path));
  const dbPages = Math.ceil(statSync(path).size / PAGE_BYTES);
  replace(sumsPath(path), [{ dbPages, salt: NO_SALT, pairs: pairsOf(pages) }]);
}

function pairsOf(pages: ReadonlyMap<number, number>): Uint32Array {
  return Uint32Array.from([...pages].filter(([page]) => page !== LOCK_PAGE).flat());
}

/** The file whole, or as it was, also behind a power cut. */
function replace(path: string, records: readonly SumsRecord[]): void {
  const temporary = `${path}.new`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, Buffer.concat([MAGIC, ...records.map(encode)]));
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** What is appended may be this large, or four times the rest, before the file is made anew. */
const APPENDED_BYTES = 1024 * 1024;
/** Logs that are remembered as gone. */
const SALTS_KEPT = 256;

/** The checksums of an open database, ahead of each copy of its log. */
export class PageSums {
  readonly #path: string;
  #base: number;
  #size: number;

  /** The file has been verified, or just been made. */
  constructor(path: string) {
    this.#path = sumsPath(path);
    this.#size = decode(this.#path).end;
    this.#base = this.#size;
  }

  /** Durable when it returns. */
  announce({ dbPages, salt, pages }: WalScan): void {
    const bytes = encode({ dbPages, salt, pairs: pairsOf(pages) });
    const fd = openSync(this.#path, 'r+');
    try {
      // at the end of what is whole: a record that a crash had cut short goes
      writeSync(fd, bytes, 0, bytes.length, this.#size);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    this.#size += bytes.length;
  }

  /** Durable when it resolves; one announcement at a time. */
  async announceBehind({ dbPages, salt, pages }: WalScan): Promise<void> {
    const bytes = encode({ dbPages, salt, pairs: pairsOf(pages) });
    const file = await open(this.#path, 'r+');
    try {
      await file.write(bytes, 0, bytes.length, this.#size);
      await file.datasync();
    } finally {
      await file.close();
    }
    this.#size += bytes.length;
  }

  /** What was announced has been copied, all of it. */
  copied(): void {
    if (this.#size - this.#base < Math.max(APPENDED_BYTES, 4 * this.#base)) return;
    const { records } = decode(this.#path);
    const sums: (number | undefined)[] = [];
    fold(records, sums);
    const dbPages = records.at(-1)?.dbPages ?? 0;
    const pairs = Uint32Array.from(sums.flatMap((crc, page) => (crc === undefined ? [] : [page, crc])));
    const salts = records.slice(-SALTS_KEPT).map(({ salt }) => ({ dbPages, salt, pairs: NO_PAIRS }));
    replace(this.#path, [{ dbPages, salt: NO_SALT, pairs }, ...salts]);
    this.#size = statSync(this.#path).size;
    this.#base = this.#size;
  }
}
