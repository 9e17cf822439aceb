/** Wires that deliver, but badly: slow, lossy, doubling, overtaking, narrow, deaf to what is long. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost, LabNode, Shape } from '../../lab/index.ts';
import { type Cast, cast, leadOf, makeLeader, wiresOf, within } from '../cast.ts';
import { Load } from '../load.ts';
import type { Scenario, Stage } from '../stage.ts';

const SHAPES: readonly (readonly [name: string, shape: Shape])[] = [
  ['delay 100±50 ms', { delayMs: 100, jitterMs: 50 }],
  ['loss 30 %', { lossRatio: 0.3 }],
  ['duplicates 10 %, overtaking 10 %', { delayMs: 5, duplicateRatio: 0.1, reorderRatio: 0.1 }],
  ['1 Mbit/s', { kbitPerSecond: 1000 }],
];
const SECONDS = 8;

/** Shapes both directions of all wires of a host, to nodes and client. */
function shapeHost({ lab }: Cast, host: LabHost, shape: Shape): void {
  lab.together(() => {
    for (const [from, to] of wiresOf(lab, host, true)) lab.shape(from, to, shape);
  });
}

/** True when the wire did what the shape says, by its own counters. */
function tookEffect(shape: Shape, before: Counters, after: Counters): boolean {
  const more = (name: keyof Counters, atLeast: number): boolean => after[name] - before[name] >= atLeast;
  if (shape.lossRatio !== undefined) return more('dropped', 50);
  if (shape.duplicateRatio !== undefined) return more('duplicated', 10) && more('reordered', 10);
  return more('forwarded', 100);
}
type Counters = ReturnType<Cast['lab']['counters']>;

async function badWire(stage: Stage, scene: Cast, load: Load, row: readonly [string, Shape]): Promise<void> {
  const { lab, cluster } = scene;
  const [name, shape] = row;
  for (const who of ['follower', 'leader'] as const) {
    const { leader, followers, term } = await leadOf(cluster);
    const node: LabNode = who === 'leader' ? leader : (followers[0] ?? leader);
    const before = lab.counters();
    const began = performance.now();
    shapeHost(scene, node.host, shape);
    await sleep(SECONDS * 1000);
    const during = load.between(began);
    const after = lab.counters();
    lab.heal();
    await cluster.untilHealthy();
    await sleep(1000);
    const terms = (await leadOf(cluster)).term - term;
    const title = `${name} at the ${who}`;
    stage.note(title, { terms, ...during });
    stage.claim(`${title}: the wire is bad`, tookEffect(shape, before, after), after);
    stage.atLeast(`${title}: acknowledged writes`, during.acked, 1);
    // behind a bad wire of the leader writes are as slow as the wire; with a bad follower a good majority is left
    if (who === 'follower') {
      stage.atMost(`${title}: writes p99, ms`, during.latencyMs.p99, 1000);
      stage.atMost(`${title}: terms`, terms, 2);
    } else stage.atMost(`${title}: terms`, terms, 4);
  }
}

const BAD_WIRES: Scenario = {
  name: 'bad-wires',
  about: 'F11: delay, loss, duplicates, overtaking, 1 Mbit/s at a follower and at the leader: no lost write',
  missing: () => null,
  async play(stage) {
    const scene = await cast(stage, 3, { wire: 'tap' });
    const load = await Load.start(stage, scene.cluster);
    for (const row of SHAPES) await badWire(stage, scene, load, row);
    const began = performance.now();
    scene.lab.together(() => {
      for (const host of scene.lab.hosts) {
        for (const [from, to] of wiresOf(scene.lab, host)) {
          scene.lab.shape(from, to, { lossRatio: 0.05, delayMs: 10, jitterMs: 5, duplicateRatio: 0.05 });
        }
      }
    });
    await sleep(SECONDS * 1000);
    stage.note('all wires: loss 5 %, 10±5 ms', load.between(began));
    stage.atLeast('all wires bad: acknowledged writes', load.between(began).acked, 1);
    scene.lab.heal();
    await load.verify(stage);
  },
};

/**
 * Heartbeats are short and pass, appends with data are long and vanish: a leader that looks healthy and
 * commits nothing. Somebody must notice.
 */
const MTU: Scenario = {
  name: 'mtu',
  about: 'F12: long packets of the leader vanish, short ones pass: writes go on or it says DEGRADED ≤ 10 s',
  missing: () => null,
  async play(stage) {
    const scene = await cast(stage, 3);
    const { lab, cluster } = scene;
    await makeLeader(cluster, 'n2');
    const load = await Load.start(stage, cluster, { bytes: 4000 });
    await sleep(1500);
    const { leader, term } = await leadOf(cluster);
    const dropped = lab.droppedPackets();
    const began = performance.now();
    lab.together(() => {
      for (const other of lab.hosts.filter((h) => h !== leader.host)) {
        lab.shape(leader.host, other, { largestBytes: 600 });
      }
    });
    const noticed = await within(20_000, async () => {
      const now = await cluster.client().leader({ timeoutMs: 1000 });
      if (now.leader_id !== null && now.leader_id !== leader.nodeId) return `${now.leader_id} leads`;
      const { node: row } = await cluster.client().node(leader.nodeId, { stale: true, node: leader.nodeId });
      return row.health === 'HEALTHY' ? null : `${row.health}: ${row.issues.join(', ')}`;
    });
    const noticedMs = noticed === null ? null : performance.now() - began;
    const first = await load.nextAck(began + 100, 20_000);
    stage.note('noticed', { what: noticed, ms: noticedMs === null ? null : Math.round(noticedMs) });
    stage.note('first_write_after_ms', first === null ? null : Math.round(first + 100));
    stage.atLeast('long packets that were dropped', lab.droppedPackets() - dropped, 3);
    stage.atMost('noticed after, ms', noticedMs, 10_000);
    stage.atMost('writes flow again after, ms', first, 15_000);
    lab.heal();
    await cluster.untilHealthy();
    stage.note('terms', (await leadOf(cluster)).term - term);
    await load.verify(stage);
  },
};

export const WIRES: readonly Scenario[] = [BAD_WIRES, MTU];
