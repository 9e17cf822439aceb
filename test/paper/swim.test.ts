/**
 * "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol"
 * (Das, Gupta, Motivala, DSN 2002), section by section, and where Lifeguard
 * (arXiv 1707.00788) and Rapid (ATC 2018) take its place.
 */
import { describe, expect, it } from 'vitest';
import { compareClaims } from '../../src/gossip/member-list.ts';
import { nodeName, World } from '../unit/gossip/world.ts';

const VICTIM = nodeName(1);
/** A hundred members live a second in some tenths of one; a busy machine needs more. */
const SLOW = { timeout: 60_000 };

function settled(nodes: number, seed: number): World {
  const world = new World({ nodes, seed });
  world.run(3000);
  return world;
}

describe('SWIM §2: properties', SLOW, () => {
  it('strong completeness: every live member detects a crash', () => {
    const world = settled(12, 1);
    world.silence(VICTIM);
    world.run(5000);
    for (const viewer of world.up()) expect(world.node(viewer).detector.detectFailures()).toEqual([VICTIM]);
  });

  it('speed of detection does not depend on the size of the group', () => {
    const first = [5, 40].map((nodes) => {
      const world = settled(nodes, 2);
      const at = world.now;
      world.silence(VICTIM);
      world.run(5000);
      return world.spread('failed', VICTIM, at).first;
    });
    expect(Math.abs((first[0] ?? 0) - (first[1] ?? 0))).toBeLessThan(600);
  });

  it('message load of a member does not depend on the size of the group', () => {
    const load = [40, 80].map((nodes) => {
      const world = new World({ nodes, seed: 3, check: false });
      world.run(3000);
      const before = [...world.nodes.values()].reduce((n, node) => n + node.bytesOut, 0);
      world.run(5000);
      return ([...world.nodes.values()].reduce((n, node) => n + node.bytesOut, 0) - before) / nodes;
    });
    expect((load[1] ?? 0) / (load[0] ?? 1)).toBeLessThan(1.15);
  });
});

describe('SWIM §3.1: failure detector', SLOW, () => {
  it('a ping is answered by its target itself', () => {
    const world = settled(2, 1);
    expect(world.node(nodeName(2)).detector.member(VICTIM, world.now)?.rttMs).toBeGreaterThan(0);
  });

  it('indirect probes: a bad link between two members is not held against either', () => {
    const world = settled(5, 4);
    world.partition([VICTIM], [nodeName(2)]);
    world.run(20_000);
    expect(world.told('failed')).toEqual([]);
    // one of four observers is below L = 2
    expect(world.told('suspected')).toEqual([]);
  });
});

describe('SWIM §4.1: infection-style dissemination', SLOW, () => {
  it('spreads a leave to all of a hundred members in a few rounds', () => {
    const world = new World({ nodes: 100, seed: 5, check: false });
    world.run(3000);
    const at = world.now;
    world.input(VICTIM, { kind: 'leave' });
    world.run(1000);
    const { viewers, last } = world.spread('left', VICTIM, at);
    expect(viewers).toBe(99);
    expect(last).toBeLessThanOrEqual(300);
  });

  it('a joiner learns the group from one member', () => {
    const world = settled(6, 6);
    world.start('new', [VICTIM]);
    world.run(500);
    expect(world.node('new').detector.getAliveNodes()).toHaveLength(7);
  });
});

describe('SWIM §4.2: suspicion and incarnations', SLOW, () => {
  const alive = (refutation: number) => ({ incarnation: { boot: 1, refutation }, state: 'alive' as const });
  const failed = (refutation: number) => ({ incarnation: { boot: 1, refutation }, state: 'failed' as const });

  it('{Alive, i} overrides {Confirm, j} only with i > j; the paper never lets it, a healed partition must', () => {
    expect(compareClaims(alive(1), failed(1))).toBeLessThan(0);
    expect(compareClaims(alive(2), failed(1))).toBeGreaterThan(0);
  });

  it('{Confirm, i} overrides {Alive, j} with i ≥ j', () => {
    expect(compareClaims(failed(1), alive(1))).toBeGreaterThan(0);
    expect(compareClaims(failed(1), alive(0))).toBeGreaterThan(0);
    expect(compareClaims(failed(0), alive(1))).toBeLessThan(0);
  });

  it('a suspected member that answers in time is not failed', () => {
    const world = settled(5, 7);
    world.stall(VICTIM, 2000);
    world.run(6000);
    expect(world.told('suspected', VICTIM).length).toBeGreaterThan(0);
    expect(world.told('alive', VICTIM).length).toBe(4);
    expect(world.told('failed')).toEqual([]);
  });

  it('only the member itself raises its incarnation', () => {
    const world = settled(5, 8);
    world.partition([VICTIM], world.up().slice(1));
    world.run(5000);
    const life = (viewer: string) => world.node(viewer).detector.member(VICTIM, world.now)?.incarnation;
    for (const viewer of world.up().slice(1)) expect(life(viewer)).toEqual({ boot: 1, refutation: 0 });
    world.heal();
    world.run(3000);
    expect(world.told('refuted').filter((s) => s.node === VICTIM)).toHaveLength(1);
    for (const viewer of world.up().slice(1)) expect(life(viewer)).toEqual({ boot: 1, refutation: 1 });
  });
});

describe('SWIM §4.3: time-bounded completeness', SLOW, () => {
  it('every member is probed within one period: silence is bounded for each, not only on average', () => {
    const world = settled(20, 9);
    for (let step = 0; step < 20; step++) {
      world.run(100);
      for (const viewer of world.up()) {
        for (const subject of world.node(viewer).detector.status(world.now).subjects) {
          const silence = world.node(viewer).detector.member(subject, world.now)?.silenceMs ?? Number.NaN;
          expect(silence).toBeLessThan(2 * 550);
        }
      }
    }
  });
});

describe('Lifeguard §IV: local health', SLOW, () => {
  it('LHA-Suspicion: an unwell member suspects later', () => {
    const detect = (lagMs: number): number => {
      const world = settled(3, 10);
      for (let second = 0; second < 8; second++) {
        world.input(nodeName(2), { kind: 'lag', ms: lagMs });
        world.run(1000);
      }
      world.input(nodeName(2), { kind: 'lag', ms: lagMs });
      const at = world.now;
      world.silence(VICTIM);
      world.cut([nodeName(3)], [nodeName(2)]);
      world.run(2900);
      return (
        world.told('suspected', VICTIM, at).find((s) => s.node === nodeName(2))?.at ??
        Number.POSITIVE_INFINITY
      );
    };
    expect(detect(500)).toBeGreaterThan(detect(0) + 200);
  });

  it('buddy system: the suspect hears it from the accuser first', () => {
    const world = settled(5, 11);
    world.cut([VICTIM], [nodeName(2)]);
    world.run(3000);
    expect(world.node(VICTIM).detector.status(world.now).ownHealth).toBeGreaterThan(0);
  });
});

describe('Rapid §4.2: almost-everywhere agreement', SLOW, () => {
  it('fewer than H of K observers remove nobody, and it is reported', () => {
    const world = settled(20, 12);
    const { observers } = world.node(VICTIM).detector.status(world.now);
    world.cut([VICTIM], observers.slice(0, 6));
    world.run(20_000);
    expect(world.told('failed')).toEqual([]);
    expect(world.told('degraded', VICTIM).length).toBe(19);
  });
});
