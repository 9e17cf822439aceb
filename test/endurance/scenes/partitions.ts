/** Networks that are cut in part: one way, in a ring, around a bridge, on and off. All packets vanish silently. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabNode } from '../../lab/index.ts';
import { type Cast, cast, eventsOf, type Lead, leadOf, makeLeader, told, wiresOf, within } from '../cast.ts';
import { Load, type Window } from '../load.ts';
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
  /** Asked while the fault lasts; `since` and `sinceTime` are its begin, by both clocks. */
  readonly meanwhile?: (since: number, sinceTime: number) => Promise<void>;
}

interface Played {
  readonly before: Lead;
  readonly during: Window;
  /** Its begin, by the wall clock. */
  readonly sinceTime: number;
}

/** One fault on a calm cluster, then its end: terms, gaps, latencies, dropped packets. */
async function phase(stage: Stage, { lab, cluster }: Cast, load: Load, how: Phase): Promise<Played> {
  const before = await leadOf(cluster);
  const dropped = lab.droppedPackets();
  const [began, sinceTime] = [performance.now(), Date.now()];
  how.make();
  await Promise.all([sleep(how.seconds * 1000), how.meanwhile?.(began, sinceTime)]);
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
  return { before, during, sinceTime };
}

/** Twice the longest election timeout, with 150 ms configured. */
const STEP_DOWN_MS = 600;

/** A leader that hears nobody any more finds out by itself: by its own word, and by its own clock. */
async function steppedDown(stage: Stage, { cluster }: Cast, name: string, { before, sinceTime }: Played) {
  const { nodeId } = before.leader;
  const events = await told(cluster, nodeId, ['role-changed'], sinceTime);
  const down = events.find((e) => e.message.startsWith(`${nodeId} steps down`));
  stage.note(`${name}: why it steps down`, down?.message ?? null);
  const after = down === undefined ? null : Date.parse(down.at) - sinceTime;
  stage.atMost(`${name}: it steps down after, ms`, after, STEP_DOWN_MS);
}

/** Somebody says who does not hear whom, and one of the two is the node that is cut off in part. */
async function pairTold(stage: Stage, { cluster }: Cast, name: string, node: LabNode, sinceTime: number) {
  const said = await Promise.all(
    cluster.nodes.map((n) => told(cluster, n.nodeId, ['member-suspect', 'member-failed'], sinceTime)),
  );
  const pair = said.flat().find(({ node_id: subject, data }) => {
    const by = (data['by'] ?? []) as readonly string[];
    return subject === node.nodeId ? by.length > 0 : by.includes(node.nodeId);
  });
  stage.claim(`${name}: an event names the pair`, pair !== undefined, pair?.message ?? said.flat().length);
}

/** The cluster is not called healthy while it lasts, and says of whom. */
async function degradedShown(stage: Stage, { cluster }: Cast, name: string, ms: number): Promise<void> {
  const shown = await within(ms, async () => {
    const { cluster: seen } = await cluster.client().status({ timeoutMs: 1000 });
    return (
      seen.health !== 'healthy' &&
      (seen.reasons.find((r) => /^n\d.* (is|are) (suspect|dead|degraded)/.test(r)) ?? null)
    );
  });
  stage.claim(`${name}: the status is degraded and says why`, shown !== null, shown ?? 'healthy');
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
        const node = who === 'leader' ? leader : (followers[0] ?? leader);
        const { host } = node;
        const make = (): void =>
          lab.together(() => {
            for (const other of lab.hosts.filter((h) => h !== host)) {
              if (how === 'deaf') lab.cut(other, host);
              else lab.cut(host, other);
            }
          });
        const name = `${who} ${how}`;
        const played = await phase(stage, scene, load, {
          ...{ name, make, seconds: 3, maxTerms: 1, maxGapMs: 1000 },
          meanwhile: () => degradedShown(stage, scene, name, 3000),
        });
        if (name === 'leader deaf') await steppedDown(stage, scene, name, played);
        await pairTold(stage, scene, name, node, played.sinceTime);
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

const PARTIAL_S = 60;
const LOOK_MS = 250;

/** How often exactly one voter says of itself that it leads, and a majority that it follows it. */
async function countLed(
  { cluster }: Cast,
  until: number,
  led: { looks: number; one: number },
): Promise<void> {
  const clients = cluster.nodes.map((n) => ({ self: n.nodeId, client: cluster.newClient(n.nodeId) }));
  const look = async ({ self, client }: (typeof clients)[number]) => {
    // by name: a client that has learned the others asks whom it likes, and all of them the same
    const { raft } = await client.status({ node: self, stale: true, timeoutMs: LOOK_MS });
    return { leads: raft.leader_id === self, term: raft.term, of: raft.leader_id };
  };
  while (performance.now() < until) {
    const next = performance.now() + LOOK_MS;
    const said = await Promise.all(clients.map((c) => look(c).catch(() => null)));
    const leaders = said.filter((s) => s?.leads === true);
    const follow = said.filter((s) => s !== null && s.of === leaders[0]?.of && s.term === leaders[0]?.term);
    led.looks++;
    if (leaders.length === 1 && 2 * follow.length > clients.length) led.one++;
    await sleep(Math.max(0, next - performance.now()));
  }
  await Promise.all(clients.map(({ client }) => client.close()));
}

const PARTIAL: Scenario = {
  name: 'partial',
  about:
    'F9: ring, bridge and partial meshes of five, a minute each: one leader ≥ 95 % of it, ≤ 2 terms, writes',
  missing: never,
  limitMs: 600_000,
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
        const led = { looks: 0, one: 0 };
        const { during } = await phase(stage, scene, load, {
          ...{ name, make, seconds: PARTIAL_S, maxTerms: 2, maxGapMs: 1500 },
          meanwhile: (since) => countLed(scene, since + PARTIAL_S * 1000, led),
        });
        stage.atLeast(`${name}: looks with one leader, percent`, (100 * led.one) / led.looks, 95);
        stage.atMost(`${name}: writes p99, ms`, during.latencyMs.p99, 1000);
      }
    }
    await load.verify(stage);
  },
};

const FLAPPING_S = 300;

const FLAPPING: Scenario = {
  name: 'flapping',
  about:
    'F10: a wire, then a whole cable, 200 ms on and 200 ms off, 5 min each: ≤ 3 terms, ≤ 2 alerts of a node',
  missing: never,
  limitMs: 1_200_000,
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
        setTimeout(() => timer !== null && clearInterval(timer), FLAPPING_S * 1000 - 100);
      };
      const name = `flapping ${what}`;
      const { sinceTime } = await phase(stage, scene, load, {
        ...{ name, make, seconds: FLAPPING_S, maxTerms: 3 },
        maxGapMs: what === 'leader' ? 3000 : 1000,
      });
      const fired = new Map<string, number>();
      for (const { at, data } of await eventsOf(cluster, ['alert-fired'])) {
        const id = String(data['id']);
        if (Date.parse(at) >= sinceTime) fired.set(id, (fired.get(id) ?? 0) + 1);
      }
      stage.note(`${name}: alerts`, Object.fromEntries(fired));
      stage.atMost(`${name}: times that one alert fires`, Math.max(0, ...fired.values()), 2);
    }
    await load.verify(stage);
  },
};

export const PARTITIONS: readonly Scenario[] = [ONE_WAY, PARTIAL, FLAPPING];
