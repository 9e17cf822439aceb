/**
 * A cluster without faults must stand still: no election in simulated hours, idle or under
 * light load, with the jitter and the short pauses that real machines have; and a follower
 * that is stalled for longer than any election timeout must not move a term.
 */
import { between, type Random, seededRandom } from '../../src/base/index.ts';
import type { SimCluster } from './cluster.ts';
import { calmOptions } from './options.ts';
import { makeCluster } from './play.ts';

/** Each node stands still for a hundredth of the time. */
const PAUSE_MS = [10, 60] as const;
const PAUSE_EVERY_MS = 3500;
const STALL_MS = 400;
const STALL_EVERY_MS = 3000;

export interface CalmResult {
  readonly name: string;
  readonly simulatedMs: number;
  readonly pauses: number;
  readonly acked: number;
  /** Campaigns that were begun, pre-votes included, since the cluster stood. */
  readonly campaigns: number;
  readonly elections: number;
  /** How much the highest term has grown. */
  readonly terms: number;
}

/** Calls `act` at random instants, again and again. */
function repeatedly(cluster: SimCluster, random: Random, meanMs: number, act: () => void): void {
  const plan = (): void => {
    cluster.world.after(-Math.log(1 - random.next()) * meanMs, () => {
      act();
      plan();
    });
  };
  plan();
}

function highestTerm(cluster: SimCluster): number {
  return Math.max(...cluster.nodes.map((n) => n.marks?.term ?? 0));
}

function play(
  name: string,
  ms: number,
  load: { readonly clients: number; readonly thinkMs: number },
  disturb: (cluster: SimCluster, random: Random, count: () => void) => void,
): CalmResult {
  const cluster = makeCluster(1, 'wal', 5, { ...calmOptions(5), ...load });
  cluster.form();
  const random = seededRandom(1);
  let pauses = 0;
  disturb(cluster, random, () => pauses++);
  cluster.work();
  const began = { elections: cluster.story.elections, campaigns: cluster.story.campaigns };
  const [from, term] = [cluster.world.now, highestTerm(cluster)];
  while (cluster.world.step(from + ms));
  return {
    name,
    simulatedMs: ms,
    pauses,
    acked: cluster.history.acked,
    campaigns: cluster.story.campaigns - began.campaigns,
    elections: cluster.story.elections - began.elections,
    terms: highestTerm(cluster) - term,
  };
}

function shortPauses(cluster: SimCluster, random: Random, count: () => void): void {
  for (const node of cluster.nodes) {
    repeatedly(cluster, random, PAUSE_EVERY_MS, () => {
      count();
      node.pause(between(random, ...PAUSE_MS));
    });
  }
}

/** One at a time: three of four at once would be a majority that is gone, and its leader rightly gives up. */
function stalledFollower(cluster: SimCluster, random: Random, count: () => void): void {
  let until = cluster.world.now;
  repeatedly(cluster, random, STALL_EVERY_MS, () => {
    if (cluster.world.now < until) return;
    until = cluster.world.now + STALL_MS;
    const leader = cluster.leader()?.node;
    const followers = cluster.nodes.filter((n) => n !== leader);
    count();
    followers[between(random, 0, followers.length - 1)]?.pause(STALL_MS);
  });
}

const LIGHT = { clients: 1, thinkMs: 500 };

/** Each for `ms` of simulated time. */
export const CALM_PLAYS: Readonly<Record<'idle' | 'load' | 'stall', (ms: number) => CalmResult>> = {
  idle: (ms) => play('idle', ms, { clients: 0, thinkMs: 0 }, shortPauses),
  load: (ms) => play('light load', ms, LIGHT, shortPauses),
  stall: (ms) => play('a follower stalled 400 ms at a time', ms, LIGHT, stalledFollower),
};
