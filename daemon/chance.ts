/**
 * Chance for production: a generator seeded by the system, because the core draws often and needs no
 * secrecy.
 */
import { randomInt } from 'node:crypto';
import { type Random, seededRandom } from '../src/base/index.ts';

/** A fresh generator; two calls give unrelated streams. */
export function systemRandom(): Random {
  return seededRandom(randomInt(0, 2 ** 32));
}
