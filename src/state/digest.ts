/**
 * A number that two replicas share when they applied an entry alike. Cheap; it finds faults, it proves
 * nothing.
 */
import { crc32 } from 'node:zlib';
import type { ApplyResult } from '../cluster/index.ts';

/**
 * A safe integer over the result; texts of errors are left out, they may be worded anew in another
 * version.
 */
export function digestOf(result: ApplyResult): number {
  const seen = result.ok ? result.value : { code: result.code, details: result.details };
  const text = JSON.stringify(seen) ?? '';
  return (text.length & 0x1f_ffff) * 2 ** 32 + crc32(text);
}
