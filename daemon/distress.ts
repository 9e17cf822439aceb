/**
 * When a node should give leadership away, and when it must not go on: pure rules over
 * what the consensus thread measured. A leader whose disk hangs, whose loop lags, whose
 * state machine stands still or whose entries reach nobody leads nobody anywhere, however
 * well its heartbeats go.
 */
import type { Bytes, Duration, Instant, NodeId } from '../src/base/index.ts';

/** An fdatasync that has not come back after this long: the disk hangs and the node must not stay. */
const DISK_HANG_MS = 10_000;
/**
 * A state machine that has applied nothing of what is committed for this long hangs too; a statement may
 * take 5 s.
 */
const APPLY_HANG_MS = 60_000;

/**
 * A main thread that has taken no message for this long answers no caller: who leads so keeps all waiting,
 * while its heartbeats go on. Twice what is known to be bridged without a change of leader, and more.
 */
export const MAIN_STANDS_MS = 5000;

/**
 * A main thread that has taken no message for this long, while the process grows so much, runs without end
 * and takes the machine along. Seen once, of a starved node: 133 MB became 2.8 GB in 90 s.
 */
const RUNAWAY_SILENCE_MS = 10_000;
const RUNAWAY_BYTES = 1024 * 1024 * 1024;

/** A disk is worth moving for when the other one is that much quicker. */
const NOTABLY = 2;

export interface Vitals {
  /** How long the main thread has taken nothing that it was told, ms; 0 = it has. */
  readonly mainSilentMs: Duration;
  /** By how much the process has grown meanwhile. */
  readonly grownBytes: Bytes;
  /** How long the disk has acknowledged nothing though it has something to do, ms; 0 = it has nothing. */
  readonly syncMs: Duration;
  /**
   * The same, or the longest such time since the last look: a disk that takes 1.5 s each time would show more
   * than 1 s to one look in three.
   */
  readonly slowestSyncMs: Duration;
  /** p99 of a write on the quickest disk among possible successors, ms; null = there is none. */
  readonly quickestOtherMs: Duration | null;
  /**
   * Time since the last applied entry while committed ones wait, ms; 0 = nothing waits, or a snapshot is
   * loading.
   */
  readonly applyStalledMs: Duration;
  /** Time since the last commit while a leader's entries wait for theirs, ms; 0 = nothing waits. */
  readonly commitStalledMs: Duration;
  /** The event loop was late in most of the last seconds. */
  readonly isLagging: boolean;
  readonly electionTimeoutMs: Duration;
}

/** Why a leader should lead no longer. */
export interface Distress {
  readonly reason: string;
  /** It serves nobody as it is: to stay would be an outage. */
  readonly isUrgent: boolean;
}

/** A reason to hand leadership over, or null. */
export function distressOf(vitals: Vitals): Distress | null {
  const standstill = standstillOf(vitals);
  if (standstill !== null) return { reason: standstill, isUrgent: true };
  if (!vitals.isLagging) return null;
  return { reason: 'the event loop lags behind the election timeout', isUrgent: false };
}

/** Writes stand still, or take seconds each. */
function standstillOf(vitals: Vitals): string | null {
  const stallMs = Math.max(1000, 2 * vitals.electionTimeoutMs);
  // where all disks are slow another leader is no better off, and an election costs syncs of its own
  const { slowestSyncMs, quickestOtherMs } = vitals;
  const isWorse = quickestOtherMs === null || slowestSyncMs > NOTABLY * quickestOtherMs;
  if (slowestSyncMs > stallMs && isWorse)
    return `the disk takes ${Math.round(vitals.slowestSyncMs)} ms to sync`;
  if (vitals.mainSilentMs > MAIN_STANDS_MS)
    return `the main thread has taken nothing for ${Math.round(vitals.mainSilentMs)} ms`;
  // an entry may carry a statement of seconds: five times the stall of a disk
  if (vitals.applyStalledMs > 5 * stallMs) {
    return `nothing applied for ${Math.round(vitals.applyStalledMs)} ms though entries are committed`;
  }
  // heartbeats are answered and entries are not: what is long does not get through (a black hole of path
  // MTU, a stream that TCP has given up for seconds); the largest append takes this long at 1.4 Mbit/s
  if (vitals.commitStalledMs > 3 * stallMs) {
    return `nothing committed for ${Math.round(vitals.commitStalledMs)} ms though a quorum answers`;
  }
  return null;
}

/** A reason to stop at once, or null. */
export function hangOf(vitals: Vitals): string | null {
  if (vitals.syncMs > DISK_HANG_MS) {
    return `a write has not come back for ${Math.round(vitals.syncMs)} ms`;
  }
  if (vitals.applyStalledMs > APPLY_HANG_MS) {
    return `nothing was applied for ${Math.round(vitals.applyStalledMs)} ms though entries are committed`;
  }
  return null;
}

/** A reason to stop once it is known where the main thread stands, or null. */
export function runawayOf({ mainSilentMs, grownBytes }: Vitals): string | null {
  if (mainSilentMs < RUNAWAY_SILENCE_MS || grownBytes < RUNAWAY_BYTES) return null;
  const [seconds, mb] = [Math.round(mainSilentMs / 1000), Math.round(grownBytes / 2 ** 20)];
  return `the main thread has taken nothing for ${seconds} s, and the process grew by ${mb} MB meanwhile`;
}

/** A leader's disk below this is quick enough, whatever the others have. */
const QUICK_ENOUGH_MS = 100;
/** One that is so many times slower than another, in so many samples of so many, is no place to lead from. */
const SLOWER_TIMES = 5;
const SLOWER_SAMPLES = 3;
const SLOWER_WINDOW = 5;
/** An offer that was not taken is not repeated before. */
const OFFER_EVERY_MS = 10_000;

/**
 * Compares the leader's disk with those of its successors. Followers alone may commit an entry, but a leader
 * applies, and so answers, only what its own disk has: a state ahead of the log could not be told from a log
 * that lost its end. So every write is as slow as the leader's disk.
 */
export class DiskRace {
  #slower: boolean[] = [];
  #offeredAt: Instant = Number.NEGATIVE_INFINITY;

  /** Called once a second with p99s of writes; answers whom to offer leadership, or null. */
  observe(ownMs: Duration, others: readonly Contender[], now: Instant): NodeId | null {
    const [best] = [...others].sort((a, b) => a.diskLatencyMs - b.diskLatencyMs);
    const isSlower =
      best !== undefined && ownMs >= QUICK_ENOUGH_MS && ownMs > SLOWER_TIMES * best.diskLatencyMs;
    this.#slower = [...this.#slower, isSlower].slice(-SLOWER_WINDOW);
    const isSure = this.#slower.filter(Boolean).length >= SLOWER_SAMPLES;
    if (!isSlower || !isSure || now - this.#offeredAt < OFFER_EVERY_MS) return null;
    this.#offeredAt = now;
    this.#slower = [];
    return best.nodeId;
  }
}

export interface Contender {
  readonly nodeId: NodeId;
  readonly diskLatencyMs: Duration;
}

/** Follows how far an index has come; `observe` answers how long it has stood still behind its goal, ms. */
export class Progress {
  #reached = 0;
  #since = 0;

  observe(reached: number, goal: number, now: number): Duration {
    if (reached !== this.#reached || reached >= goal) {
      this.#reached = reached;
      this.#since = now;
    }
    return now - this.#since;
  }
}
