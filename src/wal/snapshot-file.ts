/**
 * The file of one snapshot, byte by byte. It is what a leader sends, unchanged.
 *
 *   "SQLCCSNP" · u16 version · u32 length · JSON header · u32 CRC of all before
 *   any number of chunks: u32 length · u32 CRC · compressed bytes
 *   u32 0 · SHA-256 of all before
 *
 * A chunk is verified before it is unpacked, the whole before anybody believes it.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Bytes, SqlccError } from '../base/index.ts';
import type { SnapshotMeta } from '../raft/index.ts';

const MAGIC = Buffer.from('SQLCCSNP');
const VERSION = 1;
const FIXED = 14;
/** Longest header and longest chunk that a sound file has; anything above is damage. */
const MAX_HEADER_BYTES = 8 * 1024 * 1024;
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
const DIGEST_BYTES = 32;

/** What the file says of itself; its own size is not in it. */
export interface SnapshotHeader {
  readonly meta: Omit<SnapshotMeta, 'size'>;
  readonly codec: 'zstd';
  /** Size of the unpacked content. */
  readonly rawBytes: Bytes;
}

/** A snapshot that must not be used: names file and offset. */
export function snapshotDamage(file: string, offset: Bytes, reason: string): SqlccError {
  return new SqlccError('storage_failed', `snapshot ${file} at byte ${offset}: ${reason}`, {
    details: { file, offset, reason },
    hint: 'remove the file: the node fetches a snapshot from the leader when it needs one',
  });
}

export function encodeSnapshotHeader(header: SnapshotHeader): Buffer {
  const body = Buffer.from(JSON.stringify(header));
  const out = Buffer.alloc(FIXED + body.length + 4);
  out.set(MAGIC, 0);
  out.writeUInt16LE(VERSION, 8);
  out.writeUInt32LE(body.length, 10);
  out.set(body, FIXED);
  out.writeUInt32LE(crc32(out.subarray(0, FIXED + body.length)), FIXED + body.length);
  return out;
}

/** Length of the header that begins with these bytes, or why they begin none. */
function headerLength(fixed: Buffer): number | string {
  if (fixed.length < FIXED) return 'the header is cut off';
  if (!fixed.subarray(0, 8).equals(MAGIC)) return 'this is no snapshot';
  const version = fixed.readUInt16LE(8);
  if (version !== VERSION) return `snapshot version ${version} is not known to this program`;
  const length = fixed.readUInt32LE(10);
  return length > MAX_HEADER_BYTES ? 'the header is damaged' : FIXED + length + 4;
}

function decodeHeader(bytes: Buffer): SnapshotHeader | string {
  const end = bytes.length - 4;
  if (end < FIXED || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end))
    return 'the header is damaged';
  return JSON.parse(bytes.toString('utf8', FIXED, end)) as SnapshotHeader;
}

/** The header of an open file, or why there is none. Blocking, and cheap. */
export function readHeaderSync(fd: number): SnapshotHeader | string {
  const fixed = Buffer.alloc(FIXED);
  const length = headerLength(fixed.subarray(0, readSync(fd, fixed, 0, FIXED, 0)));
  if (typeof length === 'string') return length;
  const whole = Buffer.alloc(length);
  return decodeHeader(whole.subarray(0, readSync(fd, whole, 0, length, 0)));
}

export function encodeChunk(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(8 + bytes.length);
  out.writeUInt32LE(bytes.length, 0);
  out.writeUInt32LE(crc32(bytes), 4);
  out.set(bytes, 8);
  return out;
}

/** The mark behind the last chunk; the digest follows. */
export const CHUNKS_END = Buffer.alloc(4);

/** Reads a snapshot from its first byte to its last, believing nothing. */
export class SnapshotScan {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #hash = createHash('sha256');
  #at = 0;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  /** First. */
  async header(): Promise<SnapshotHeader> {
    const fixed = await this.#take(FIXED);
    const length = headerLength(fixed);
    if (typeof length === 'string') throw snapshotDamage(this.#path, 0, length);
    const header = decodeHeader(Buffer.concat([fixed, await this.#take(length - FIXED)]));
    if (typeof header === 'string') throw snapshotDamage(this.#path, 0, header);
    return header;
  }

  /** Then; ends only when digest and length are right, else throws `storage_failed`. */
  async *chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#at;
      const length = (await this.#take(4)).readUInt32LE(0);
      if (length === 0) break;
      if (length > MAX_CHUNK_BYTES) throw snapshotDamage(this.#path, at, 'the chunk is damaged');
      const crc = (await this.#take(4)).readUInt32LE(0);
      const bytes = await this.#take(length);
      if (crc32(bytes) !== crc) throw snapshotDamage(this.#path, at, 'the chunk is damaged');
      yield bytes;
    }
    const at = this.#at;
    const digest = this.#hash.copy().digest();
    const found = await this.#take(DIGEST_BYTES);
    if (!found.equals(digest)) throw snapshotDamage(this.#path, at, 'the digest is wrong');
    const { size } = await this.#handle.stat();
    if (size !== this.#at) throw snapshotDamage(this.#path, this.#at, 'something stands behind the end');
  }

  async #take(length: number): Promise<Buffer> {
    const into = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(into, done, length - done, this.#at + done);
      if (bytesRead === 0) throw snapshotDamage(this.#path, this.#at + done, 'the file is cut off');
      done += bytesRead;
    }
    this.#at += length;
    this.#hash.update(into);
    return into;
  }
}
