/**
 * A writer of ustar archives, for files that are small and in memory. Forty lines that
 * have not changed since POSIX.1-1988 instead of a package: nothing here reads archives,
 * follows paths or streams, which is what the packages are for.
 */
import { assert } from '../../src/base/index.ts';

const BLOCK = 512;
const MAX_NAME = 99;

export interface TarEntry {
  /** Relative, with `/`; at most 99 bytes. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

function header({ name, bytes }: TarEntry, mtimeMs: number): Buffer {
  assert(Buffer.byteLength(name) <= MAX_NAME, `the name of an entry is too long: ${name}`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  };
  block.write(name, 0, 'utf8');
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes.length, 124, 12);
  octal(Math.floor(mtimeMs / 1000), 136, 12);
  // the sum is made with blanks in its own place
  block.fill(' ', 148, 156);
  block.write('0', 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** The whole archive, all entries 0600 and of one time. */
export function tarOf(entries: readonly TarEntry[], mtimeMs: number): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const padding = (BLOCK - (entry.bytes.length % BLOCK)) % BLOCK;
    parts.push(header(entry, mtimeMs), entry.bytes, Buffer.alloc(padding));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
