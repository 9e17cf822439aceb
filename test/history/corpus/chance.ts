/** Chance of the corpora, of their own: a fault in the product's generator can't hide in what checks the product. */

export interface Chance {
  /** A float in [0, 1). */
  next(): number;
}

/** The same draws for the same seed: a counter that goes in odd steps, its bits well mixed. */
export function seededChance(seed: number): Chance {
  let at = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return {
    next() {
      at = (at + 0x6d2b79f5) >>> 0;
      let word = Math.imul(at ^ (at >>> 15), at | 1);
      word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
      return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** An integer in [low, high]. */
export function within(chance: Chance, low: number, high: number): number {
  return low + Math.floor(chance.next() * (high - low + 1));
}

/** One of `items`; there must be one. */
export function oneOf<T>(chance: Chance, items: readonly T[]): T {
  if (items.length === 0) throw new RangeError('one of nothing');
  return items[within(chance, 0, items.length - 1)] as T;
}
