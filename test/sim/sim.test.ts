import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { CALM_PLAYS } from './calm.ts';
import { playFleet } from './fleet.ts';
import { LIMITS_OF_THE_PRODUCT, PINNED } from './pinned.ts';
import { playSeed } from './play.ts';
import { PARTIAL_SHAPES } from './shapes.ts';
import { ruleOf } from './shrink.ts';
import { playSlowDisks } from './slow-disks.ts';
import { failuresText, type Tally } from './tally.ts';

const run = promisify(execFile);

/** Seeds of every run; more by `npm run sim`. */
const SEEDS = 1000;

/** What must have happened over these seeds, or they prove nothing about it. */
const HAPPENED = [
  ...['kill', 'power cut', 'pause', 'wipe', 'rot', 'rot refused', 'leave', 'hint', 'move', 'clone'],
  ...['wipe of the leader', 'rot of the leader'],
  ...['steady read', 'aim election', 'aim joint', 'aim candidacy', 'aim now'],
  ...['surroundings', 'settings', 'blackout', 'wall jump', 'hanging sync', 'hang ended'],
  ...['net lost', 'net doubled', 'net late', 'net cut', 'net clogged', 'net reset', 'net asBytes'],
  ...['cut', 'one-way cut', ...PARTIAL_SHAPES, 'one-way link', 'one-way chain'],
  ...['clog', 'reset', 'stalled sync', 'unreachable', 'distress', 'transfer'],
  ...['disk sync EIO', 'disk write EIO', 'disk read EIO', 'disk open EIO', 'disk write ENOSPC'],
  ...['disk remove EIO', 'disk rename EIO'],
  ...['disk crash names', 'disk crash writes', 'disk rot bit', 'ask remove', 'ask demote', 'ask promote'],
  ...['ask replace', 'voter replaced', 'upgrade', 'next command', 'next command among both'],
  ...['unknown command', 'snapshot of the next version'],
  ...['snapshot arrived', 'snapshot broken', 'snapshot resumed'],
  ...['snapshot rot', 'snapshot rot refused', 'snapshot passed over'],
  ...['client answered', 'client reads', 'client retries', 'client replays', 'client unknown'],
];

/** A line of `npm run sim -- --hashes`. */
interface Played {
  readonly hash: string;
  readonly bytes: number;
  readonly counts: Readonly<Record<string, number>>;
}

describe(`${SEEDS} seeds`, () => {
  let tally: Tally;

  beforeAll(async () => {
    tally = await playFleet({ from: 1, seeds: SEEDS });
  }, 1_200_000);

  it('keep every property of safety and liveness', () => {
    expect(tally.failures.length, failuresText(tally).join('\n')).toBe(0);
    expect(tally.seeds).toBe(SEEDS);
    expect(tally.simulatedMs).toBeGreaterThan(SEEDS * 15_000);
  });

  it('have met every kind of fault', () => {
    const missing = HAPPENED.filter((name) => (tally.counts[name] ?? 0) < SEEDS / 100);
    expect(missing).toEqual([]);
    // a bare majority had to do, and did; the tally says of the others why it was not asked
    expect(tally.counts['quorum healed']).toBeGreaterThan(SEEDS / 2);
    // a rotten file that was offered to somebody
    expect(tally.counts['snapshot made again']).toBeGreaterThan(0);
    expect(tally.acked).toBeGreaterThan(SEEDS * 100);
    expect(tally.reads).toBeGreaterThan(SEEDS * 50);
    expect(tally.terms).toBeGreaterThan(SEEDS * 3);
    expect(tally.snapshots).toBeGreaterThan(SEEDS);
  });
});

describe('pinned plays', () => {
  it.each(PINNED)('$seed breaks no rule any more ($was)', ({ seed, options }) => {
    expect(playSeed(seed, 'wal', options.nodes, options).violation).toBeNull();
  });
});

describe('limits of the product', () => {
  it.each(LIMITS_OF_THE_PRODUCT)('$seed still breaks $rule ($was)', ({ seed, options, rule }) => {
    // one that does not is out of date: then ARCHITECTURE.md and README.md are too
    expect(ruleOf(playSeed(seed, 'wal', options.nodes, options).violation)).toBe(rule);
  });
});

describe('SimCluster', () => {
  /** What `--hashes` says of each seed, forwards in one process and backwards in another one. */
  const playTwice = async (from: number, seeds: number, options: object): Promise<Played[]> => {
    const play = async (...order: string[]): Promise<string[]> => {
      const range = ['--hashes', '--from', String(from), '--seeds', String(seeds)];
      const args = [...range, '--options', JSON.stringify(options), ...order];
      const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'sim.ts'), ...args]);
      return stdout.trim().split('\n');
    };
    const [forwards, backwards] = await Promise.all([play(), play('--backwards')]);
    expect(backwards.reverse()).toEqual(forwards);
    const played = forwards.map((line) => JSON.parse(line) as Played);
    expect(new Set(played.map((p) => p.hash)).size).toBe(seeds);
    // messages and writes
    expect(Math.min(...played.map((p) => p.bytes))).toBeGreaterThan(100);
    return played;
  };

  it('plays 20 seeds the same way in two processes and in either order, to the byte of each message and write', async () => {
    await playTwice(1001, 20, { safetyMs: 3000 });
  });

  it('plays ten whole seeds the same way, with rot, wiped disks, upgrades, hangs and clones in them', async () => {
    const played = await playTwice(1101, 10, {
      ...{ rotEveryMs: 3000, upgradeEveryMs: 4000, hangEveryMs: 5000, wipeEveryMs: 3000, cloneEveryMs: 2000 },
      ...{ snapshotRotEveryMs: 300, snapshotEveryEntries: 20, quorumFirst: true },
    });
    for (const kind of ['rot refused', 'upgrade', 'hanging sync', 'clone', 'snapshot rot', 'quorum healed'])
      expect(played.filter(({ counts }) => (counts[kind] ?? 0) > 0).length, kind).toBeGreaterThan(1);
  });

  it('asks nothing of a bare quorum where a leader that stands still has an order before it', () => {
    // three pauses on end: the order was asked 3.2 s before the quorum was chosen, and begun behind that
    const { violation, counts } = playSeed(3_071_350, 'wal', 5);
    expect(violation).toBeNull();
    expect(counts['quorum skipped: an order beside a pause']).toBe(1);
  });

  it('asks a learner that never comes to the end of endless small writes for what was there with the first', () => {
    const { violation, counts } = playSeed(3_086_178, 'wal', 5);
    expect(violation).toBeNull();
    expect(counts['quorum healed']).toBe(1);
  });

  it('leaves a fault out without moving the others', () => {
    const whole = playSeed(20);
    const [first, ...rest] = whole.faults;
    const less = playSeed(20, 'wal', 7, { without: [first ?? 0] });
    expect(rest.length).toBeGreaterThan(10);
    expect(less.traceHash).not.toBe(whole.traceHash);
    expect(less.faults).toEqual(whole.faults);
  });
});

describe('a calm cluster', () => {
  it('elects nobody and moves no term in ten minutes, idle, loaded or with a stalled follower', () => {
    for (const [name, playCalm] of Object.entries(CALM_PLAYS)) {
      const { elections, terms, campaigns, pauses, acked } = playCalm(600_000);
      expect({ elections, terms, campaigns }).toEqual({ elections: 0, terms: 0, campaigns: 0 });
      expect(pauses).toBeGreaterThan(100);
      // a client that never got to work would make each of them an idle one
      if (name !== 'idle') expect(acked).toBeGreaterThan(300);
      else expect(acked).toBe(0);
    }
  });
});

describe('a cluster of slow disks', () => {
  /** Times without a leader over ten seeds, ms, in order. */
  const losses = (nodes: number, diskMeanMs: number): number[] =>
    Array.from({ length: 10 }, (_, i) => playSlowDisks(i + 1, nodes, diskMeanMs))
      .flat()
      .sort((a, b) => a - b);

  it.each([
    [3, 300, 5000],
    [3, 700, 10_000],
    [5, 700, 12_000],
  ])('of %i nodes and %i ms a sync has another leader within %i ms', (nodes, diskMeanMs, limitMs) => {
    const found = losses(nodes, diskMeanMs);
    expect(found).toHaveLength(40);
    expect(found.at(-1)).toBeLessThan(limitMs);
    // two writes one after the other, each behind the one before it
    expect(found[20]).toBeLessThan(200 + 5 * diskMeanMs);
  });
});
