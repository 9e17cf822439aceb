/**
 * Port `Random` and a seeded generator (xoshiro128**, Blackman & Vigna 2018). Same seed, same draws, on
 * every machine.
 */
import { assert } from './assert.ts';

export interface Random {
  /** A float in [0, 1). */
  next(): number;
}

/** A generator of its own stream; give each subsystem one, so that a new draw here shifts nothing there. */
export function seededRandom(seed: number): Random {
  let z = seed >>> 0;
  // splitmix32 spreads small seeds over the whole state
  const word = (): number => {
    z = (z + 0x9e3779b9) >>> 0;
    let t = z ^ (z >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
  let a = word();
  let b = word();
  let c = word();
  let d = word();
  return {
    next() {
      const r = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = rotl(d, 11);
      return r / 0x1_0000_0000;
    },
  };
}

function rotl(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** An integer in [low, high], both included. */
export function between(random: Random, low: number, high: number): number {
  assert(low <= high, `between ${low} and ${high}`);
  return low + Math.floor(random.next() * (high - low + 1));
}

/** One of `items`, which must not be empty. */
export function pick<T>(random: Random, items: readonly T[]): T {
  assert(items.length > 0, 'pick from nothing');
  return items[Math.floor(random.next() * items.length)] as T;
}

/** A new array with the items in random order (Fisher–Yates). */
export function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    const swap = out[i] as T;
    out[i] = out[j] as T;
    out[j] = swap;
  }
  return out;
}
