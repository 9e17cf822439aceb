/**
 * Ballast: a file of zeros, as large as one segment, that is given up when the disk is
 * full. It buys the time in which a snapshot is finished and old segments go; the log
 * is refused new work long before (`LIMITS.minFreeDiskBytes`, the caller's decision).
 */
import { type Bytes, LIMITS } from '../base/index.ts';
import type { Disk } from './disk.ts';

const NAME = 'ballast';
const STEP_BYTES = 1024 * 1024;

/** Lays the ballast where it is missing and room is ample. Synced, so that it never competes with the log. */
export function layBallast(disk: Disk, dir: string, size: Bytes): void {
  if (disk.list(dir).includes(NAME) || disk.freeBytes(dir) < 2 * LIMITS.minFreeDiskBytes + size) return;
  const file = disk.open(`${dir}/${NAME}`, 'create');
  const zeros = Buffer.alloc(Math.min(STEP_BYTES, size));
  for (let at = 0; at < size; at += zeros.length) {
    file.write(at, zeros.subarray(0, Math.min(zeros.length, size - at)));
  }
  file.syncNow();
  file.close();
}

/** Gives the space back; false when there was none. */
export function dropBallast(disk: Disk, dir: string): boolean {
  if (!disk.list(dir).includes(NAME)) return false;
  disk.remove(`${dir}/${NAME}`);
  return true;
}
