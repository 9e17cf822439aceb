/**
 * Recovery: what the files of a log are believed to say after a crash.
 *
 * Everything is replayed in order, each batch checked against its number, its chain
 * and its checksums. Where that ends early there are two explanations. A crash cut the
 * last write short, nobody was told it was durable: the rest is saved as `.broken` and
 * cut off. Or data rotted that somebody was told is safe: then this node must not
 * start, because it would deny votes and entries that it has confirmed. It is rot when a
 * later batch or the watermark proves that the spot was durable once, and everywhere
 * but at the end of the last segment.
 */
import { crc32 } from 'node:zlib';
import type { Bytes } from '../base/index.ts';
import { damage } from './damage.ts';
import type { Disk, DiskFile } from './disk.ts';
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBytes,
  decodeBatchHeader,
  decodeSegmentHeader,
  findBatchHeaders,
  type IdentityPrint,
} from './frame.ts';
import { LogTable } from './log-table.ts';
import { decodeRecord, type Located } from './record.ts';
import { repairTail } from './repair.ts';
import { FIRST_BATCH_AT, parseSegmentName, Segment } from './segment.ts';
import type { Watermark } from './watermark.ts';

export interface RecoverOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly print: IdentityPrint;
  readonly watermark: Watermark;
  /** Bytes of entries to keep in memory. */
  readonly cacheBytes: Bytes;
}

/** A log that may be written again. */
export interface Recovery {
  readonly table: LogTable;
  /** Oldest first; never empty. */
  readonly segments: Segment[];
  /** Number of the last batch; durable. */
  readonly lastBatch: number;
  readonly chain: number;
  /** The last segment is finished; a next one must be made first. */
  readonly isSealed: boolean;
  /** File that keeps what was cut off, or null when nothing was. */
  readonly repaired: string | null;
}

/** Reads the whole log; throws `SqlccError('storage_failed')` where it must not be believed. */
export function recover(options: RecoverOptions): Recovery {
  const replay = new Replay(options);
  try {
    const names = segmentNames(options);
    names.forEach((name, n) => {
      replay.segment(name, n === names.length - 1);
    });
    return replay.finish(options.watermark);
  } catch (error) {
    replay.close();
    throw error;
  }
}

/** Where segments are, and whose they must be. */
type Place = Pick<RecoverOptions, 'disk' | 'dir' | 'print'>;

/** Reads a finished segment by itself, as a start would; throws what that would. */
export function checkSegment(place: Place, name: string): void {
  const replay = new Replay({ ...place, cacheBytes: 0 });
  try {
    replay.segment(name, false);
  } finally {
    replay.close();
  }
}

/** Names of the segments in order, consecutive. */
function segmentNames({ disk, dir }: RecoverOptions): string[] {
  const names = disk.list(dir).filter((name) => name.endsWith('.wal'));
  let before: number | null = null;
  for (const name of names) {
    const seq = parseSegmentName(name)?.seq;
    if (seq === undefined) throw damage(`${dir}/${name}`, 0, 'this is no name of a log segment');
    if (before !== null && seq !== before + 1) {
      throw damage(`${dir}/${name}`, 0, `segment ${seq} follows segment ${before}`);
    }
    before = seq;
  }
  if (names.length === 0) throw damage(dir, 0, 'the log is gone: there is no segment');
  return names;
}

/** What the batch at some offset must say. */
interface Expected {
  readonly segment: number;
  readonly batch: number;
  readonly chain: number;
}

/** The batch at `at` with its records, or null unless every byte of it is as written. */
function readBatch(bytes: Buffer, at: number, expected: Expected, print: IdentityPrint) {
  const header = decodeBatchHeader(bytes, at, print);
  if (header === null || !follows(header, expected)) return null;
  const end = at + batchBytes(header.length);
  if (end > bytes.length) return null;
  const payloadEnd = at + BATCH_HEADER_BYTES + header.length;
  const payload = bytes.subarray(at + BATCH_HEADER_BYTES, payloadEnd);
  if (crc32(payload) !== header.payloadCrc) return null;
  if (!isZero(bytes.subarray(payloadEnd, end))) return null;
  const records: Located[] = [];
  for (let next = 0; next < payload.length; ) {
    const located = decodeRecord(payload, next);
    if (located === null) return null;
    records.push(located);
    next += located.size;
  }
  return records.length === header.count ? { header, records, end } : null;
}

function follows(header: BatchHeader, expected: Expected): boolean {
  const { segment, batch, chain } = expected;
  return header.segment === segment && header.batch === batch && header.chain === chain;
}

const ZEROS = Buffer.alloc(64 * 1024);

function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (part.compare(ZEROS, 0, part.length) !== 0) return false;
  }
  return true;
}

class Replay {
  readonly #options: Place & Pick<RecoverOptions, 'cacheBytes'>;
  readonly #table: LogTable;
  readonly #segments: Segment[] = [];
  #batch = 0;
  #chain = 0;
  #isSealed = false;
  /** The last sound batch: where it stands, and its bytes. */
  #lastAt = 0;
  #lastBytes: Buffer = Buffer.alloc(0);
  /** What a crash left behind the last batch; null when nothing. */
  #torn: Buffer | null = null;

  constructor(options: Place & Pick<RecoverOptions, 'cacheBytes'>) {
    this.#options = options;
    this.#table = new LogTable(options.cacheBytes);
  }

  segment(name: string, isLast: boolean): void {
    const { disk, dir } = this.#options;
    const path = `${dir}/${name}`;
    const file = disk.open(path, 'existing');
    const size = file.size();
    const fields = { seq: parseSegmentName(name)?.seq ?? 0, name, file, capacity: size, end: FIRST_BATCH_AT };
    const segment = new Segment(fields);
    this.#segments.push(segment);
    const bytes = readAll(file, size);
    this.#head(segment, bytes);
    while (!this.#isSealed && this.#next(segment, bytes));
    this.#end(segment, bytes, isLast);
  }

  /** The segment's header and its checkpoint: both were durable before the file got its name. */
  #head(segment: Segment, bytes: Buffer): void {
    const { path } = segment.file;
    const header = decodeSegmentHeader(bytes, this.#options.print);
    if (typeof header === 'string') throw damage(path, 0, header);
    const named = parseSegmentName(segment.name);
    if (header.seq !== named?.seq || header.firstIndex !== named.firstIndex) {
      throw damage(
        path,
        0,
        `the segment is ${header.seq} from index ${header.firstIndex}, its name says otherwise`,
      );
    }
    const isFirst = this.#segments.length === 1;
    if (!isFirst && (header.firstBatch !== this.#batch + 1 || header.chain !== this.#chain)) {
      throw damage(path, 0, 'the segment does not continue the one before');
    }
    this.#batch = header.firstBatch - 1;
    this.#chain = header.chain;
    this.#isSealed = false;
    const expected = { segment: header.seq, batch: header.firstBatch, chain: header.chain };
    const first = readBatch(bytes, FIRST_BATCH_AT, expected, this.#options.print)?.records[0]?.record;
    if (first?.kind !== 'checkpoint') throw damage(path, FIRST_BATCH_AT, 'the checkpoint is damaged');
    if (isFirst) this.#table.begin(first);
  }

  /** Replays the next batch; false when what stands there is none. */
  #next(segment: Segment, bytes: Buffer): boolean {
    const expected = { segment: segment.seq, batch: this.#batch + 1, chain: this.#chain };
    const at = segment.end;
    const batch = readBatch(bytes, at, expected, this.#options.print);
    if (batch === null) return false;
    const place = { segment, payloadAt: at + BATCH_HEADER_BYTES };
    for (const located of batch.records) {
      const refused = this.#table.apply(located, place);
      if (refused !== null) throw damage(segment.file.path, at, refused);
      if (located.record.kind === 'seal') this.#isSealed = true;
    }
    this.#batch = expected.batch;
    this.#chain = batch.header.nextChain;
    this.#lastAt = at;
    this.#lastBytes = bytes.subarray(at, batch.end);
    segment.end = batch.end;
    return true;
  }

  /** Judges what stands behind a segment's last sound batch; the watermark is asked at the end of all. */
  #end(segment: Segment, bytes: Buffer, isLast: boolean): void {
    const { path } = segment.file;
    const rest = bytes.subarray(segment.end);
    const isClean = isZero(rest);
    if (this.#isSealed && !isClean) throw damage(path, segment.end, 'something stands behind the seal');
    if (this.#isSealed) return;
    if (!isLast) throw damage(path, segment.end, 'a finished segment breaks off');
    if (isClean) return;
    const lost = this.#batch + 1;
    for (const { at, header } of findBatchHeaders(bytes, segment.end, this.#options.print)) {
      if (header.segment === segment.seq && header.durableUpTo >= lost) {
        throw damage(path, segment.end, `batch ${lost} is damaged, but was durable: see byte ${at}`);
      }
    }
    this.#torn = rest;
  }

  /** Last checks over all segments, then the only writes of a recovery. */
  finish(watermark: Watermark): Recovery {
    const { dir, disk } = this.#options;
    const segment = this.#segments.at(-1) as Segment;
    const { file } = segment;
    const gap = this.#table.gap();
    if (gap !== null) throw damage(dir, 0, gap);
    if (this.#batch < watermark.batch) {
      throw damage(
        file.path,
        segment.end,
        `the log ends with batch ${this.#batch}, ${watermark.batch} was durable`,
      );
    }
    if (this.#table.hardState.term < watermark.term) {
      throw damage(
        file.path,
        segment.end,
        `term ${this.#table.hardState.term}, but ${watermark.term} was durable`,
      );
    }
    const repaired = this.#torn === null ? null : repairTail({ disk, dir, segment, torn: this.#torn });
    /*
     * The last batch may be in the page cache only, even as "clean" after a failed sync of an earlier
     * process. Written once more and synced it is durable before anybody is told about it.
     */
    file.write(this.#lastAt, this.#lastBytes);
    file.syncNow();
    disk.syncDirNow(dir);
    return {
      table: this.#table,
      segments: this.#segments,
      lastBatch: this.#batch,
      chain: this.#chain,
      isSealed: this.#isSealed,
      repaired,
    };
  }

  close(): void {
    for (const segment of this.#segments) segment.file.close();
  }
}

function readAll(file: DiskFile, size: number): Buffer {
  const read = file.read(0, size);
  return Buffer.from(read.buffer, read.byteOffset, read.length);
}
