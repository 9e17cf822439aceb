/** The promises of failure detection, on whole clusters in virtual time (world.ts). */
import { describe, expect, it } from 'vitest';
import { nodeName, World } from './world.ts';

// a hundred nodes live through ten seconds in about two
const SLOW_MS = 60_000;
const SIZES = [3, 5, 20, 100];
const VICTIM = nodeName(1);

/** A cluster that has found itself. Invariants are checked after each input where that is affordable. */
function settled(nodes: number, seed: number): World {
  const world = new World({ nodes, seed, check: nodes <= 20 });
  world.run(4000 + seed * 7);
  expect(world.told('suspected')).toEqual([]);
  return world;
}

function seesAllAlive(world: World): boolean {
  const up = world.up();
  return up.every((v) => up.every((o) => o === v || world.stateOf(v, o) === 'alive'));
}

function healedAfter(world: World): number {
  const since = world.now;
  while (!seesAllAlive(world) && world.now - since < 30_000) world.run(25);
  return world.now - since;
}

describe.each(SIZES)('GossipFailureDetector with %i nodes', { timeout: SLOW_MS }, (nodes) => {
  const isSmall = nodes <= 5;
  const seeds = nodes === 100 ? [1] : [1, 2, 3];

  it('tells everybody of a killed process within 300 ms (larger: 600 ms)', () => {
    for (const seed of seeds) {
      const world = settled(nodes, seed);
      const at = world.now;
      world.kill(VICTIM);
      world.run(4000);
      const { viewers, last } = world.spread('failed', VICTIM, at);
      expect(viewers).toBe(nodes - 1);
      expect(last).toBeLessThanOrEqual(isSmall ? 300 : 600);
      expect(world.told('failed')).toHaveLength(nodes - 1);
    }
  });

  it('suspects a silent node within 1 s (larger: 2 s) and fails it everywhere within 3.6 s', () => {
    for (const seed of seeds) {
      const world = settled(nodes, seed);
      const at = world.now;
      world.silence(VICTIM);
      world.run(6000);
      expect(world.spread('suspected', VICTIM, at).last).toBeLessThanOrEqual(isSmall ? 1000 : 2000);
      const failed = world.spread('failed', VICTIM, at);
      expect(failed.viewers).toBe(nodes - 1);
      expect(failed.first).toBeGreaterThan(2500);
      expect(failed.last).toBeLessThanOrEqual(3600);
      expect(world.told('failed')).toHaveLength(nodes - 1);
    }
  });

  it('knows a leave within 200 ms and never calls it failed', () => {
    for (const seed of seeds) {
      const world = settled(nodes, seed);
      const at = world.now;
      world.input(VICTIM, { kind: 'leave' });
      world.after(150, () => world.kill(VICTIM));
      world.run(6000);
      const left = world.spread('left', VICTIM, at);
      expect(left.viewers).toBe(nodes - 1);
      expect(left.last).toBeLessThanOrEqual(200);
      expect(world.told('failed')).toEqual([]);
    }
  });

  it('calls nobody failed when one node stands still for 2 s, and it accuses nobody', () => {
    for (const seed of seeds) {
      const world = settled(nodes, seed);
      const at = world.now;
      world.stall(VICTIM, 2000);
      world.run(8000);
      expect(world.told('failed')).toEqual([]);
      expect(world.told('suspected', null, at).filter((s) => s.node === VICTIM)).toEqual([]);
      expect(seesAllAlive(world)).toBe(true);
    }
  });

  it('calls nobody failed when half of the observers cannot hear a node, and reports the split', () => {
    const world = settled(nodes, 5);
    const { observers } = world.node(VICTIM).detector.status(world.now);
    world.cut([VICTIM], observers.slice(0, Math.floor(observers.length / 2)));
    world.run(30_000);
    expect(world.told('failed')).toEqual([]);
    expect(world.told('degraded', VICTIM).length).toBe(nodes - 1);
  });

  it('heals a partition within 2 s', () => {
    for (const seed of seeds) {
      const world = settled(nodes, seed);
      const third = Math.max(1, Math.floor(nodes / 3));
      world.partition(world.up().slice(0, third), world.up().slice(third));
      world.run(8000);
      expect(seesAllAlive(world)).toBe(false);
      world.heal();
      expect(healedAfter(world)).toBeLessThanOrEqual(2000);
    }
  });

  it('sees a restart at once, as a new life', () => {
    for (const seed of seeds) {
      const world = settled(nodes, seed);
      world.kill(VICTIM);
      world.run(500);
      const at = world.now;
      world.start(VICTIM, [nodeName(2)]);
      world.run(3000);
      const seen = world.spread('restarted', VICTIM, at);
      expect(seen.viewers).toBe(nodes - 1);
      expect(seen.last).toBeLessThanOrEqual(300);
      expect(world.told('failed', null, at)).toEqual([]);
      expect(seesAllAlive(world)).toBe(true);
    }
  });

  it('makes a joining node known to all within 300 ms, and all to it', () => {
    const world = settled(nodes, 1);
    const at = world.now;
    world.start('new', [nodeName(2)]);
    world.run(2000);
    const seen = world.spread('joined', 'new', at);
    expect(seen.viewers).toBe(nodes);
    expect(seen.last).toBeLessThanOrEqual(300);
    expect(world.node('new').detector.getAliveNodes()).toHaveLength(nodes + 1);
  });

  it('that start at once all know each other within 2 s, and nobody is accused', () => {
    const world = new World({ nodes, seed: 5, check: false });
    // a fleet that is switched on knows one node of those that are there
    const fleet = Array.from({ length: nodes }, (_, n) => `new${n}`);
    world.run(500);
    for (const nodeId of fleet) world.start(nodeId, [nodeName(1)]);
    world.run(2000);
    for (const nodeId of fleet) expect(world.node(nodeId).detector.getAliveNodes()).toHaveLength(2 * nodes);
    expect(seesAllAlive(world)).toBe(true);
    world.run(2000);
    expect([...world.told('suspected'), ...world.told('failed')]).toEqual([]);
  });

  it('writes the same trace for the same seed', () => {
    const trace = (seed: number): number => {
      const world = new World({ nodes, seed, check: false, trace: true, lossRatio: 0.05 });
      world.run(1500);
      world.kill(VICTIM);
      world.run(1500);
      return world.traceHash;
    };
    expect(trace(9)).toBe(trace(9));
    expect(trace(9)).not.toBe(trace(10));
  });
});

describe('GossipFailureDetector', { timeout: SLOW_MS }, () => {
  it('calls a node failed that nobody can hear although it hears all', () => {
    const world = settled(5, 1);
    world.cut([VICTIM], world.up());
    world.run(5000);
    for (const viewer of world.up().slice(1)) expect(world.stateOf(viewer, VICTIM)).toBe('failed');
  });

  it('lets a deaf node accuse, not bury', () => {
    for (const nodes of [3, 5]) {
      const world = settled(nodes, 2);
      world.cut(world.up().slice(1), [VICTIM]);
      world.run(20_000);
      expect(world.told('failed').filter((s) => s.node !== VICTIM)).toEqual([]);
    }
  });

  it('counts on those who live when a third dies at once', () => {
    const world = settled(20, 3);
    const dead = world.up().slice(0, 6);
    for (const nodeId of dead) world.silence(nodeId);
    world.run(5000);
    for (const viewer of world.up()) {
      expect(world.node(viewer).detector.detectFailures()).toEqual(dead);
    }
    expect(world.told('failed')).toHaveLength(dead.length * 14);
  });

  it('calls nobody failed in ten minutes with 3 % loss everywhere', () => {
    for (const nodes of [3, 5]) {
      const world = new World({ nodes, seed: 4, lossRatio: 0.03 });
      world.run(600_000);
      expect(world.told('failed')).toEqual([]);
    }
  });

  it('calls nobody failed when 2 s standstills come again and again', () => {
    const world = settled(5, 6);
    for (let round = 0; round < 20; round++) {
      world.stall(nodeName(1 + (round % 2)), 2000);
      world.run(6000);
    }
    expect(world.told('failed')).toEqual([]);
    expect(seesAllAlive(world)).toBe(true);
  });

  it('spends little while nothing happens, whatever the number of members', () => {
    const idle = (nodes: number): number => {
      const world = new World({ nodes, seed: 1, check: false });
      world.run(5000);
      const before = [...world.nodes.values()].reduce((n, node) => n + node.bytesOut, 0);
      world.run(10_000);
      return ([...world.nodes.values()].reduce((n, node) => n + node.bytesOut, 0) - before) / nodes / 10;
    };
    for (const nodes of [3, 5, 20, 100]) expect(idle(nodes)).toBeLessThan(10_000);
  });

  it('carries an urgent digest through a cluster that is no mesh at once, a routine one in its turn', () => {
    const nodes = 40;
    const world = settled(nodes, 7);
    const speaker = nodeName(1);
    const say = (text: string, urgent: boolean) =>
      world.input(speaker, { kind: 'digest', bytes: new TextEncoder().encode(text), urgent });
    const whoKnows = (text: string): number =>
      world.up().filter((viewer) => {
        const bytes = world.node(viewer).detector.member(speaker, world.now)?.digest?.bytes;
        return new TextDecoder().decode(bytes) === text;
      }).length;
    say('well', false);
    world.run(500);
    // neighbours only: two seconds times members pass before it is said to everybody
    expect(whoKnows('well')).toBeLessThan(nodes * 0.75);
    say('unwell', true);
    world.run(1000);
    // each that hears it tells four others once: of a hundred two hear nothing
    expect(whoKnows('unwell')).toBeGreaterThanOrEqual(nodes * 0.9);
    for (let s = 0; s < 2 * nodes; s++) {
      say('well again', false);
      world.run(1000);
    }
    expect(whoKnows('well again')).toBeGreaterThanOrEqual(nodes * 0.9);
  });

  it('carries the newest digest to everybody, around a cut link too', () => {
    const world = settled(5, 7);
    world.partition([nodeName(1)], [nodeName(2)]);
    world.run(1500);
    world.input(nodeName(1), { kind: 'digest', bytes: new TextEncoder().encode('one'), urgent: false });
    world.run(300);
    world.input(nodeName(1), { kind: 'digest', bytes: new TextEncoder().encode('two'), urgent: false });
    world.run(2000);
    for (const viewer of world.up().slice(1)) {
      const digest = world.node(viewer).detector.member(nodeName(1), world.now)?.digest;
      expect(new TextDecoder().decode(digest?.bytes)).toBe('two');
    }
  });
});
