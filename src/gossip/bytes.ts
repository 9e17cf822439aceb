/**
 * Bytes in and out for the codec: variable-length counters, because most of a packet is
 * small numbers. The reader never throws and never reserves by a hostile count: after a
 * short read it is `failed` and answers zeros, so a decoder checks once at the end.
 */
import { assert } from '../base/index.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: false });

export class ByteWriter {
  #bytes = new Uint8Array(256);
  #at = 0;

  /** Begins anew in the same memory. */
  reset(): void {
    this.#at = 0;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  u32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.u8((value >>> shift) & 0xff);
  }

  /**
   * A safe integer ≥ 0, seven bits a byte, low ones first. Anything else is a mistake of the caller:
   * infinity would be written until the memory of the machine is full.
   */
  counter(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) assert(false, `${value} is no counter`);
    let rest = value;
    while (rest >= 128) {
      this.u8((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  bytes(value: Uint8Array): void {
    this.counter(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    const before = this.#at;
    // most texts are short and ASCII: no need for a buffer of their own
    this.counter(value.length);
    this.#reserve(value.length);
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 128) {
        this.#at = before;
        return this.bytes(encoder.encode(value));
      }
      this.#bytes[this.#at++] = unit;
    }
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  fail(): void {
    this.#failed = true;
  }

  u8(): number {
    if (this.#failed || this.remaining < 1) this.#failed = true;
    return this.#failed ? 0 : (this.#bytes[this.#at++] as number);
  }

  u32(): number {
    const value = this.u8() + this.u8() * 2 ** 8 + this.u8() * 2 ** 16 + this.u8() * 2 ** 24;
    return this.#failed ? 0 : value;
  }

  /** Fails on anything that is no safe integer. */
  counter(): number {
    let value = 0;
    for (let scale = 1; !this.#failed; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (!Number.isSafeInteger(value) || scale > 2 ** 49) this.#failed = true;
      if (byte < 128) break;
    }
    return this.#failed ? 0 : value;
  }

  /** A copy: the packet's buffer is not kept alive by what is remembered of it. */
  bytes(maxLength: number): Uint8Array {
    const length = this.counter();
    if (length > maxLength || length > this.remaining) this.#failed = true;
    if (this.#failed) return new Uint8Array(0);
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  text(maxLength: number): string {
    const bytes = this.bytes(maxLength);
    return this.#failed ? '' : decoder.decode(bytes);
  }

  /** A count of things that take at least `each` bytes. */
  count(each: number): number {
    const count = this.counter();
    if (count * each > this.remaining) this.#failed = true;
    return this.#failed ? 0 : count;
  }
}
