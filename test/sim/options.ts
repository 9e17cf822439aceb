/** What one seed's world is like: a swarm of options, drawn anew for each seed. */
import { between, pick, type Random } from '../../src/base/index.ts';

export interface SimOptions {
  readonly nodes: number;
  readonly lossRatio: number;
  readonly duplicateRatio: number;
  /** Extra delay of a message, ms, exponential mean. */
  readonly delayMeanMs: number;
  /** Messages that arrive up to 400 ms late, behind what was sent after them. */
  readonly lateRatio: number;
  /** Latency of a sync, ms, exponential mean. */
  readonly diskMeanMs: number;
  /** Mean times between faults, ms; 0 = never. */
  readonly crashEveryMs: number;
  readonly partitionEveryMs: number;
  readonly pauseEveryMs: number;
  readonly membershipEveryMs: number;
  readonly transferEveryMs: number;
  readonly diskFaultEveryMs: number;
  /** A disk that is gone: its node comes back empty, as another instance. */
  readonly wipeEveryMs: number;
  /** A disk that hangs: its latency is 100 times as long for a while. */
  readonly diskStallEveryMs: number;
  readonly clientEveryMs: number;
  readonly snapshotEveryEntries: number;
  /** Entries kept behind a snapshot. */
  readonly trailingEntries: number;
  /** Small ones cut what a follower misses into many messages. */
  readonly maxAppendBytes: number;
  /** A crash is a power cut with this probability, else a killed process whose page cache stays. */
  readonly powerCutRatio: number;
  readonly hints: boolean;
  readonly safetyMs: number;
}

export function drawOptions(random: Random, nodes: number): SimOptions {
  const often = (values: readonly number[]): number => pick(random, values);
  return {
    nodes,
    lossRatio: often([0, 0, 0.01, 0.05, 0.2]),
    duplicateRatio: often([0, 0, 0.05, 0.2]),
    delayMeanMs: often([0.2, 1, 5, 20]),
    lateRatio: often([0, 0, 0.01, 0.05]),
    diskMeanMs: often([0.2, 1, 5, 30]),
    crashEveryMs: often([0, 600, 1500, 4000]),
    partitionEveryMs: often([0, 500, 1500, 4000]),
    pauseEveryMs: often([0, 2000, 6000]),
    membershipEveryMs: often([0, 0, 800, 3000]),
    transferEveryMs: often([0, 0, 1000, 4000]),
    diskFaultEveryMs: often([0, 0, 4000]),
    wipeEveryMs: often([0, 0, 0, 2000]),
    diskStallEveryMs: often([0, 0, 5000]),
    clientEveryMs: often([3, 6, 20]),
    snapshotEveryEntries: often([0, 20, 100]),
    trailingEntries: often([0, 5, 50]),
    maxAppendBytes: often([150, 512 * 1024, 512 * 1024]),
    powerCutRatio: often([0, 0.5, 1]),
    hints: random.next() < 0.7,
    safetyMs: between(random, 4000, 10_000),
  };
}
