/**
 * One segment: a file of fixed size, written with zeros before its first use, so
 * that syncing a batch later never has to allocate (half the latency). It is
 * prepared under a temporary name and renamed only once its header and checkpoint
 * are durable: a file named `.wal` is sound at its head, or damaged.
 */
import type { LogIndex } from '../base/index.ts';
import type { Disk, DiskFile } from './disk.ts';
import {
  batchBytes,
  encodeBatch,
  encodeSegmentHeader,
  type IdentityPrint,
  SEGMENT_HEADER_BYTES,
} from './frame.ts';
import { type Checkpoint, encodeRecord } from './record.ts';

/** Bytes kept free at the end for the seal. */
const SEAL_BYTES = 128;
const NAME = /^(\d{8})-(\d{16})\.wal$/;
/** Name under which the next segment is prepared. */
export const SPARE_NAME = 'spare.tmp';

export function segmentName(seq: number, firstIndex: LogIndex): string {
  return `${String(seq).padStart(8, '0')}-${String(firstIndex).padStart(16, '0')}.wal`;
}

/** Sequence and first index out of a name, or null for other files. */
export function parseSegmentName(name: string): { seq: number; firstIndex: LogIndex } | null {
  const found = NAME.exec(name);
  return found === null ? null : { seq: Number(found[1]), firstIndex: Number(found[2]) };
}

/** A segment that can be read, and appended to while it is the last. */
export class Segment {
  readonly seq: number;
  readonly name: string;
  readonly file: DiskFile;
  /** Size it was prepared with. */
  readonly capacity: number;
  /** Offset of the next batch. */
  end: number;

  constructor(fields: { seq: number; name: string; file: DiskFile; capacity: number; end: number }) {
    this.seq = fields.seq;
    this.name = fields.name;
    this.file = fields.file;
    this.capacity = fields.capacity;
    this.end = fields.end;
  }

  /** Whether a batch with `payload` bytes fits and leaves room for the seal. */
  fits(payload: number): boolean {
    return this.end + batchBytes(payload) + SEAL_BYTES <= this.capacity;
  }

  /** Writes a whole batch at the end; returns the offset of its first byte. */
  append(batch: Buffer): number {
    const at = this.end;
    this.file.write(at, batch);
    this.end = at + batch.length;
    return at;
  }
}

/** What the head of a new segment consists of. */
export interface SegmentHead {
  readonly seq: number;
  readonly batch: number;
  readonly chain: number;
  readonly checkpoint: Checkpoint;
}

/** Header and checkpoint batch as one piece of bytes, and the chain value after them. */
export function encodeHead(head: SegmentHead, print: IdentityPrint): { bytes: Buffer; chain: number } {
  const firstIndex = head.checkpoint.last.index + 1;
  const header = encodeSegmentHeader(
    { seq: head.seq, firstBatch: head.batch, firstIndex, chain: head.chain },
    print,
  );
  const batch = encodeBatch(
    { segment: head.seq, batch: head.batch, durableUpTo: head.batch - 1, count: 1, chain: head.chain },
    [encodeRecord({ kind: 'checkpoint', ...head.checkpoint })],
    print,
  );
  return { bytes: Buffer.concat([header, batch.bytes]), chain: batch.chain };
}

/** What a segment made in one go consists of: its head and perhaps batches behind it. */
export interface WholeSegment {
  readonly head: SegmentHead;
  /** Bytes right after the head's, made from its chain value. */
  readonly batches: (chain: number) => Buffer;
  readonly print: IdentityPrint;
  readonly capacity: number;
}

/** Makes a segment while nothing else runs; durable, with its name, when this returns. */
export function createSegment(disk: Disk, dir: string, whole: WholeSegment): void {
  const spare = `${dir}/${SPARE_NAME}`;
  if (disk.list(dir).includes(SPARE_NAME)) disk.remove(spare);
  const file = disk.open(spare, 'create');
  const zeros = Buffer.alloc(Math.min(whole.capacity, 1 << 20));
  for (let at = 0; at < whole.capacity; at += zeros.length) {
    file.write(at, zeros.subarray(0, Math.min(zeros.length, whole.capacity - at)));
  }
  const head = encodeHead(whole.head, whole.print);
  file.write(0, Buffer.concat([head.bytes, whole.batches(head.chain)]));
  file.syncNow();
  file.close();
  disk.rename(spare, `${dir}/${segmentName(whole.head.seq, whole.head.checkpoint.last.index + 1)}`);
  disk.syncDirNow(dir);
}

/** First offset at which a batch may stand. */
export const FIRST_BATCH_AT = SEGMENT_HEADER_BYTES;
