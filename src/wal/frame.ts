/**
 * Frames: the 64 bytes that open a segment and the 48 that open a batch. Pure
 * bytes; what a broken one means is decided in recover.ts.
 *
 * Segment header: magic "SQLCCWAL" · u32 version · u32 sequence · cluster, node and
 * instance as 8 bytes of SHA-256 each · u64 first batch · u32 chain · 8 spare · CRC.
 * Batch header: see `encodeBatch`. Both are sealed by a CRC that is salted with the
 * identity, so that bytes of another node's log inside a payload never pass for one.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ClusterId, InstanceId, LogIndex, NodeId } from '../base/index.ts';
import { getCounter, putCounter } from './record.ts';

/** Whose log it is; each file says so and another's is refused. */
export interface WalIdentity {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
}

export const SEGMENT_HEADER_BYTES = 64;
export const BATCH_HEADER_BYTES = 48;
const WAL_VERSION = 1;
const SEGMENT_MAGIC = Buffer.from('SQLCCWAL');
const BATCH_MAGIC = Buffer.from('SQWB');

export interface SegmentHeader {
  readonly seq: number;
  /** Number of the first batch in this segment. */
  readonly firstBatch: number;
  /** Index that the next appended entry was expected to have when the segment was begun. */
  readonly firstIndex: LogIndex;
  /** Chain value after the last batch of the segment before. */
  readonly chain: number;
}

export interface BatchHeader {
  readonly segment: number;
  readonly batch: number;
  /** When this batch was written, all batches up to this one were durable. */
  readonly durableUpTo: number;
  /** Bytes of payload, without padding. */
  readonly length: number;
  readonly count: number;
  readonly payloadCrc: number;
  /** Chain value of the batch before: a batch of another history does not fit. */
  readonly chain: number;
  /** Chain value after this batch. */
  readonly nextChain: number;
}

function fingerprint(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, 8);
}

/** The identity as it is written into headers, and the salt of their checksums. */
export class IdentityPrint {
  readonly parts: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly salt: number;

  constructor(identity: WalIdentity) {
    this.parts = [
      { name: 'cluster', bytes: fingerprint(identity.clusterId) },
      { name: 'node', bytes: fingerprint(identity.nodeId) },
      { name: 'instance', bytes: fingerprint(identity.instanceId) },
    ];
    this.salt = crc32(Buffer.concat(this.parts.map((p) => p.bytes)));
  }
}

export function encodeSegmentHeader(header: SegmentHeader, print: IdentityPrint): Buffer {
  const out = Buffer.alloc(SEGMENT_HEADER_BYTES);
  out.set(SEGMENT_MAGIC, 0);
  out.writeUInt16LE(WAL_VERSION, 8);
  print.parts.forEach((part, n) => {
    out.set(part.bytes, 10 + 8 * n);
  });
  out.writeUInt32LE(header.seq, 34);
  putCounter(out, header.firstBatch, 38);
  putCounter(out, header.firstIndex, 46);
  out.writeUInt32LE(header.chain, 54);
  out.writeUInt32LE(crc32(out.subarray(0, 60)), 60);
  return out;
}

/** The header, or why these bytes are none of ours. */
export function decodeSegmentHeader(bytes: Buffer, print: IdentityPrint): SegmentHeader | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return 'the segment header is cut off';
  if (!bytes.subarray(0, 8).equals(SEGMENT_MAGIC)) return 'this is no log segment';
  // the version first: another one may place everything else differently
  const version = bytes.readUInt16LE(8);
  const sound = crc32(bytes.subarray(0, 60)) === bytes.readUInt32LE(60);
  if (!sound && version === WAL_VERSION) return 'the segment header is damaged';
  if (version !== WAL_VERSION) return `log version ${version} is not known to this program`;
  const foreign = print.parts.find((p, n) => !bytes.subarray(10 + 8 * n, 18 + 8 * n).equals(p.bytes));
  if (foreign !== undefined) return `the segment belongs to another ${foreign.name}`;
  return {
    seq: bytes.readUInt32LE(34),
    firstBatch: getCounter(bytes, 38),
    firstIndex: getCounter(bytes, 46),
    chain: bytes.readUInt32LE(54),
  };
}

/** What a batch says of itself before it is encoded. */
export type BatchDraft = Pick<BatchHeader, 'segment' | 'batch' | 'durableUpTo' | 'count' | 'chain'>;

/** A whole batch, padded to 8 bytes, and the chain value after it. */
export function encodeBatch(draft: BatchDraft, records: readonly Buffer[], print: IdentityPrint) {
  const length = records.reduce((sum, r) => sum + r.length, 0);
  const out = Buffer.allocUnsafe(batchBytes(length));
  let at = BATCH_HEADER_BYTES;
  for (const record of records) {
    out.set(record, at);
    at += record.length;
  }
  out.fill(0, at);
  out.set(BATCH_MAGIC, 0);
  out.writeUInt32LE(draft.segment, 4);
  putCounter(out, draft.batch, 8);
  putCounter(out, draft.durableUpTo, 16);
  out.writeUInt32LE(length, 24);
  out.writeUInt32LE(draft.count, 28);
  out.writeUInt32LE(crc32(out.subarray(BATCH_HEADER_BYTES, at)), 32);
  out.writeUInt32LE(draft.chain, 36);
  out.writeUInt32LE(0, 40);
  const chain = crc32(out.subarray(0, 44), print.salt);
  out.writeUInt32LE(chain, 44);
  return { bytes: out, chain };
}

/** Bytes on disk of a batch with `payload` bytes: header, payload, padding to 8. */
export function batchBytes(payload: number): number {
  return BATCH_HEADER_BYTES + Math.ceil(payload / 8) * 8;
}

/** The batch header at `at`, or null. Its checksum covers chain and payload CRC: it is the next link too. */
export function decodeBatchHeader(bytes: Buffer, at: number, print: IdentityPrint): BatchHeader | null {
  if (at + BATCH_HEADER_BYTES > bytes.length) return null;
  if (!bytes.subarray(at, at + 4).equals(BATCH_MAGIC)) return null;
  const nextChain = bytes.readUInt32LE(at + 44);
  if (crc32(bytes.subarray(at, at + 44), print.salt) !== nextChain) return null;
  return {
    segment: bytes.readUInt32LE(at + 4),
    batch: getCounter(bytes, at + 8),
    durableUpTo: getCounter(bytes, at + 16),
    length: bytes.readUInt32LE(at + 24),
    count: bytes.readUInt32LE(at + 28),
    payloadCrc: bytes.readUInt32LE(at + 32),
    chain: bytes.readUInt32LE(at + 36),
    nextChain,
  };
}

/** All sound batch headers at or after `from`, wherever they stand. */
export function* findBatchHeaders(bytes: Buffer, from: number, print: IdentityPrint) {
  for (let at = bytes.indexOf(BATCH_MAGIC, from); at !== -1; at = bytes.indexOf(BATCH_MAGIC, at + 1)) {
    const header = at % 8 === 0 ? decodeBatchHeader(bytes, at, print) : null;
    if (header !== null) yield { at, header };
  }
}
