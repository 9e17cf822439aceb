/** Processes that stand still, wall clocks that jump, and how soon the living hear of the dead. */
import { setTimeout as sleep } from 'node:timers/promises';
import { measured } from '../../../daemon/drill.ts';
import { type LabNode, together, WallClock } from '../../lab/index.ts';
import { type Cast, cast, leadOf, within } from '../cast.ts';
import { Load } from '../load.ts';
import type { Scenario, Stage } from '../stage.ts';

/** How each running node sees the others, `n1 of n2: alive`. */
async function livenessOf(
  { cluster }: Cast,
  of: LabNode,
  by: readonly LabNode[],
): Promise<(string | null)[]> {
  return Promise.all(
    by.map(async (viewer) => {
      const call = { stale: true, node: viewer.nodeId, timeoutMs: 500 };
      const answer = await cluster
        .client()
        .node(of.nodeId, call)
        .catch(() => null);
      return answer?.node.liveness ?? null;
    }),
  );
}

async function pause(stage: Stage, scene: Cast, load: Load, who: 'follower' | 'leader', ms: number) {
  const { cluster } = scene;
  await sleep(800);
  const { leader, followers, term } = await leadOf(cluster);
  const node = who === 'leader' ? leader : (followers[0] ?? leader);
  const others = cluster.nodes.filter((n) => n !== node);
  const began = performance.now();
  node.child?.kill('SIGSTOP');
  const seen = new Set<string>();
  while (performance.now() - began < ms) {
    for (const word of await livenessOf(scene, node, others)) if (word !== null) seen.add(word);
    await sleep(50);
  }
  const during = load.between(began);
  node.child?.kill('SIGCONT');
  await cluster.untilHealthy();
  await sleep(500);
  const now = await leadOf(cluster);
  const title = `${who} stands still for ${ms} ms`;
  stage.note(title, { seen: [...seen], terms: now.term - term, ...during });
  stage.claim(`${title}: nobody is declared dead`, !seen.has('dead'), [...seen]);
  stage.claim(`${title}: it was noticed`, ms < 1500 || seen.has('suspect'), [...seen]);
  stage.atMost(`${title}: terms`, now.term - term, who === 'leader' ? 1 : 0);
  stage.atMost(`${title}: gap between writes, ms`, during.gapMs, who === 'leader' ? 1000 : 500);
}

const PAUSES: Scenario = {
  name: 'pauses',
  about: 'F3, F4: stopped followers and leaders, all at once: no false death, writes within 1 s, ≤ 3 terms',
  missing: () => null,
  async play(stage) {
    const scene = await cast(stage, 3);
    const { cluster } = scene;
    const load = await Load.start(stage, cluster);
    await pause(stage, scene, load, 'follower', 500);
    await pause(stage, scene, load, 'follower', 2500);
    await pause(stage, scene, load, 'leader', 1500);
    await pause(stage, scene, load, 'leader', 2500);
    const { term } = await leadOf(cluster);
    for (const node of cluster.nodes) node.child?.kill('SIGSTOP');
    await sleep(5000);
    for (const node of cluster.nodes) node.child?.kill('SIGCONT');
    const resumed = performance.now();
    const first = await load.nextAck(resumed, 10_000);
    await sleep(1500);
    const terms = (await leadOf(cluster)).term - term;
    stage.note('all stand still for 5 s', {
      first_write_ms: first === null ? null : Math.round(first),
      terms,
    });
    stage.atMost('all resumed: first write after, ms', first, 1000);
    stage.atMost('all resumed: terms', terms, 3);
    await load.verify(stage);
  },
};

const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

const CLOCKS: Scenario = {
  name: 'clocks',
  about:
    'F6: wall clocks jump an hour and ten years, run ten times as fast: no election, writes go on, an alert',
  missing: () => WallClock.missing(),
  async play(stage) {
    const clocks = new Map(['n1', 'n2', 'n3'].map((id) => [id, new WallClock(stage.temporary())]));
    const envOf = (id: string): Record<string, string> => together(clocks.get(id)?.env() ?? {});
    const scene = await cast(stage, 3, { envOf });
    const { cluster } = scene;
    const load = await Load.start(stage, cluster);
    await sleep(1000);
    const before = await leadOf(cluster);
    const follower = before.followers[0] ?? before.leader;
    const clockOf = (node: LabNode): WallClock => clocks.get(node.nodeId) ?? new WallClock(stage.temporary());
    const leaders = clockOf(before.leader);
    const acts: readonly (readonly [string, () => void])[] = [
      ['the leader an hour ahead', () => leaders.jumpMs(HOUR_MS)],
      ['a follower an hour behind', () => clockOf(follower).jumpMs(-HOUR_MS)],
      // never behind the certificates, which are a minute old: who connects anew would be refused, and rightly
      ['the leader 48 minutes back', () => leaders.jumpMs(-0.8 * HOUR_MS)],
      ['the leader ten times as fast', () => leaders.rate(10)],
      ['the leader ten years ahead', () => leaders.jumpMs(TEN_YEARS_MS)],
      ['the leader put right', () => leaders.reset()],
      ['a follower ten years back', () => clockOf(follower).jumpMs(-TEN_YEARS_MS)],
      ['a follower put right', () => clockOf(follower).reset()],
      ['the leader ten days ahead', () => leaders.jumpMs(240 * HOUR_MS)],
    ];
    const play = async (name: string, act: () => void): Promise<void> => {
      const began = performance.now();
      act();
      await sleep(2500);
      const during = load.between(began);
      const { leader_id: leads } = await cluster
        .client()
        .leader({ timeoutMs: 2000 })
        .catch(() => ({ leader_id: null }));
      stage.note(name, { leads, ...during });
      stage.atMost(`${name}: gap between writes, ms`, during.gapMs, 500);
    };
    for (const [name, act] of acts) await play(name, act);
    // the clock that a daemon lives by, seen from outside: when its log says it is now
    const { node } = await cluster.client().node(before.leader.nodeId, { node: before.leader.nodeId });
    const aheadMs = Date.parse(node.last_check ?? '') - Date.now();
    stage.atLeast('the leader lives in the future, h', aheadMs / HOUR_MS, 24 * 5);
    // the reading covers a minute, the rule waits for half of one
    const isTold = await within(120_000, async () => {
      const { alerts } = await cluster.client().alerts();
      return alerts.some((a) => a.id === `ClockSkew:${before.leader.nodeId}` && a.state === 'firing');
    });
    stage.claim('the skew is told', isTold === true, 'alert ClockSkew');
    // who is an hour behind takes no certificate for good, and whoever connects anew to it is refused
    await play('all clocks put right', () => {
      for (const clock of clocks.values()) clock.reset();
    });
    const now = await leadOf(cluster);
    const { elections } = await cluster.client().status();
    const since = elections.filter((e) => e.term > before.term);
    stage.note(
      'elections',
      since.map((e) => `${e.at} ${e.node_id}: ${e.why}`),
    );
    stage.equal('terms', now.term - before.term, 0);
    await load.verify(stage);
  },
};

/** When all of `by` say one of `words` of a node, ms from `began` on; null when not in time. */
async function whenAllSay(
  scene: Cast,
  of: LabNode,
  words: readonly string[],
  withinMs: number,
  began = performance.now(),
) {
  const by = scene.cluster.nodes.filter((n) => n !== of);
  const said = await within(withinMs, async () =>
    (await livenessOf(scene, of, by)).every((word) => word !== null && words.includes(word)),
  );
  return said === true ? performance.now() - began : null;
}

type Times = Record<'killed' | 'suspect' | 'dead' | 'alive', (number | null)[]>;

async function killedRound(scene: Cast, node: LabNode, times: Times): Promise<void> {
  const { cluster } = scene;
  await sleep(1000);
  // at the signal: killNode waits until the process has gone
  const killed = performance.now();
  await cluster.killNode(node.nodeId);
  times.killed.push(await whenAllSay(scene, node, ['dead'], 6000, killed));
  await cluster.startNode(node.nodeId);
  await cluster.untilHealthy();
}

async function cutRound(scene: Cast, node: LabNode, times: Times): Promise<void> {
  const { lab, cluster } = scene;
  await sleep(1000);
  lab.unplug(node.host);
  const suspect = await whenAllSay(scene, node, ['suspect', 'dead'], 6000);
  const more = await whenAllSay(scene, node, ['dead'], 6000);
  times.suspect.push(suspect);
  times.dead.push(suspect === null || more === null ? null : suspect + more);
  lab.heal();
  times.alive.push(await whenAllSay(scene, node, ['alive'], 10_000));
  await cluster.untilHealthy();
}

const KILLS = 50;
const CUTS = 20;

async function detect(stage: Stage, nodes: number): Promise<void> {
  const scene = await cast(stage, nodes);
  const times: Times = { killed: [], suspect: [], dead: [], alive: [] };
  const nodeOf = (round: number): LabNode => scene.cluster.node(`n${(round % nodes) + 1}`);
  for (let round = 0; round < KILLS; round++) await killedRound(scene, nodeOf(round), times);
  for (let round = 0; round < CUTS; round++) await cutRound(scene, nodeOf(round), times);
  const spread = (name: keyof Times, rounds: number) => {
    const seen = times[name].filter((t) => t !== null);
    stage.equal(`${name}: rounds that were seen`, seen.length, rounds);
    const found = measured(seen);
    stage.note(`${name}_ms`, found);
    return found;
  };
  stage.atMost('killed: dead to all after, p99 ms', spread('killed', KILLS).p99, 300);
  stage.atMost('cut: suspect to all after, ms', spread('suspect', CUTS).max, 1000);
  stage.atMost('cut: dead to all after, ms', spread('dead', CUTS).max, 3600);
  stage.atMost('healed: alive to all after, ms', spread('alive', CUTS).max, 2000);
}

const detection = {
  about: `FD1, FD2: ${KILLS} killed, dead to all ≤ 0.3 s; ${CUTS} cut, suspect ≤ 1 s, dead ≤ 3.6 s, alive ≤ 2 s`,
  missing: () => null,
  limitMs: 1_200_000,
};
const DETECTION: Scenario = { ...detection, name: 'detection', play: (stage) => detect(stage, 3) };
const DETECTION_5: Scenario = { ...detection, name: 'detection-5', play: (stage) => detect(stage, 5) };

export const TIMES: readonly Scenario[] = [PAUSES, CLOCKS, DETECTION, DETECTION_5];
