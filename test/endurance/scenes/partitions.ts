/** Networks that are cut in part: one way, in a ring, around a bridge, on and off. All packets vanish silently. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cast, cast, leadOf, makeLeader, wiresOf } from '../cast.ts';
import { Load } from '../load.ts';
import type { Scenario, Stage } from '../stage.ts';

const never = (): null => null;

interface Phase {
  readonly name: string;
  /** Makes the fault. */
  readonly make: () => void;
  readonly seconds: number;
  /** How many terms it may cost. */
  readonly maxTerms: number;
  /** The longest time without an acknowledged write. */
  readonly maxGapMs: number;
}

/** One fault on a calm cluster, then its end: terms, gaps, latencies, dropped packets. */
async function phase(stage: Stage, { lab, cluster }: Cast, load: Load, how: Phase): Promise<void> {
  const before = await leadOf(cluster);
  const dropped = lab.droppedPackets();
  const began = performance.now();
  how.make();
  await sleep(how.seconds * 1000);
  const during = load.between(began);
  const swallowed = lab.droppedPackets() - dropped;
  const at = await leadOf(cluster);
  const healedAt = performance.now();
  lab.heal();
  await cluster.untilHealthy();
  await sleep(800);
  const after = await leadOf(cluster);
  const terms = after.term - before.term;
  stage.note(how.name, {
    ...{ leader: `${before.leader.nodeId} → ${at.leader.nodeId} → ${after.leader.nodeId}`, terms },
    ...{ dropped: swallowed, ...during, heal_gap_ms: load.between(healedAt).gapMs },
  });
  stage.atLeast(`${how.name}: packets that were dropped`, swallowed, 10);
  stage.atMost(`${how.name}: terms`, terms, how.maxTerms);
  stage.atMost(`${how.name}: gap between writes, ms`, during.gapMs, how.maxGapMs);
}

const ONE_WAY: Scenario = {
  name: 'one-way',
  about: 'F8: leader and follower that hear but cannot speak, and the reverse: writes go on, ≤ 1 term each',
  missing: never,
  async play(stage) {
    const scene = await cast(stage, 3);
    const { lab, cluster } = scene;
    const load = await Load.start(stage, cluster);
    for (const who of ['leader', 'follower'] as const) {
      for (const how of ['deaf', 'mute'] as const) {
        await sleep(500);
        const { leader, followers } = await leadOf(cluster);
        const { host } = who === 'leader' ? leader : (followers[0] ?? leader);
        const make = (): void =>
          lab.together(() => {
            for (const other of lab.hosts.filter((h) => h !== host)) {
              if (how === 'deaf') lab.cut(other, host);
              else lab.cut(host, other);
            }
          });
        const limits = who === 'leader' ? { maxTerms: 2, maxGapMs: 1000 } : { maxTerms: 1, maxGapMs: 1000 };
        await phase(stage, scene, load, { name: `${who} ${how}`, make, seconds: 3, ...limits });
      }
    }
    await load.verify(stage);
  },
};

/** Only the named pairs of nodes (1 to 5) still hear each other. */
function keepOnly({ lab }: Cast, pairs: readonly (readonly [number, number])[]): void {
  const kept = new Set(pairs.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
  lab.together(() => {
    lab.hosts.forEach((from, i) => {
      lab.hosts.forEach((to, k) => {
        if (i !== k && !kept.has(`${i + 1} ${k + 1}`)) lab.cut(from, to);
      });
    });
  });
}

const SHAPES = {
  ring: [
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
    [5, 1],
  ],
  bridge: [
    [1, 2],
    [1, 3],
    [2, 3],
    [3, 4],
    [3, 5],
    [4, 5],
  ],
  // three that see each other, the other two see one of them each: the outage of 2020-11-02 at Cloudflare
  partial: [
    [1, 2],
    [2, 3],
    [1, 3],
    [4, 2],
    [5, 3],
  ],
} as const;

const PARTIAL: Scenario = {
  name: 'partial',
  about: 'F9: ring, bridge and partial meshes of five: one leader, ≤ 2 terms, writes go on',
  missing: never,
  async play(stage) {
    const scene = await cast(stage, 5);
    const load = await Load.start(stage, scene.cluster);
    for (const [shape, pairs] of Object.entries(SHAPES)) {
      // the worst place to lead from: in the bridge and the partial mesh, where no majority is in reach
      for (const leader of shape === 'ring' ? ['n1'] : ['n1', 'n5']) {
        await makeLeader(scene.cluster, leader);
        await sleep(500);
        const name = `${shape} led by ${leader}`;
        const make = (): void => keepOnly(scene, pairs);
        await phase(stage, scene, load, { name, make, seconds: 10, maxTerms: 2, maxGapMs: 1500 });
      }
    }
    await load.verify(stage);
  },
};

const FLAPPING: Scenario = {
  name: 'flapping',
  about: 'F10: a wire, then a whole cable, 200 ms on and 200 ms off: ≤ 3 terms',
  missing: never,
  async play(stage) {
    const scene = await cast(stage, 3);
    const { lab, cluster } = scene;
    const load = await Load.start(stage, cluster);
    for (const what of ['wire', 'follower', 'leader'] as const) {
      await sleep(500);
      const { leader, followers } = await leadOf(cluster);
      const [first = leader] = followers;
      const host = what === 'follower' ? first.host : leader.host;
      const wires: ReturnType<typeof wiresOf> =
        what === 'wire'
          ? [
              [leader.host, first.host],
              [first.host, leader.host],
            ]
          : wiresOf(lab, host);
      let isOn = true;
      let timer: NodeJS.Timeout | null = null;
      const flip = (): void => {
        isOn = !isOn;
        lab.together(() => {
          for (const [from, to] of wires) isOn ? lab.restore(from, to) : lab.cut(from, to);
        });
      };
      const make = (): void => {
        timer = setInterval(flip, 200);
        setTimeout(() => timer !== null && clearInterval(timer), 11_900);
      };
      await phase(stage, scene, load, {
        ...{ name: `flapping ${what}`, make, seconds: 12, maxTerms: 3 },
        maxGapMs: what === 'leader' ? 3000 : 1000,
      });
    }
    await load.verify(stage);
  },
};

export const PARTITIONS: readonly Scenario[] = [ONE_WAY, PARTIAL, FLAPPING];
