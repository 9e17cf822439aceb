/** What happens to a cluster: one function a scenario, from a settled cluster to the end of the fault. */
import { pick, shuffle } from '../../src/base/index.ts';
import type { Measures } from './measures.ts';
import type { SimNode } from './sim-node.ts';
import type { World } from './world.ts';

export interface Stage {
  readonly world: World;
  readonly measures: Measures;
  /** How long a fault lasts that is judged by what is not said, ms. */
  readonly lastingMs: number;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Nobody knows anybody at the beginning. */
  readonly fromNothing?: boolean;
  /** Judged by what is not said in a long time. */
  readonly isLasting?: boolean;
  /** Too long for each run of the tests: only with `--full`. */
  readonly isFullOnly?: boolean;
  run(stage: Stage): void;
}

const STALL_MS = 2000;
const STALL_EVERY_MS = 6000;
const JUMP_EVERY_MS = 5000;
/** Below the time-outs, between them, and far beyond. */
const JUMPS_MS = [200, 1000, 2500, 10_000, 3_600_000];

function some({ world }: Stage, count: number): SimNode[] {
  return shuffle(world.random, world.up()).slice(0, Math.max(1, count));
}

function one(stage: Stage): SimNode {
  return some(stage, 1)[0] as SimNode;
}

function die(stage: Stage, victims: readonly SimNode[], how: 'kill' | 'silence'): void {
  const viewers = stage.world.up().filter((n) => !victims.includes(n));
  for (const victim of victims) {
    stage.measures.follow(victim, viewers);
    stage.world[how](victim);
  }
}

/** Each of `nodes` stands still again and again, not all at once; all come to with the end of the scenario. */
function stallOften(stage: Stage, nodes: readonly SimNode[], spreadMs: number): void {
  const { world, measures, lastingMs } = stage;
  for (const node of nodes) measures.allow(node, 'suspected');
  const end = world.now + lastingMs;
  for (const node of nodes) {
    const again = (): void => {
      if (world.now > end - STALL_EVERY_MS - STALL_MS) return;
      world.stall(node, STALL_MS);
      world.after(STALL_EVERY_MS, again);
    };
    world.after(world.random.next() * spreadMs, again);
    // healing is timed from here: an earlier end would leave it nothing to heal
    world.after(lastingMs - STALL_MS, () => world.stall(node, STALL_MS));
  }
  world.run(lastingMs);
}

function lossOfOne(stage: Stage, ratio: number): SimNode {
  const node = one(stage);
  stage.world.setLoss(node, ratio);
  return node;
}

function churn(stage: Stage): void {
  const { world, measures, lastingMs } = stage;
  const end = world.now + lastingMs;
  const everyMs = 60_000 / Math.max(3, world.nodes.length / 10);
  while (world.now < end) {
    const victim = one(stage);
    die(stage, [victim], 'kill');
    world.after(3000, () => {
      measures.clear(victim);
      world.restart(victim);
      // the news of its end may be on its way to somebody who hears of it only now
      world.after(3000, () => measures.forbid(victim));
    });
    world.run(everyMs);
  }
  world.run(4000);
}

/** The monotonic clock of one node is ahead all at once, as after a machine was suspended or moved. */
function jumpOften(stage: Stage): void {
  const { world, measures, lastingMs } = stage;
  const node = one(stage);
  measures.allow(node, 'suspected');
  const end = world.now + lastingMs;
  while (world.now < end) {
    world.jump(node, pick(world.random, JUMPS_MS));
    world.run(Math.min(JUMP_EVERY_MS, end - world.now));
  }
}

function cutZone({ world, measures, ...stage }: Stage, ms: number): void {
  const third = some({ world, measures, ...stage }, Math.floor(world.nodes.length / 3));
  for (const node of world.nodes) measures.allow(node, 'failed');
  for (const node of third) world.network.setZone(node.index, 1);
  for (const node of third) world.watch(node);
  world.run(ms);
}

/** The chosen node's packets to half of its observers are lost. */
function cutOneWay(stage: Stage): void {
  const { world, lastingMs } = stage;
  const node = one(stage);
  const observers = shuffle(world.random, node.detector.observers());
  stage.measures.allow(node, 'suspected');
  for (const nodeId of observers.slice(0, Math.floor(observers.length / 2))) {
    world.network.cut(node.index, world.node(nodeId).index);
  }
  world.watch(node);
  world.run(lastingMs);
}

function joinOne(stage: Stage): void {
  const { world, measures } = stage;
  const before = world.up();
  const seeds = some(stage, 3);
  const at = world.now;
  const node = world.join(seeds);
  const know = (): boolean =>
    before.every((v) => v.detector.member(node.nodeId, v.clock(world.now))?.isKnown === true);
  while (!know() && world.now - at < 10_000) world.run(10);
  measures.joinMs = world.now - at;
  world.run(2000);
}

/** All boot within ten seconds and know three seeds; time from the first boot until all know all. */
function joinMany(stage: Stage, nodes: number): void {
  const { world, measures } = stage;
  const at = world.now;
  const seeds: SimNode[] = [];
  for (let n = 0; n < nodes; n++) {
    world.after((10_000 * n) / nodes, () => {
      const node = world.join(seeds);
      if (seeds.length < 3) seeds.push(node);
    });
  }
  const converged = (): boolean =>
    world.nodes.length === nodes && world.nodes.every((n) => measures.known[n.index] === nodes - 1);
  while (!converged() && world.now - at < 40_000) world.run(100);
  measures.joinMs = world.now - at;
}

/** Longer than any pause between tries to reach a failed member again; what they cost grows with the square of N. */
function longCuts(nodes: number): readonly Scenario[] {
  const twoMinutes: Scenario = {
    name: 'zone-2m',
    about: 'a third is cut off for two minutes',
    run: (stage) => cutZone(stage, 120_000),
  };
  const hour: Scenario = {
    name: 'zone-1h',
    about: 'a third is cut off for an hour',
    isFullOnly: true,
    run: (stage) => cutZone(stage, 3_600_000),
  };
  if (nodes > 16) return [];
  return nodes > 5 ? [{ ...twoMinutes, isFullOnly: true }] : [twoMinutes, hour];
}

export function scenariosFor(nodes: number): readonly Scenario[] {
  const part = (ratio: number): number => Math.floor(nodes * ratio);
  return [
    { name: 'idle', about: 'nothing happens', run: ({ world }) => world.run(20_000) },
    {
      name: 'kill',
      about: 'the process of one node is killed',
      run: (stage) => {
        die(stage, [one(stage)], 'kill');
        stage.world.run(5000);
      },
    },
    {
      name: 'silent',
      about: 'one host is cut off',
      run: (stage) => {
        die(stage, [one(stage)], 'silence');
        stage.world.run(6000);
      },
    },
    {
      name: 'die-1',
      about: '1 % of the hosts die at once',
      run: (stage) => {
        die(stage, some(stage, part(0.01)), 'silence');
        stage.world.run(8000);
      },
    },
    {
      name: 'die-30',
      about: '30 % of the hosts die at once',
      run: (stage) => {
        die(stage, some(stage, part(0.3)), 'silence');
        stage.world.run(20_000);
      },
    },
    {
      name: 'loss-30',
      about: '30 % loss both ways at one node',
      isLasting: true,
      run: (stage) => {
        lossOfOne(stage, 0.3);
        stage.world.run(stage.lastingMs);
      },
    },
    {
      name: 'loss-10',
      about: '10 % loss both ways at one node',
      isLasting: true,
      run: (stage) => {
        lossOfOne(stage, 0.1);
        stage.world.run(stage.lastingMs);
      },
    },
    {
      name: 'loss-80',
      about: '80 % loss both ways at one node: it is unusable',
      run: (stage) => {
        stage.measures.allow(lossOfOne(stage, 0.8), 'failed');
        stage.world.run(Math.min(stage.lastingMs, 60_000));
      },
    },
    {
      name: 'loss-3-all',
      about: '3 % loss everywhere',
      isLasting: true,
      run: ({ world, lastingMs }) => {
        world.network.lossEverywhere = 0.03;
        for (const node of world.nodes) world.watch(node);
        world.run(Math.min(lastingMs, 6_000_000 / nodes));
      },
    },
    {
      name: 'stall-one',
      about: 'one node stands still for 2 s each 6 s',
      isLasting: true,
      run: (stage) => stallOften(stage, [one(stage)], 0),
    },
    {
      name: 'stall-1',
      about: '1 % of the nodes stand still for 2 s each 6 s',
      isLasting: true,
      run: (stage) => stallOften(stage, some(stage, part(0.01)), STALL_EVERY_MS),
    },
    {
      name: 'stall-observers',
      about: 'a third of the observers of one node stand still together',
      isLasting: true,
      run: (stage) => {
        const { world } = stage;
        const observers = shuffle(world.random, one(stage).detector.observers());
        const third = observers.slice(0, Math.max(1, Math.floor(observers.length / 3)));
        stallOften(
          stage,
          third.map((o) => world.node(o)),
          0,
        );
      },
    },
    { name: 'one-way', about: 'half of its observers cannot hear one node', isLasting: true, run: cutOneWay },
    {
      name: 'clock-jumps',
      about: 'the clock of one node jumps ahead by up to an hour each 5 s',
      isLasting: true,
      run: jumpOften,
    },
    {
      name: 'zone',
      about: 'a third is cut off for 10 s',
      run: (stage) => cutZone(stage, Math.min(stage.lastingMs, 10_000)),
    },
    ...longCuts(nodes),
    { name: 'churn', about: '10 % of the processes a minute die and come back', isLasting: true, run: churn },
    { name: 'join-one', about: 'one node joins', run: joinOne },
    {
      name: 'join-many',
      about: 'all boot within 10 s and know three seeds',
      fromNothing: true,
      run: (stage) => joinMany(stage, nodes),
    },
  ];
}
