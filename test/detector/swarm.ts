/**
 * Swarm testing: each seed draws a size, a lane, clocks, delays and a mix of faults, and
 * lives with them for a minute; then all faults end and all must agree within 15 s.
 */
import { assert, between, pick, seededRandom, shuffle } from '../../src/base/index.ts';
import { Measures } from './measures.ts';
import { Oracle } from './oracle.ts';
import { World } from './world.ts';

const FAULTY_MS = 60_000;
const HEALED_WITHIN_MS = 15_000;

export interface SwarmRun {
  readonly traceHash: number;
  readonly healedMs: number;
  readonly faults: readonly string[];
}

type Fault = (world: World, measures: Measures) => void;

const FAULTS: Readonly<Record<string, Fault>> = {
  loss: (world) => world.setLoss(pick(world.random, world.up()), world.random.next() * 0.3),
  'cut one way': (world) => {
    const [a, b] = shuffle(world.random, world.up());
    if (a === undefined || b === undefined) return;
    world.network.cut(a.index, b.index);
    world.watch(a);
  },
  stall: (world) => world.stall(pick(world.random, world.up()), between(world.random, 100, 3000)),
  kill: (world, measures) => end(world, measures, 'kill'),
  silence: (world, measures) => end(world, measures, 'silence'),
  zone: (world) => {
    const nodes = shuffle(world.random, world.nodes);
    for (const node of nodes.slice(0, Math.floor(nodes.length / 2))) {
      world.network.setZone(node.index, 1);
      world.watch(node);
    }
  },
  heal: (world) => heal(world),
};

/** One node goes and comes back some seconds later. */
function end(world: World, measures: Measures, how: 'kill' | 'silence'): void {
  if (world.up().length < 2) return;
  const node = pick(world.random, world.up());
  world[how](node);
  world.after(between(world.random, 200, 12_000), () => {
    measures.clear(node);
    world.restart(node);
  });
}

function heal(world: World): void {
  world.network.heal();
  for (const node of world.nodes) if (!node.isHostUp) world.network.setLoss(node.index, 1);
}

export function swarm(seed: number): SwarmRun {
  const draw = seededRandom(seed * 7919);
  const nodes = between(draw, 3, 20);
  const oracle = new Oracle(`swarm seed ${seed}`, true);
  const measures: Measures = new Measures(() => world);
  const world: World = new World({
    ...{ nodes, seed, lane: draw.next() < 0.5 ? 'h2' : 'udp', drift: 0.01 * draw.next() },
    ...{
      duplicates: 0.1 * draw.next(),
      delay: { leastMs: 0.1 + 5 * draw.next(), tailMs: 0.3 + 20 * draw.next() },
    },
    onEvent: (viewer, event) => {
      measures.onEvent(viewer, event);
      oracle.onEvent(viewer, event);
    },
    onTurn: (node) => oracle.onTurn(node),
    onSent: (node, message) => oracle.onSent(node, message),
  });
  oracle.watch(world);
  // not every kind in every run: some bugs need that one kind is absent
  const kinds = Object.keys(FAULTS).filter((kind) => kind === 'heal' || draw.next() < 0.6);
  const faults: string[] = [];
  world.run(3000);
  while (world.now < FAULTY_MS) {
    const kind = pick(draw, kinds);
    faults.push(kind);
    FAULTS[kind]?.(world, measures);
    world.run(between(draw, 100, 6000));
  }
  world.run(12_000); // those who are down are back by then
  heal(world);
  const at = world.now;
  while (!measures.areViewsEqual()) {
    const isLate = world.now - at > HEALED_WITHIN_MS;
    assert(!isLate, `swarm seed ${seed}: views differ 15 s after ${faults.join(', ')}`);
    world.run(25);
  }
  for (const node of world.nodes) node.detector.check();
  return { traceHash: world.traceHash, healedMs: world.now - at, faults };
}
