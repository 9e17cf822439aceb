/** The judges of the detector's rows: each claim must be able to say no. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.ts';
import {
  decodeGossip,
  encodeGossip,
  GossipFailureDetector,
  type MemberEvent,
  type MemberUpdate,
} from '../../src/gossip/index.ts';
import { differences, figuresOf } from './baseline.ts';
import { Measures } from './measures.ts';
import { chosen, isOfCi, type Plan, play } from './plan.ts';
import type { Row } from './row.ts';
import { scenariosFor } from './scenarios.ts';
import type { SimNode } from './sim-node.ts';
import { findings } from './targets.ts';
import { nameOf, World } from './world.ts';

function row(parts: Partial<Row>): Row {
  const spread = { p50: 1, p99: 1, max: 1 };
  const times = { firstSuspectMs: spread, firstFailedMs: spread, allKnowMs: spread, healedMs: spread };
  const false_ = { falseSuspectPerNodeHour: 0, falseFailedPerNodeHour: 0, falseFailed: 0, refutations: 0 };
  const load = { bytesPerS: { mean: 1, p99: 1, max: 1 }, bytesPeak: 1, newsPeak: 1, messagesPerS: 1 };
  const rest = {
    queueMax: 0,
    neighboursMax: 1,
    connectionsMax: 2,
    traceHash: '',
    packets: 1,
    eventsPerS: 1,
    wallS: 0,
    cpuS: 0,
  };
  const head = { nodes: 100, scenario: 'idle', lane: 'h2', seeds: 1, virtualS: 20 } as const;
  return { ...head, ...times, ...false_, ...load, ...rest, unknown: 0, unstableS: 0, ...parts };
}

/** What is said of a row: by target, `met`, `known` or `missed`. */
function said(parts: Partial<Row>, target: string): string[] {
  const found = findings([row(parts)]).filter((f) => f.target === target);
  expect(found.length).toBeGreaterThan(0);
  return found.map((f) => (f.isMet ? 'met' : f.isKnown ? 'known' : 'missed'));
}

describe('findings', () => {
  const late = { p50: 1, p99: 99_999, max: 99_999 };
  const cases: readonly (readonly [string, string, Partial<Row>])[] = [
    ['FD1', 'late', { scenario: 'kill', allKnowMs: late }],
    ['FD1', 'that somebody never knew', { scenario: 'kill', unknown: 1 }],
    ['FD1', 'that somebody never knew in churn', { scenario: 'churn', unknown: 1 }],
    ['FD2', 'late', { scenario: 'silent', allKnowMs: late, firstSuspectMs: late }],
    ['FD3', 'one false word', { scenario: 'clock-jumps', falseFailed: 1 }],
    ['FD3', 'one false word at 30 % loss among five', { scenario: 'loss-30', nodes: 5, falseFailed: 1 }],
    ['FD3', 'more false words of three than are known', { scenario: 'loss-30', nodes: 3, falseFailed: 3 }],
    ['FD4', 'a standstill that is not forgotten', { scenario: 'stall-one', healedMs: late }],
    ['FD4', 'a long cut that does not heal', { scenario: 'zone-1h', healedMs: null }],
    ['FD5', 'much at rest', { bytesPerS: { mean: 10_001, p99: 1, max: 1 } }],
    ['FD5', 'one node that sends more than the cap', { bytesPerS: { mean: 1, p99: 1, max: 70_000 } }],
    ['FD5', 'more news than the cap in one second', { newsPeak: 65_537 }],
    ['FD6', 'many neighbours', { neighboursMax: 27 }],
    ['FD6', 'many connections', { connectionsMax: 57 }],
    ['FD7', 'late', { scenario: 'join-one', healedMs: late }],
  ];

  it.each(cases)('%s is missed: %s', (target, _, parts) => {
    expect(said(parts, target)).toContain('missed');
  });

  it('tell a promise that is known to be missed from one that is met, and from a worse miss', () => {
    expect(said({ neighboursMax: 20, connectionsMax: 20 }, 'FD6')).toEqual(['met', 'met']);
    expect(said({ neighboursMax: 22, connectionsMax: 44 }, 'FD6')).toEqual(['known', 'known']);
    const three = { scenario: 'loss-30', nodes: 3, virtualS: 7200 } as const;
    expect(said({ ...three, falseFailed: 2 }, 'FD3')).toEqual(['known']);
    expect(said({ ...three, falseFailed: 12 }, 'FD3')).toEqual(['missed']);
    expect(said({ ...three, lane: 'udp', falseFailed: 1 }, 'FD3')).toEqual(['missed']);
  });
});

describe('differences', () => {
  const KEY = '100 idle h2 1 seeds 20 s';
  /** What is stored of `row(parts)`, as it would be read. */
  const storedOf = (parts: Partial<Row> = {}) => ({ [KEY]: figuresOf(row(parts)) });

  it('names a row that is compared with nothing: as missing where npm test plays it, else as not stored', () => {
    const text = (key: string) => [`${key}: not stored, compared with nothing`];
    expect(differences([row({})], true, {})).toEqual({ lines: [], missing: text(KEY), notStored: [] });
    const none = { lines: [], missing: [] };
    expect(differences([row({ nodes: 77 })])).toEqual({
      ...none,
      notStored: text('77 idle h2 1 seeds 20 s'),
    });
    expect(differences([row({})], false, {})).toEqual({ ...none, notStored: text(KEY) });
    expect(isOfCi({ nodes: 100, scenario: 'loss-80', lane: 'h2' })).toBe(false);
  });

  it('names a figure that a stored row lacks', () => {
    const { queueMax: _, ...rest } = figuresOf(row({}));
    const { missing } = differences([row({})], true, { [KEY]: rest });
    expect(missing).toEqual([`${KEY}: not stored: queueMax`]);
  });

  const at = (p50: number, p99 = p50, max = p99) => ({ p50, p99, max });
  const moves: readonly (readonly [string, Partial<Row>, Partial<Row>])[] = [
    // a tenth, or what is too little to matter
    ['allKnowMs max', { allKnowMs: at(81) }, { allKnowMs: at(81, 81, 90) }],
    ['allKnowMs p50', { allKnowMs: at(81, 99) }, { allKnowMs: at(91, 99) }],
    ['firstSuspectMs p99', { firstSuspectMs: at(700, 740, 800) }, { firstSuspectMs: at(700, 820, 820) }],
    ['healedMs max', { healedMs: at(130) }, { healedMs: at(130, 130, 160) }],
    [
      'bytesPerS mean',
      { bytesPerS: { mean: 3474, p99: 1, max: 1 } },
      { bytesPerS: { mean: 3830, p99: 1, max: 1 } },
    ],
    [
      'bytesPerS p99',
      { bytesPerS: { mean: 1, p99: 300, max: 1 } },
      { bytesPerS: { mean: 1, p99: 340, max: 1 } },
    ],
    ['refutations', { refutations: 4 }, { refutations: 6 }],
    ['unstableS', { unstableS: 1 }, { unstableS: 1.3 }],
    ['queueMax', { queueMax: 3 }, { queueMax: 5 }],
  ];
  it.each(moves)('names %s that moved by more than a tenth, and none that did not', (name, before, after) => {
    expect(differences([row(before)], true, storedOf(before)).lines).toEqual([]);
    const { lines } = differences([row(after)], true, storedOf(before));
    expect(lines.some((line) => line.startsWith(`100 idle h2: ${name} was `))).toBe(true);
  });
});

describe('Measures.follow', () => {
  it('waits for each who was there at the end, and for nobody who ended since', () => {
    const measures: Measures = new Measures(() => world);
    const world = new World({ nodes: 5, seed: 1, lane: 'h2', onEvent: () => {} });
    const [victim, other, ...rest] = world.nodes as [SimNode, SimNode, ...SimNode[]];
    const told = (viewer: SimNode): void =>
      measures.onEvent(viewer, { kind: 'failed', nodeId: victim.nodeId, cause: 'silence' } as MemberEvent);
    measures.follow(victim, [other, ...rest]);
    for (const viewer of rest) told(viewer);
    expect(measures.stories[0]?.allKnowAt).toBeNull();
    world.now = 5;
    measures.follow(other, rest);
    expect(measures.stories[0]?.allKnowAt).toBe(0);
    told(other);
    expect(measures.stories.map((s) => s.allKnowAt)).toEqual([0, null]);
  });
});

describe('chosen', () => {
  it('leaves out at a thousand what takes minutes, unless all or that row is asked for', () => {
    const count = (nodes: number, parts: Partial<Plan> = {}): number =>
      chosen(nodes, { scenarios: [], effort: 'brief', isWhole: false, ...parts }).length;
    expect(count(999)).toBe(scenariosFor(999).length);
    expect(count(1000)).toBe(8);
    expect(count(1000, { isWhole: true })).toBe(scenariosFor(1000).length);
    expect(count(1000, { effort: 'full' })).toBe(scenariosFor(1000).length);
    expect(count(1000, { scenarios: ['zone', 'die-30'] })).toBe(2);
    // an hour in which a third is cut off is not brief
    expect(count(3)).toBe(scenariosFor(3).length - 1);
  });
});

describe('scenarios', () => {
  it('of standstills leave somebody suspect at their end: there is something to heal', () => {
    const plan = {
      sizes: [3],
      lanes: ['h2'],
      effort: 'brief',
      isWhole: false,
      seeds: [1, 2],
      onRow: () => {},
    } as const;
    const rows = play({ ...plan, scenarios: ['stall-one', 'stall-observers'] });
    expect(rows.map((r) => (r.healedMs?.max ?? 0) > 0)).toEqual([true, true]);
  });
});

describe('GossipFailureDetector', () => {
  /** A detector that has heard of `members`, each with a last word of 150 bytes, as they come: decoded from bytes. */
  function knowing(members: number): GossipFailureDetector {
    const own = { clusterId: 'c', nodeId: nameOf(0), address: '10.0.0.1:1', bootCounter: 1 };
    const detector = new GossipFailureDetector({ ...own, random: seededRandom(1) });
    const incarnation = { boot: 1, refutation: 0 };
    for (let first = 1; first < members; first += 20) {
      const updates = Array.from({ length: Math.min(20, members - first) }, (_, n) => ({
        ...{ nodeId: nameOf(first + n), incarnation, state: 'alive', cause: null, ageS: 0, opinions: [] },
        ...{ address: `10.0.0.1:${first + n}`, digest: { boot: 1, sequence: 1, bytes: new Uint8Array(150) } },
      })) as MemberUpdate[];
      const decoded = decodeGossip(encodeGossip({ kind: 'news', incarnation, updates }));
      if (!decoded.ok) throw new Error(decoded.reason);
      detector.handle({ kind: 'packet', from: nameOf(1), message: decoded.message }, first);
    }
    return detector;
  }

  it('grows by no more than 2 MB for 1,000 members (promised and not kept: 1 MB)', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      // what finalizers hold goes with the second
      collect();
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    // what is made once and for all is made by the first
    const kept = [knowing(100)];
    const before = used();
    kept.push(knowing(4000));
    const perThousandMb = (used() - before) / 4e6;
    expect(kept[1]?.getAliveNodes().length).toBe(4000);
    expect(perThousandMb).toBeLessThan(2);
    // met at last: then say so here and in docs/detector.md
    expect(perThousandMb).toBeGreaterThan(1);
  });
});
