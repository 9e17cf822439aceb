/** Time: 100 writes/s, nodes that die and come back, leadership that moves. Nothing may grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { measured } from '../../../daemon/drill.ts';
import { must } from '../../../src/base/index.ts';
import { type Cast, cast, leadOf, makeLeader } from '../cast.ts';
import { Load } from '../load.ts';
import { type Looks, looksIn, p99Between } from '../looks.ts';
import { cpuMs, descriptors, rssMb, sentBytes } from '../proc.ts';
import { round, type Scenario } from '../stage.ts';

/** These stay up, so that what grows in them is seen; the other two are killed in turn. */
const STEADY: readonly string[] = ['n1', 'n2', 'n3'];
const CHURNED = ['n4', 'n5'] as const;
const SAMPLE_MS = 5000;
const KILL_EVERY_MS = 20_000;
const MOVE_EVERY_MS = 45_000;
const WARM_UP_MS = 600_000;
/**
 * What RSS may grow by, MB in 10 min, by how long was looked behind the warm-up: over less than a quarter of an hour a
 * slope is noise of the garbage collector, and only a leak can be told from it; over less than ten minutes nothing can.
 */
const MOST_GROWTH: readonly { readonly fromMs: number; readonly mb: number }[] = [
  { fromMs: 900_000, mb: 1 },
  { fromMs: 600_000, mb: 15 },
];

interface Sample {
  readonly atMs: number;
  readonly rssMb: number;
  readonly descriptors: number;
  readonly lagMs: number;
}

/** Growth by least squares, per ms. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const n = points.length;
  const mean = (pick: 0 | 1): number => points.reduce((sum, p) => sum + p[pick], 0) / n;
  const [mx, my] = [mean(0), mean(1)];
  const top = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const bottom = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return bottom === 0 ? 0 : top / bottom;
}

async function sampleOf({ cluster }: Cast, nodeId: string, since: number): Promise<Sample> {
  const pid = cluster.node(nodeId).child?.pid ?? 0;
  const answer = await cluster
    .client()
    .metrics({ node: nodeId, timeoutMs: 3000 })
    .catch(() => null);
  return {
    atMs: performance.now() - since,
    ...{ rssMb: rssMb(pid) ?? 0, descriptors: descriptors(pid) ?? 0 },
    lagMs: (answer?.metrics['event_loop_lag'] ?? 0) * 1000,
  };
}

function metricsOf({ cluster }: Cast, nodeId: string): Promise<string> {
  return cluster.client().metricsText('prometheus', { node: nodeId });
}

/** Kills and restarts the churned nodes in turn and moves leadership among the steady ones, until `over`. */
async function churn({ cluster }: Cast, over: () => boolean): Promise<{ kills: number; moves: number }> {
  let [kills, moves, moved] = [0, 0, performance.now()];
  while (!over()) {
    await sleep(KILL_EVERY_MS / 2);
    const victim = cluster.node(CHURNED[kills % 2] ?? 'n4');
    await cluster.killNode(victim.nodeId);
    kills++;
    await sleep(KILL_EVERY_MS / 2);
    await cluster.startNode(victim.nodeId);
    await cluster.untilHealthy();
    if (performance.now() - moved < MOVE_EVERY_MS) continue;
    const { leader } = await leadOf(cluster);
    const next = STEADY[(STEADY.indexOf(leader.nodeId) + 1) % STEADY.length] ?? 'n1';
    await makeLeader(cluster, next);
    [moves, moved] = [moves + 1, performance.now()];
  }
  return { kills, moves };
}

export const SOAK: Scenario = {
  name: 'soak',
  about:
    '100 writes/s for --minutes with churn: RSS ≤ 1 MB/10 min (≤ 15 in a soak of less than 22.5 minutes), ' +
    'descriptors flat, loop lag p99 ≤ 20 ms',
  missing: () => null,
  async play(stage) {
    const scene = await cast(stage, 5);
    const { cluster } = scene;
    await makeLeader(cluster, 'n1');
    const load = await Load.start(stage, cluster, { perSecond: 100, bytes: 100 });
    const began = performance.now();
    const lengthMs = stage.minutes * 60_000;
    const isOver = (): boolean => performance.now() - began > lengthMs;
    const churned = churn(scene, isOver);
    churned.catch(() => {}); // told below
    const samples = new Map<string, Sample[]>(STEADY.map((id) => [id, []]));
    const pids = STEADY.map((id) => cluster.node(id).child?.pid ?? 0);
    const [cpu, bytes] = [pids.map(cpuMs), pids.map(sentBytes)];
    const warm = Math.min(WARM_UP_MS, lengthMs / 3);
    const looks = new Map<string, Looks>();
    while (!isOver()) {
      if (looks.size === 0 && performance.now() - began >= warm)
        for (const id of STEADY) looks.set(id, looksIn(await metricsOf(scene, id)));
      for (const id of STEADY) samples.get(id)?.push(await sampleOf(scene, id, began));
      await sleep(SAMPLE_MS);
    }
    stage.note('churn', await churned);
    const ms = performance.now() - began;
    stage.note('writes', load.between(began));
    stage.note(
      'cpu_percent',
      pids.map((pid, i) => round((((cpuMs(pid) ?? 0) - (cpu[i] ?? 0)) / ms) * 100)),
    );
    stage.note(
      'sent_bytes_per_second',
      pids.map((pid, i) => Math.round((((sentBytes(pid) ?? 0) - (bytes[i] ?? 0)) / ms) * 1000)),
    );
    for (const id of STEADY) {
      const behind = (samples.get(id) ?? []).filter((s) => s.atMs >= warm);
      judge(stage, id, behind, lengthMs - warm);
      const now = looksIn(await metricsOf(scene, id));
      for (const thread of ['main', 'consensus']) {
        const p99 = p99Between(must(looks.get(id), 'looks of the warm-up'), now, thread);
        stage.atMost(`${id}: loop lag p99 of ${thread}, ms`, round(p99, 1), 20);
      }
    }
    stage.atLeast('acknowledged writes per second', load.between(began).perSecond, 90);
    await load.verify(stage);
  },
};

function judge(
  stage: Parameters<Scenario['play']>[0],
  id: string,
  warm: readonly Sample[],
  ms: number,
): void {
  const rss = warm.map((s): [number, number] => [s.atMs, s.rssMb]);
  const fds = warm.map((s) => s.descriptors);
  const slope = slopeOf(rss) * 600_000;
  // each the p99 of ten looks, so the worst of a second
  const lag = measured(warm.map((s) => s.lagMs));
  const half = Math.floor(fds.length / 2);
  const mean = (values: readonly number[]): number =>
    values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const growth = mean(fds.slice(half)) - mean(fds.slice(0, half));
  stage.note(id, {
    samples: warm.length,
    rss_mb: measured(rss.map(([, mb]) => mb)),
    rss_mb_per_10_min: round(slope, 2),
    descriptors: measured(fds),
    worst_loop_lag_of_a_second_ms: lag,
  });
  stage.atLeast(`${id}: samples`, warm.length, 5);
  const most = MOST_GROWTH.find(({ fromMs }) => ms >= fromMs);
  if (most !== undefined) stage.atMost(`${id}: RSS growth, MB per 10 min`, slope, most.mb);
  else stage.say(`  ${id}: RSS growth is judged from 10 minutes behind the warm-up on`);
  stage.atMost(`${id}: growth of descriptors between the halves`, growth, 3);
}
