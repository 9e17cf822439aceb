/**
 * Frames on a byte stream: u32 length of the payload (big-endian) | u8 type | payload.
 * A length above the limit is refused when its four bytes are read, not when memory
 * is full. What a type means is the stream's business.
 */
import type { Writable } from 'node:stream';
import { assert, LIMITS, SqlccError } from '../base/index.ts';

const HEADER_BYTES = 5;

export interface Frame {
  readonly type: number;
  /** A view of what arrived; copy it to keep it long. */
  readonly payload: Uint8Array;
}

/** A text goes as UTF-8. */
export interface OutgoingFrame {
  readonly type: number;
  readonly payload: Uint8Array | string;
}

/** False for a payload that no receiver would take. */
export function fitsFrame(payload: Uint8Array | string): boolean {
  // a UTF-16 unit takes three bytes at most: most texts need not be measured
  if (typeof payload !== 'string') return payload.length <= LIMITS.maxFrameBytes;
  return payload.length * 3 <= LIMITS.maxFrameBytes || Buffer.byteLength(payload) <= LIMITS.maxFrameBytes;
}

/**
 * The bytes of all frames in one buffer. Each payload fits a frame: who takes others' payloads asks first.
 */
export function encodeFrames(frames: readonly OutgoingFrame[]): Buffer {
  let size = 0;
  for (const { payload } of frames)
    size += HEADER_BYTES + (typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length);
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { type, payload } of frames) {
    assert(fitsFrame(payload), `a frame of ${payload.length} bytes is above the limit`);
    const start = at + HEADER_BYTES;
    let { length } = payload;
    if (typeof payload === 'string') length = out.write(payload, start);
    else out.set(payload, start);
    out.writeUInt32BE(length, at);
    out[at + 4] = type;
    at = start + length;
  }
  return out;
}

/** Writes one frame with one write; false when the stream asks to wait for `drain`. */
export function writeFrame(stream: Writable, type: number, payload: Uint8Array): boolean {
  return stream.write(encodeFrames([{ type, payload }]));
}

/** Cuts a stream of chunks into frames. One for each stream; useless after it has thrown. */
export class FrameReader {
  readonly #maxFrameBytes: number;
  #chunks: Uint8Array[] = [];
  #held = 0;
  /** Bytes that must be held before the next frame can be whole. */
  #needed = HEADER_BYTES;

  constructor(maxFrameBytes: number = LIMITS.maxFrameBytes) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of an unfinished frame: more than 0 at the end of a stream means that it was cut. */
  get held(): number {
    return this.#held;
  }

  /** The frames that `chunk` completes, in order. Throws `invalid_argument` at a length above the limit. */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    // chunks are joined once for each frame, not once for each chunk: 8 MiB in 16 KiB pieces stay linear
    if (this.#held < this.#needed) return [];
    const bytes = this.#joined();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Frame[] = [];
    let at = 0;
    this.#needed = HEADER_BYTES;
    while (bytes.length - at >= HEADER_BYTES) {
      const size = view.getUint32(at);
      if (size > this.#maxFrameBytes) {
        throw new SqlccError(
          'invalid_argument',
          `a frame of ${size} bytes, at most ${this.#maxFrameBytes} are allowed`,
        );
      }
      if (bytes.length - at < HEADER_BYTES + size) {
        this.#needed = HEADER_BYTES + size;
        break;
      }
      const start = at + HEADER_BYTES;
      frames.push({ type: bytes[at + 4] as number, payload: bytes.subarray(start, start + size) });
      at = start + size;
    }
    this.#held = bytes.length - at;
    this.#chunks = this.#held === 0 ? [] : [bytes.subarray(at)];
    return frames;
  }

  #joined(): Uint8Array {
    if (this.#chunks.length === 1) return this.#chunks[0] as Uint8Array;
    return Buffer.concat(this.#chunks, this.#held);
  }
}
