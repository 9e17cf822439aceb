/**
 * Small files that a node lives by, as JSON that people can read, with a checksum at the end:
 * most flipped bits of a JSON text leave one that is as good as the right one. A file without
 * a checksum is believed: somebody wrote it by hand.
 */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { SqlccError } from '../src/base/index.ts';

function checksumOf(value: object): string {
  return crc32(JSON.stringify(value)).toString(16).padStart(8, '0');
}

/** The text of a file that holds `value`. */
export function sealedJson(value: object): string {
  return `${JSON.stringify({ ...value, checksum: checksumOf(value) }, null, 2)}\n`;
}

/** `value` as one line of a file that holds one a line, without the line's end. */
export function sealedLine(value: object): string {
  return JSON.stringify({ ...value, checksum: checksumOf(value) });
}

/** What such a line holds, or null when that is not what was written. */
export function readSealedLine(line: string): Record<string, unknown> | null {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof found !== 'object' || found === null) return null;
  const { checksum, ...value } = found as Record<string, unknown>;
  return checksum === undefined || checksum === checksumOf(value) ? value : null;
}

/** What the file at `path` holds; throws `storage_failed`, by file, when that is not what was written. */
export function readSealedJson(path: string): Record<string, unknown> {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw damaged(path, 'it is no JSON', cause);
  }
  if (typeof found !== 'object' || found === null) throw damaged(path, 'it holds no object');
  const { checksum, ...value } = found as Record<string, unknown>;
  if (checksum === undefined) return value;
  if (checksum !== checksumOf(value)) throw damaged(path, 'its checksum is wrong');
  return value;
}

function damaged(file: string, reason: string, cause?: unknown): SqlccError {
  return new SqlccError('storage_failed', `${file} is damaged: ${reason}`, {
    details: { file, offset: 0, reason },
    hint: 'restore the file, or wipe this node and join it again',
    cause,
  });
}
