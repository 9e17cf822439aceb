/**
 * The promises of failure detection at each size, in virtual time: FD1–FD7 (docs/detector.md)
 * on every scenario, with the invariants of oracle.ts watched in each, and no figure more
 * than a tenth off the stored one. `npm run detector` runs the same rows by hand.
 */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.ts';
import { GossipFailureDetector } from '../../src/gossip/index.ts';
import { Agenda } from './agenda.ts';
import { differences } from './baseline.ts';
import { quantile } from './measures.ts';
import { CI, play } from './plan.ts';
import type { Row } from './row.ts';
import { swarm } from './swarm.ts';
import { findings } from './targets.ts';
import { type FlowPort, TcpFlow } from './tcp-flow.ts';
import { nameOf, World } from './world.ts';

const SLOW = { timeout: 1_200_000 };

function rowsOf(nodes: number, scenarios: readonly string[] = [], lane: 'h2' | 'udp' = 'h2'): Row[] {
  return play({
    ...{ sizes: [nodes], scenarios, lanes: [lane] },
    effort: 'brief',
    isWhole: false,
    seeds: [],
    onRow: () => {},
  });
}

function expectPromises(rows: readonly Row[]): void {
  expect(findings(rows).filter((f) => !f.isMet && !f.isKnown)).toEqual([]);
  expect(differences(rows)).toEqual({ lines: [], missing: [], notStored: [] });
}

describe('the failure detector keeps FD1–FD7', SLOW, () => {
  it.each(CI.filter(({ lane }) => lane === 'h2'))('with $nodes nodes', ({ nodes, scenarios }) => {
    const rows = rowsOf(nodes, scenarios);
    expect(rows.length).toBeGreaterThan(nodes <= 100 ? 11 : 6);
    expectPromises(rows);
  });

  it('with probes in datagrams: nobody is called failed at 30 % loss, however few there are', () => {
    const parts = CI.filter(({ lane }) => lane === 'udp');
    expect(parts).toHaveLength(3);
    expectPromises(parts.flatMap(({ nodes, scenarios }) => rowsOf(nodes, scenarios, 'udp')));
  });
});

describe('Oracle', SLOW, () => {
  it('agrees with every detector after a minute of drawn faults, and all agree with each other', () => {
    // 14 once left two nodes suspecting each other for ever: the withdrawal was lost with a connection
    const drawn = [14, ...Array.from({ length: 17 }, (_, n) => n + 100)].map((seed) => swarm(seed));
    const kinds = new Set(drawn.flatMap((run) => run.faults));
    expect([...kinds].sort()).toEqual(['cut one way', 'heal', 'kill', 'loss', 'silence', 'stall', 'zone']);
    expect(Math.max(...drawn.map((run) => run.healedMs))).toBeLessThanOrEqual(5000);
  });
});

describe('World', SLOW, () => {
  it('does the same to the byte for the same seed, and not for another', () => {
    const hashes = [5, 5, 6].map((seed) => swarm(seed).traceHash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
    const rows = [1, 2].map(() => rowsOf(16, ['churn'])[0]?.traceHash);
    expect(rows[0]).toBe(rows[1]);
  });

  it('lends rows that make no difference: neighbours are those of a detector that learned all by name', () => {
    const world = new World({ nodes: 60, seed: 1, lane: 'h2', onEvent: () => {} });
    world.run(1000);
    const records = world.nodes.map((n) => ({ nodeId: n.nodeId, address: n.address }));
    for (const { nodeId, address, detector } of world.nodes) {
      const learned = new GossipFailureDetector({
        ...{ clusterId: 'c', nodeId, address, bootCounter: 1 },
        random: seededRandom(1),
      });
      learned.handle({ kind: 'known', nodes: records }, 0);
      expect([...learned.neighbours()].sort()).toEqual([...detector.neighbours()].sort());
      expect(detector.getAliveNodes()).toHaveLength(60);
      detector.check();
    }
    expect(nameOf(0)).toBe('n0001');
  });
});

describe('TcpFlow', () => {
  /** A line each 500 ms on one connection for 150 s; how late each was. */
  function latenesses(loss: number, seed: number): number[] {
    const agenda = new Agenda();
    const late: number[] = [];
    let now = 0;
    let expected = 0;
    let sent = 0;
    const port: FlowPort = { agenda, random: seededRandom(seed), now: () => now, sent: () => {} };
    const path = { forwardLoss: () => loss, backwardLoss: () => loss, delayMs: () => 0.2 };
    const flow = new TcpFlow(path, port);
    const send = (): void => {
      const at = now;
      const number = sent++;
      flow.send(50, () => {
        expect(number).toBe(expected++);
        late.push(now - at);
      });
      agenda.add(now + 500, send);
    };
    agenda.add(0, send);
    while (agenda.next < 150_000) {
      now = agenda.next;
      agenda.take()();
    }
    return late;
  }

  it('delivers in order, at once without loss and late with it, as late as Linux does', () => {
    const whole = latenesses(0, 1);
    expect(whole).toHaveLength(300);
    expect(Math.max(...whole)).toBeLessThan(1);
    // Linux 6.18, 12 connections, 30 % each way: p50 0.2 s, p90 6.5 s, p99 39 s; a heavy tail, so wide bounds
    const late = Array.from({ length: 72 }, (_, seed) => latenesses(0.3, seed)).flat();
    expect(quantile(late, 0.5)).toBeLessThan(500);
    expect(quantile(late, 0.9)).toBeGreaterThan(3000);
    expect(quantile(late, 0.9)).toBeLessThan(13_000);
    expect(quantile(late, 0.99)).toBeGreaterThan(20_000);
    expect(quantile(late, 0.99)).toBeLessThan(80_000);
  });
});
