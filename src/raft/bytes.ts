/**
 * Bytes in and out for the codecs: a growing writer and a reader that can't run past
 * its end. Little endian, lengths before contents. The reader never throws: after a
 * short read it is `failed` and answers zeros, so a decoder checks once at the end.
 */
import { assert, type Flavor } from '../base/index.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: false });

/** Texts up to this length take the fast way. */
const SHORT = 64;

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Short texts that were read last: the same few names stand in all messages, each is made once for all. */
const names: string[] = new Array(256).fill('');

/** Null: it is not ASCII. */
function nameAt(bytes: Uint8Array, from: number, length: number): string | null {
  let mix = length;
  for (let i = from; i < from + length; i++) {
    const byte = bytes[i] as number;
    if (byte > 0x7f) return null;
    mix = (Math.imul(mix, 31) + byte) | 0;
  }
  const place = (mix ^ (mix >>> 8)) & 255;
  const known = names[place] as string;
  if (isThere(known, bytes, { from, length })) return known;
  let name = '';
  for (let i = from; i < from + length; i++) name += String.fromCharCode(bytes[i] as number);
  names[place] = name;
  return name;
}

function isThere(name: string, bytes: Uint8Array, at: { readonly from: number; readonly length: number }) {
  if (name.length !== at.length) return false;
  for (let i = 0; i < at.length; i++) if (name.charCodeAt(i) !== bytes[at.from + i]) return false;
  return true;
}

/** Unsigned 32-bit length. */
type Length = Flavor<number, 'Length'>;

/** Who writes so little takes the sheet that the one before has left, and copies: own memory costs more. */
const SHEET_BYTES = 8192;

interface Sheet {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

function sheetOf(capacity: Length): Sheet {
  const bytes = new Uint8Array(capacity);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Null while a writer has it. */
let left: Sheet | null = sheetOf(SHEET_BYTES);

export class ByteWriter {
  #sheet: Sheet | null = null;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;
  #isDone = false;

  constructor(capacity: Length) {
    if (capacity <= SHEET_BYTES) {
      this.#sheet = left ?? sheetOf(SHEET_BYTES);
      left = null;
    }
    const { bytes, view } = this.#sheet ?? sheetOf(capacity);
    this.#bytes = bytes;
    this.#view = view;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** A safe integer in 8 bytes: low word, then high word. */
  u64(value: number): void {
    this.#reserve(8);
    this.#view.setUint32(this.#at, value >>> 0, true);
    this.#view.setUint32(this.#at + 4, Math.floor(value / 2 ** 32), true);
    this.#at += 8;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    // names are short and ASCII: copying them by hand is three times as fast
    if (value.length > SHORT || !isAscii(value)) {
      this.bytes(encoder.encode(value));
      return;
    }
    this.u32(value.length);
    this.#reserve(value.length);
    for (let i = 0; i < value.length; i++) this.#bytes[this.#at++] = value.charCodeAt(i);
  }

  /** What was written, in a buffer of its own. The last that this writer does: its sheet is free then. */
  finish(): Uint8Array<ArrayBuffer> {
    assert(!this.#isDone, 'a writer finishes once');
    this.#isDone = true;
    const isOwn = this.#bytes !== this.#sheet?.bytes;
    const done = isOwn && this.#at === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#at);
    if (this.#sheet !== null) left = this.#sheet;
    return done;
  }

  #reserve(more: Length): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Where a reader puts a float together: a view of each payload costs more than it is read with. */
const eight = new DataView(new ArrayBuffer(8));

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Something was missing or out of range. */
  get failed(): boolean {
    return this.#failed;
  }

  get remaining(): Length {
    return this.#bytes.length - this.#at;
  }

  fail(): void {
    this.#failed = true;
  }

  u8(): number {
    return this.#has(1) ? (this.#bytes[this.#at++] as number) : 0;
  }

  u32(): number {
    if (!this.#has(4)) return 0;
    this.#at += 4;
    return this.#word(this.#at - 4);
  }

  /** Fails on numbers that are no safe integers. */
  u64(): number {
    const low = this.u32();
    const high = this.u32();
    if (high >= 2 ** 21) this.#failed = true;
    return this.#failed ? 0 : high * 2 ** 32 + low;
  }

  f64(): number {
    if (!this.#has(8)) return 0;
    this.#at += 8;
    eight.setUint32(0, this.#word(this.#at - 8), true);
    eight.setUint32(4, this.#word(this.#at - 4), true);
    return eight.getFloat64(0, true);
  }

  /** A view into the input, not a copy. */
  bytes(): Uint8Array {
    const length = this.u32();
    if (!this.#has(length)) return new Uint8Array(0);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(maxBytes: Length): string {
    const length = this.u32();
    if (!this.#has(length)) return '';
    const from = this.#at;
    this.#at += length;
    if (length > maxBytes) this.#failed = true;
    if (this.#failed) return '';
    const name = length > SHORT ? null : nameAt(this.#bytes, from, length);
    return name ?? decoder.decode(this.#bytes.subarray(from, this.#at));
  }

  /** A count of things that take at least `each` bytes, so that no hostile count reserves memory. */
  count(each: Length): number {
    const count = this.u32();
    if (count * each > this.remaining) this.#failed = true;
    return this.#failed ? 0 : count;
  }

  #word(at: number): number {
    const low = (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8);
    const high = (this.#bytes[at + 2] as number) | ((this.#bytes[at + 3] as number) << 8);
    return (low | (high << 16)) >>> 0;
  }

  #has(length: Length): boolean {
    if (this.#failed || this.remaining < length) this.#failed = true;
    return !this.#failed;
  }
}

/** A decoder's answer: a value, or why the bytes are none. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };
