/**
 * A leader whose data disk takes no more writes while others have room: it refuses all that clients want, so
 * it must lead no longer, whatever keeps other hand-overs back. Pure: readings in, a successor out.
 */
import type { Bytes, Instant, NodeId } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { CandidateRow } from '../src/cluster/index.ts';

export interface RoomFacts {
  /** Free bytes of the own data disk; null = not read yet. */
  readonly ownFreeBytes: () => Bytes | null;
  /** All voters but this one, the best first; asked only when there is no room here. */
  readonly others: () => readonly CandidateRow[];
  /** Free bytes of another node by its last word; null = it said nothing. */
  readonly freeBytesOf: (nodeId: NodeId) => Bytes | null;
  readonly now: Instant;
}

export interface RoomElsewhere {
  readonly to: NodeId;
  readonly cause: string;
}

/** Room for a while: one that is nearly full too would give leadership back at once. */
const ROOM_BYTES = 2 * LIMITS.minFreeDiskBytes;
/** Disks are read once a second. */
const LOOK_EVERY_MS = 1000;
/** An offer that was not taken is not repeated before. */
const OFFER_EVERY_MS = 10_000;

export function freeBytes(
  digest: { capacity: Bytes; diskUsedBytes: Bytes } | null | undefined,
): Bytes | null {
  return digest == null ? null : digest.capacity - digest.diskUsedBytes;
}

/** What callers want to write. */
export type Written = 'data' | 'control';

/**
 * Whether a disk with so much left takes `what`: the rest belongs to what was promised already. Data ends
 * first; moving leadership, maintenance, silences and the like, which are small and help, go on longer.
 */
export function hasRoom(what: Written, free: Bytes): boolean {
  return free >= (what === 'data' ? LIMITS.minFreeDiskBytes : LIMITS.minFreeControlBytes);
}

/** The refusal where there is no room; its hint names what still works. `others`: nodes that could lead. */
export function noRoom(nodeId: NodeId, free: Bytes, others: number): SqlccError {
  const move = hasRoom('control', free)
    ? 'or move leadership (sqlcc cluster failover): commands of control still work'
    : 'or stop its daemon, which hands leadership over first';
  const hint = others === 0 ? 'free some space there' : `free some space there, ${move}`;
  const text = `the data disk of ${nodeId} has ${Math.floor(free / 1e6)} MB left`;
  return new SqlccError('storage_failed', text, { hint });
}

export class FullDisk {
  #lookedAt: Instant = Number.NEGATIVE_INFINITY;
  #offeredAt: Instant = Number.NEGATIVE_INFINITY;

  /**
   * To whom this leader gives leadership now; null = it keeps it. Writes that go on fill what its disk has
   * left, and end it at last: so it goes only where a majority has room without it.
   */
  observe({ ownFreeBytes, others, freeBytesOf, now }: RoomFacts): RoomElsewhere | null {
    if (now - this.#lookedAt < LOOK_EVERY_MS || now - this.#offeredAt < OFFER_EVERY_MS) return null;
    this.#lookedAt = now;
    const own = ownFreeBytes();
    if (own === null || own >= LIMITS.minFreeDiskBytes) return null;
    const rows = others();
    const roomy = rows.filter((row) => row.eligible && (freeBytesOf(row.nodeId) ?? 0) >= ROOM_BYTES);
    const [best] = roomy;
    const needed = Math.floor((rows.length + 1) / 2) + 1;
    if (best === undefined || roomy.length < needed) return null;
    this.#offeredAt = now;
    const left = Math.floor(own / 1e6);
    return { to: best.nodeId, cause: `the data disk has ${left} MB left, that of ${best.nodeId} has room` };
  }
}
