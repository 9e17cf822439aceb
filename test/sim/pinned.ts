/**
 * Plays that once broke a rule, with a sentence each; sim.test.ts plays them. All options are fixed, so that new
 * draws do not move them. A play may stop reaching its situation when anything else changes: so each names the bug
 * as an edit, and test/mutants/pinned.test.ts plants it and wants it found by this very seed. Seed 205306 (a snapshot
 * that waited to be loaded went when three newer ones had come) does not reach it any more: node-state.test.ts holds it.
 */
import { calmOptions, type SimOptions } from './options.ts';

export interface Pinned {
  readonly seed: number;
  readonly options: SimOptions;
  /** What was wrong, and where it was put right. */
  readonly was: string;
  /** What the play breaks: with the bug back in its place, or, of a limit, always. */
  readonly rule: string;
}

export interface PinnedBug extends Pinned {
  /** Brings the bug back; `find` stands in the file once. */
  readonly bug: { readonly file: string; readonly find: string; readonly replace: string };
}

const sickDisks: SimOptions = {
  ...calmOptions(3),
  ...{ clients: 2, thinkMs: 10, diskFaultEveryMs: 300, safetyMs: 6000 },
};

const sickDiskPlays: readonly PinnedBug[] = [33, 65].map((seed) => ({
  seed,
  options: sickDisks,
  was: 'src/wal/segment-pipeline: a full disk that did not let go of vain zeros ended the thread, not the log',
  rule: 'SqlccError: remove /wal/spare.tmp: EIO',
  bug: {
    file: 'src/wal/segment-pipeline.ts',
    find: 'const next = isFull ? this.#tryToMakeRoom() : error;',
    replace: 'const next = isFull ? this.#startOver() : error;',
  },
}));

const oldImages: SimOptions = {
  ...calmOptions(3),
  ...{ clients: 2, thinkMs: 20, crashEveryMs: 600, imageEveryMs: 300, partitionEveryMs: 1500 },
  ...{ delayMeanMs: 5, diskMeanMs: 5, safetyMs: 10_000 },
};

export const PINNED: readonly PinnedBug[] = [
  ...sickDiskPlays,
  {
    seed: 64,
    // few entries: what is refused is sent again each round trip
    options: {
      ...oldImages,
      ...{ clients: 1, thinkMs: 300, crashEveryMs: 400, partitionEveryMs: 0, safetyMs: 6000 },
    },
    was: 'src/raft/progress: a follower whose log went back got nothing from the leader that knew it better',
    rule: 'Liveness',
    bug: {
      file: 'src/raft/progress.ts',
      find: 'const wentBack = rejected <= this.match;',
      replace: 'const wentBack = false;\n    if (wasReplicating && rejected <= this.match) return false;',
    },
  },
  {
    seed: 28,
    // the disks of all are slow, and a bare majority must elect
    options: {
      ...calmOptions(5),
      ...{ clients: 1, thinkMs: 100, diskMeanMs: 100, crashEveryMs: 1500, partitionEveryMs: 500 },
      ...{ safetyMs: 8000, quorumFirst: true },
    },
    was: 'src/raft/support: who could not win, and asked again and again, bound its voters for ever',
    rule: 'QuorumLiveness',
    bug: {
      file: 'src/raft/support.ts',
      find: '  if (core.supported.has(to)) return;\n',
      replace: '',
    },
  },
  {
    seed: 2_019_071,
    // voters are replaced all the time, and so is who leads
    options: {
      ...calmOptions(3),
      ...{ clients: 1, thinkMs: 150, readEveryMs: 20, delayMeanMs: 5, diskMeanMs: 30, clockDrift: 0.05 },
      ...{
        crashEveryMs: 1500,
        powerCutRatio: 0.5,
        partitionEveryMs: 500,
        resetEveryMs: 300,
        aimEveryMs: 2000,
      },
      ...{ replaceEveryMs: 700, surroundingsEveryMs: 1000, upgradeEveryMs: 1500, maxAppendBytes: 250 },
      ...{ safetyMs: 6104, quorumFirst: true },
    },
    was: 'src/raft/core: who replaced itself and was restarted held the longest log and did not stand: nobody led',
    rule: 'QuorumLiveness',
    bug: {
      file: 'src/raft/core.ts',
      find: 'this.configs.all().some(',
      replace: '[this.configs.committed(), this.configs.latest()].some(',
    },
  },
];

/**
 * Not put right: an image of a data folder that is older than the last start, put back in its place, takes part
 * in consensus until the record names the later start or has refused the announcement for 3 s. Until then it may
 * vote against entries that it had acknowledged, and its own restarts bring its count of starts up to the
 * record's. `npm run sim -- --limits` plays these: committed entries are lost, or a term has two leaders.
 */
const oldImagePlays: readonly Pinned[] = [
  { seed: 10, rule: 'LeaderCompleteness' },
  { seed: 71, rule: 'ElectionSafety' },
  { seed: 79, rule: 'ElectionSafety' },
].map((play) => ({
  ...play,
  options: oldImages,
  was: 'an old image of a data folder votes before it is recognised',
}));

/**
 * Nor this: a copy that is started where its original answers (one address on two machines), for the 3 s until its
 * announcement is refused for good. A copy that is started at another address asks the recorded one first and does
 * not start (test/cluster/clone.test.ts); here it would ask itself. Both hold the same key, certificate and instance
 * id, so nothing in a message tells them apart: what one acknowledges the other does not hold.
 */
const sharedAddress: Pinned = {
  seed: 2,
  rule: 'CommittedOnQuorum',
  options: {
    ...calmOptions(3),
    ...{ clients: 2, thinkMs: 20, shareEveryMs: 1500, delayMeanMs: 5, diskMeanMs: 5, safetyMs: 10_000 },
  },
  was: 'a copy at the address of its original acknowledges in its name',
};

export const LIMITS_OF_THE_PRODUCT: readonly Pinned[] = [...oldImagePlays, sharedAddress];
