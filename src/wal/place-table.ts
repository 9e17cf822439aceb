/**
 * Where each entry of the log lies, for every entry that is kept: columns of numbers
 * instead of an object each, because there may be hundreds of thousands of them.
 */
import { assert, type Term } from '../base/index.ts';
import type { Segment } from './segment.ts';

/** Where a batch ended up; `segment` is null until it is written. */
export interface BatchPlace {
  segment: Segment | null;
  /** Offset of its payload in the segment's file. */
  payloadAt: number;
}

/** Where one entry lies. */
export interface EntryPlace {
  readonly term: Term;
  readonly place: BatchPlace;
  /** Offset in the batch's payload, bytes. */
  readonly at: number;
  /** Bytes. */
  readonly size: number;
}

const SMALLEST = 256;

export class PlaceTable {
  #length = 0;
  #terms = new Float64Array(SMALLEST);
  #ats = new Uint32Array(SMALLEST);
  #sizes = new Uint32Array(SMALLEST);
  #places: BatchPlace[] = [];

  get length(): number {
    return this.#length;
  }

  term(n: number): Term | undefined {
    return n >= 0 && n < this.#length ? this.#terms[n] : undefined;
  }

  /** The batch of the nth entry. */
  batch(n: number): BatchPlace | undefined {
    return this.#places[n];
  }

  get(n: number): EntryPlace | undefined {
    const place = this.#places[n];
    if (place === undefined) return undefined;
    return {
      term: this.#terms[n] as number,
      place,
      at: this.#ats[n] as number,
      size: this.#sizes[n] as number,
    };
  }

  push({ term, place, at, size }: EntryPlace): void {
    const n = this.#length;
    if (n === this.#terms.length) this.#resize(2 * n);
    this.#terms[n] = term;
    this.#ats[n] = at;
    this.#sizes[n] = size;
    this.#places.push(place);
    this.#length = n + 1;
  }

  /** Keeps the first `length`. */
  truncate(length: number): void {
    assert(length <= this.#length, `${length} of ${this.#length} places`);
    this.#places.length = length;
    this.#length = length;
  }

  /** Forgets the first `count`. */
  dropHead(count: number): void {
    assert(count <= this.#length, `${count} of ${this.#length} places`);
    this.#terms.copyWithin(0, count, this.#length);
    this.#ats.copyWithin(0, count, this.#length);
    this.#sizes.copyWithin(0, count, this.#length);
    this.#places = this.#places.slice(count);
    this.#length -= count;
    // half of what is left over stays, so that a log of a steady length does not grow again and again
    if (this.#terms.length > Math.max(SMALLEST, 4 * this.#length))
      this.#resize(Math.max(SMALLEST, 2 * this.#length));
  }

  #resize(size: number): void {
    const resized = <T extends Float64Array | Uint32Array>(column: T, bigger: T): T => {
      bigger.set(column.subarray(0, this.#length));
      return bigger;
    };
    this.#terms = resized(this.#terms, new Float64Array(size));
    this.#ats = resized(this.#ats, new Uint32Array(size));
    this.#sizes = resized(this.#sizes, new Uint32Array(size));
  }
}
