/**
 * Keys of a run: some slots, a few of them hot, each with a name that changes after so
 * many operations, because a search over one key grows with its unknown writes.
 */
import { pick, type Random } from '../../../src/base/index.ts';
import type { Seen } from '../check/record.ts';

const SLOTS = 24;
const HOT_SLOTS = 6;
const OPS_PER_KEY = 400;

export class Keys {
  readonly #counts = new Array<number>(SLOTS).fill(0);
  readonly #seen = new Map<string, Seen>();
  readonly #random: Random;
  readonly #prefix: string;

  constructor(prefix: string, random: Random) {
    this.#prefix = prefix;
    this.#random = random;
  }

  /** Names that have been in use. */
  used(): string[] {
    return this.#counts.flatMap((count, slot) =>
      Array.from({ length: Math.floor(count / OPS_PER_KEY) + 1 }, (_, g) => this.#name(slot, g)),
    );
  }

  /** A name for the next operation. */
  next(): string {
    const slots = this.#random.next() < 0.5 ? HOT_SLOTS : SLOTS;
    const slot = Math.floor(this.#random.next() * slots);
    const count = (this.#counts[slot] as number) + 1;
    this.#counts[slot] = count;
    return this.#name(slot, Math.floor(count / OPS_PER_KEY));
  }

  /** Some names that are in use now. */
  some(count: number): string[] {
    const names = this.#counts.map((ops, slot) => this.#name(slot, Math.floor(ops / OPS_PER_KEY)));
    return [...new Set(Array.from({ length: count }, () => pick(this.#random, names)))];
  }

  /** What any process last saw of the key. */
  lastSeen(k: string): Seen {
    return this.#seen.get(k) ?? { v: null, mod: 0 };
  }

  saw(k: string, seen: Seen): void {
    if (seen.mod >= this.lastSeen(k).mod || seen.mod === 0) this.#seen.set(k, seen);
  }

  /** Names of the first `generations` of each slot, for rows that must exist before they are used. */
  planned(generations: number): string[] {
    return this.#counts.flatMap((_, slot) =>
      Array.from({ length: generations }, (_, g) => this.#name(slot, g)),
    );
  }

  #name(slot: number, generation: number): string {
    return `${this.#prefix}${slot}.${generation}`;
  }
}
