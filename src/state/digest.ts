/**
 * A number that two replicas share when they applied an entry alike. Cheap; it finds faults, it proves
 * nothing.
 */
import { crc32 } from 'node:zlib';
import type { ApplyResult } from '../cluster/index.ts';

/** What is made of nearly every entry: a plain write of a key. */
interface Put {
  readonly key: string;
  readonly version: number;
  readonly term: number;
  readonly timestamp: number;
}

function isPut(value: unknown): value is Put {
  const put = value as Partial<Put> | null | undefined;
  if (typeof put?.key !== 'string' || typeof put.version !== 'number') return false;
  return typeof put.term === 'number' && typeof put.timestamp === 'number';
}

/** FNV-1a over a key and three numbers: a tenth of what JSON and its checksum cost. */
function digestOfPut({ key, version, term, timestamp }: Put): number {
  let hash = 0x811c9dc5;
  const add = (word: number): void => {
    hash = Math.imul(hash ^ word, 0x01000193);
  };
  for (let n = 0; n < key.length; n++) add(key.charCodeAt(n));
  for (const number of [version, term, timestamp]) {
    add(number | 0);
    add(Math.floor(number / 2 ** 32));
  }
  return (key.length & 0x1f_ffff) * 2 ** 32 + (hash >>> 0);
}

/**
 * A safe integer over the result; texts of errors are left out, they may be worded anew in another
 * version.
 */
export function digestOf(result: ApplyResult): number {
  if (result.ok && isPut(result.value)) return digestOfPut(result.value);
  const seen = result.ok ? result.value : { code: result.code, details: result.details };
  const text = JSON.stringify(seen) ?? '';
  return (text.length & 0x1f_ffff) * 2 ** 32 + crc32(text);
}
