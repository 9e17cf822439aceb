/** What one seed's world is like: a swarm of options, drawn anew for each seed. */
import { between, type Instant, type LogIndex, pick, type Random } from '../../src/base/index.ts';
import type { RaftSettings } from '../../src/raft/index.ts';

/** Of all nodes, where a seed draws nothing else. */
export const SETTINGS: Omit<RaftSettings, 'electionTimeoutMs'> = {
  heartbeatIntervalMs: 50,
  hintStaggerMs: 7,
  autoPromote: [],
  avoid: [],
};

/** Mean times between faults, ms; 0 = never. */
export interface FaultRates {
  readonly crashEveryMs: number;
  /** All nodes at once. */
  readonly blackoutEveryMs: number;
  readonly partitionEveryMs: number;
  /** A link that holds everything for a while. */
  readonly clogEveryMs: number;
  /** A connection that breaks: what is on its way is lost. */
  readonly resetEveryMs: number;
  readonly pauseEveryMs: number;
  readonly membershipEveryMs: number;
  readonly transferEveryMs: number;
  readonly diskFaultEveryMs: number;
  /** A disk that hangs: its latency is 100 times as long for a while. */
  readonly diskStallEveryMs: number;
  /** A disk that is gone: its node comes back empty, as another instance. */
  readonly wipeEveryMs: number;
  /** A bit of confirmed data that flips. */
  readonly rotEveryMs: number;
  /** A folder that is copied while its node is down, and started in the place of the original. */
  readonly moveEveryMs: number;
  /** A copy of a folder, new or old, that is started at another address beside the original. */
  readonly cloneEveryMs: number;
  /** A copy that is started at the address of the original, and hears half of what is sent there. Never drawn: pinned.ts. */
  readonly shareEveryMs: number;
  /** What nodes measure of their surroundings, and settings that change. */
  readonly surroundingsEveryMs: number;
  /**
   * An image of a node's folder that is made, or put back when it is old. Never drawn: what the product does
   * about it (the record of starts) comes too late to be harmless, see pinned.ts.
   */
  readonly imageEveryMs: number;
  /** A bit of the newest snapshot of a node that flips, and a power cut behind it. */
  readonly snapshotRotEveryMs: number;
  /** Voters whose place another node takes in one change. */
  readonly replaceEveryMs: number;
  /** Nodes that come back as the next version, one after the other; 0 = all are of this one and stay so. */
  readonly upgradeEveryMs: number;
  /** A wall clock that jumps, by up to ten years either way. */
  readonly wallJumpEveryMs: number;
  /** A disk whose syncs never return, until its process is ended. */
  readonly hangEveryMs: number;
  /** Faults that wait for their moment: aims.ts. */
  readonly aimEveryMs: number;
}

/** Everything must agree this long after the healing. */
export const LIVENESS_MS = 15_000;
/**
 * A bare quorum must agree on all that was applied this long behind its first write, and later on what there was with
 * that one: clients may write without end, and a node of small appends stay some of them behind.
 */
export const PACE_MS = 5000;

/** The one that says that somebody leads again. */
export interface FirstWrite {
  readonly at: Instant;
  /** Applied with it. */
  readonly index: LogIndex;
}

export interface SimOptions extends FaultRates {
  readonly nodes: number;
  readonly lossRatio: number;
  readonly duplicateRatio: number;
  /** Extra delay of a message, ms, exponential mean. */
  readonly delayMeanMs: number;
  /** Messages that arrive up to 400 ms late, behind what was sent after them. */
  readonly lateRatio: number;
  /** Messages cross as bytes, through the codec. */
  readonly asBytes: boolean;
  /** Clocks run up to this share too fast or too slow. */
  readonly clockDrift: number;
  /** Latency of a sync, ms, exponential mean. */
  readonly diskMeanMs: number;
  readonly clients: number;
  /** Mean time between two operations of one client, ms. */
  readonly thinkMs: number;
  /** Mean time between two reads of a client that only reads, ms; 0 = there are none. */
  readonly readEveryMs: number;
  readonly snapshotEveryEntries: number;
  /** Entries kept behind a snapshot. */
  readonly trailingEntries: number;
  /** Memory of the log for recent entries; small ones make it read its segments. */
  readonly cacheBytes: number;
  /** Small ones cut what a follower misses into many messages. */
  readonly maxAppendBytes: number;
  /** A crash is a power cut with this probability, else a killed process whose page cache stays. */
  readonly powerCutRatio: number;
  readonly hints: boolean;
  /** The setting of all nodes; never under two heartbeats, as in src/config/relations.ts. */
  readonly electionTimeoutMs: number;
  readonly safetyMs: number;
  /** Before everything heals, a bare quorum must do. */
  readonly quorumFirst: boolean;
  /** Numbers of faults that are left out: how a failing seed is made smaller. */
  readonly without: readonly number[];
}

export function drawOptions(random: Random, nodes: number): SimOptions {
  const often = (values: readonly number[]): number => pick(random, values);
  return {
    nodes,
    lossRatio: often([0, 0, 0.01, 0.05, 0.2, 0.3]),
    duplicateRatio: often([0, 0, 0.05, 0.2, 0.5]),
    delayMeanMs: often([0.2, 1, 5, 20]),
    lateRatio: often([0, 0, 0.01, 0.05]),
    asBytes: random.next() < 0.25,
    clockDrift: often([0, 0, 0.001, 0.05]),
    diskMeanMs: often([0.2, 1, 5, 30]),
    crashEveryMs: often([0, 600, 1500, 4000]),
    blackoutEveryMs: often([0, 0, 0, 6000]),
    partitionEveryMs: often([0, 500, 1500, 4000]),
    clogEveryMs: often([0, 0, 1000, 4000]),
    resetEveryMs: often([0, 0, 300, 2000]),
    pauseEveryMs: often([0, 1000, 4000]),
    membershipEveryMs: often([0, 0, 800, 3000]),
    transferEveryMs: often([0, 0, 1000, 4000]),
    diskFaultEveryMs: often([0, 0, 1500, 4000]),
    diskStallEveryMs: often([0, 0, 5000]),
    wipeEveryMs: often([0, 0, 0, 3000]),
    rotEveryMs: often([0, 0, 0, 4000]),
    moveEveryMs: often([0, 0, 0, 2000]),
    cloneEveryMs: often([0, 0, 0, 2000]),
    surroundingsEveryMs: often([0, 0, 1000]),
    imageEveryMs: 0,
    shareEveryMs: 0,
    clients: often([1, 2, 4, 4]),
    thinkMs: often([10, 30, 150]),
    snapshotEveryEntries: often([0, 20, 100]),
    trailingEntries: often([0, 5, 50]),
    cacheBytes: often([4 * 1024, 1024 * 1024]),
    maxAppendBytes: often([250, 512 * 1024, 512 * 1024]),
    powerCutRatio: often([0, 0.5, 1]),
    hints: random.next() < 0.7,
    safetyMs: between(random, 12_000, 24_000),
    quorumFirst: random.next() < 0.7,
    // what came later is drawn last, so that seeds stay what they were
    snapshotRotEveryMs: often([0, 0, 400, 150]),
    replaceEveryMs: often([0, 0, 0, 700]),
    upgradeEveryMs: often([0, 0, 0, 1500, 4000]),
    without: [],
    wallJumpEveryMs: often([0, 0, 2000]),
    hangEveryMs: often([0, 0, 0, 5000]),
    aimEveryMs: often([0, 0, 500, 2000]),
    electionTimeoutMs: often([150, 150, 120, 400]),
    readEveryMs: often([0, 20, 20, 100]),
  };
}

const NO_FAULTS: FaultRates = {
  crashEveryMs: 0,
  blackoutEveryMs: 0,
  partitionEveryMs: 0,
  clogEveryMs: 0,
  resetEveryMs: 0,
  pauseEveryMs: 0,
  membershipEveryMs: 0,
  transferEveryMs: 0,
  diskFaultEveryMs: 0,
  diskStallEveryMs: 0,
  wipeEveryMs: 0,
  rotEveryMs: 0,
  moveEveryMs: 0,
  cloneEveryMs: 0,
  surroundingsEveryMs: 0,
  imageEveryMs: 0,
  shareEveryMs: 0,
  snapshotRotEveryMs: 0,
  replaceEveryMs: 0,
  upgradeEveryMs: 0,
  wallJumpEveryMs: 0,
  hangEveryMs: 0,
  aimEveryMs: 0,
};

/** A world in which nothing goes wrong. */
export function calmOptions(nodes: number): SimOptions {
  return {
    ...NO_FAULTS,
    nodes,
    lossRatio: 0,
    duplicateRatio: 0,
    delayMeanMs: 0.2,
    lateRatio: 0,
    asBytes: false,
    clockDrift: 0,
    diskMeanMs: 0.5,
    clients: 0,
    thinkMs: 0,
    readEveryMs: 0,
    snapshotEveryEntries: 100,
    trailingEntries: 50,
    cacheBytes: 4 * 1024,
    maxAppendBytes: 512 * 1024,
    powerCutRatio: 0,
    hints: true,
    electionTimeoutMs: 150,
    safetyMs: 60_000,
    quorumFirst: false,
    without: [],
  };
}
