/**
 * Disks whose syncs take longer than an election timeout, on all nodes and all the time,
 * with clients that write: whoever leads is killed or stands still, again and again. Votes
 * need two such syncs one after the other; nobody who stands meanwhile may undo them.
 */
import type { Duration } from '../../src/base/index.ts';
import { calmOptions } from './options.ts';
import { makeCluster } from './play.ts';

/** Between two losses of a leader. */
const CALM_MS = 5000;
const PAUSE_MS = 600;
const LIMIT_MS = 60_000;

/** How long the cluster had no leader of a newer term, each time that it lost one; ms. */
export function playSlowDisks(seed: number, nodes: number, diskMeanMs: Duration): Duration[] {
  const options = { ...calmOptions(nodes), diskMeanMs, clients: 2, thinkMs: 30 };
  const cluster = makeCluster(seed, 'wal', nodes, options);
  const { world } = cluster;
  const runUntil = (at: number): void => {
    while (world.step(at));
    world.now = at;
  };
  cluster.form();
  cluster.work();
  const found: Duration[] = [];
  for (const isKill of [false, true, false, true]) {
    runUntil(world.now + CALM_MS);
    const lost = cluster.leader();
    if (lost === null) return [...found, LIMIT_MS];
    const since = world.now;
    if (isKill) lost.node.crash(true);
    else lost.node.pause(PAUSE_MS);
    // who only stood still may lead on: nobody could win against it
    const isLed = (): boolean => {
      const leader = cluster.leader();
      return (
        (leader?.marks.term ?? 0) > lost.marks.term ||
        (world.now > since + PAUSE_MS && leader?.node === lost.node)
      );
    };
    while (!isLed() && world.now < since + LIMIT_MS) runUntil(world.now + 10);
    found.push(world.now - since);
    cluster.restart(lost.node);
  }
  return found;
}
