/**
 * Cuts off what a crash left behind the last sound batch. The bytes are kept as
 * `<segment>.<offset>.broken` for whoever wants to know; only the cut is essential,
 * so a full disk does not keep a node from starting.
 */
import { LIMITS, SqlccError } from '../base/index.ts';
import type { Disk } from './disk.ts';
import type { Segment } from './segment.ts';

const SUFFIX = '.broken';

export interface Tail {
  readonly disk: Disk;
  readonly dir: string;
  readonly segment: Segment;
  /** Everything behind the last sound batch. */
  readonly torn: Buffer;
}

/** Durable when it returns. Answers the path of the kept bytes, or why they could not be kept. */
export function repairTail(tail: Tail): string {
  const kept = keep(tail);
  const { file, end } = tail.segment;
  file.truncate(end);
  file.syncNow();
  return kept;
}

function keep({ disk, dir, segment, torn }: Tail): string {
  const name = `${segment.name}.${segment.end}${SUFFIX}`;
  const path = `${dir}/${name}`;
  try {
    const names = disk.list(dir).filter((n) => n.endsWith(SUFFIX));
    const tooMany = names.slice(0, Math.max(0, names.length + 1 - LIMITS.brokenTailsKept));
    for (const old of new Set([...tooMany, ...names.filter((n) => n === name)])) disk.remove(`${dir}/${old}`);
    const file = disk.open(path, 'create');
    file.write(0, torn.subarray(0, lastByte(torn) + 1));
    file.syncNow();
    file.close();
    disk.syncDirNow(dir);
    return path;
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    return `not kept: ${error.message}`;
  }
}

/** Position of the last byte that is not zero. */
function lastByte(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at > 0 && bytes[at] === 0) at--;
  return at;
}
