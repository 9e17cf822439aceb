/** The small parts: precedence, opinions, thresholds, own health, the queue of news, buckets, one edge. */
import { describe, expect, it } from 'vitest';
import { LIMITS, seededRandom, shuffle } from '../../../src/base/index.ts';
import { Awareness } from '../../../src/gossip/awareness.ts';
import { SYNC_BUCKETS, updateBytes } from '../../../src/gossip/codec.ts';
import { FAN_OUT, NewsQueue, PRIORITY } from '../../../src/gossip/dissemination.ts';
import { MEMBER_TRANSITIONS, thresholds, timingFor } from '../../../src/gossip/index.ts';
import {
  compareClaims,
  newMember,
  PART_ALL,
  PART_OPINIONS,
  updateOf,
} from '../../../src/gossip/member-list.ts';
import { levelAt, newEdge, riseAt, silenceMs } from '../../../src/gossip/observe.ts';
import { widenedSuspectMs } from '../../../src/gossip/suspicion.ts';
import { bucketHashes, differingBuckets } from '../../../src/gossip/sync.ts';
import { levelOf, mergeOpinions, tally, withLevel } from '../../../src/gossip/votes.ts';

const STATES = ['alive', 'failed', 'left'] as const;
const INCARNATIONS = [
  { boot: 1, refutation: 0 },
  { boot: 1, refutation: 1 },
  { boot: 2, refutation: 0 },
];

describe('compareClaims', () => {
  it('orders by boot, then refutation, then state, for every pair', () => {
    const claims = INCARNATIONS.flatMap((incarnation) => STATES.map((state) => ({ incarnation, state })));
    claims.forEach((a, i) => {
      claims.forEach((b, j) => {
        expect(Math.sign(compareClaims(a, b))).toBe(Math.sign(i - j));
      });
    });
  });
});

describe('MEMBER_TRANSITIONS', () => {
  it('never lets a member that left turn failed or suspect', () => {
    expect(MEMBER_TRANSITIONS.left).toEqual(['alive']);
    expect(MEMBER_TRANSITIONS.failed).not.toContain('suspect');
  });
});

describe('withLevel', () => {
  it('moves only forward, and by less than four', () => {
    for (let count = 0; count < 40; count++) {
      for (const level of [0, 1, 2, 3] as const) {
        const moved = withLevel(count, level);
        expect(levelOf(moved)).toBe(level);
        expect(moved - count).toBeGreaterThanOrEqual(0);
        expect(moved - count).toBeLessThan(4);
      }
    }
  });
});

describe('mergeOpinions', () => {
  it('comes to the same in any order, doubled or not', () => {
    const random = seededRandom(1);
    const words = Array.from({ length: 30 }, (_, i) => ({ observer: i % 7, count: (i * 5) % 13 }));
    const merged = (list: typeof words): Map<number, number> => {
      const into = new Map<number, number>();
      mergeOpinions(into, list);
      return into;
    };
    const sorted = (m: Map<number, number>) => [...m].sort(([a], [b]) => a - b);
    const expected = sorted(merged(words));
    for (let round = 0; round < 50; round++) {
      expect(sorted(merged(shuffle(random, [...words, ...words])))).toEqual(expected);
    }
  });

  it('keeps at most the limit', () => {
    const into = new Map<number, number>();
    mergeOpinions(
      into,
      Array.from({ length: 100 }, (_, observer) => ({ observer, count: 1 })),
    );
    expect(into.size).toBe(LIMITS.maxGossipOpinions);
  });
});

describe('thresholds', () => {
  it('is ⌈0.3·k⌉ and ⌈0.7·k⌉, at least one, never more than k', () => {
    const rows = [1, 2, 3, 4, 5, 7, 10].map((k) => [k, thresholds(k).low, thresholds(k).high]);
    expect(rows).toEqual([
      [1, 1, 1],
      [2, 1, 2],
      [3, 1, 3],
      [4, 2, 3],
      [5, 2, 4],
      [7, 3, 5],
      [10, 3, 7],
    ]);
  });
});

describe('tally', () => {
  it('counts the live observers only', () => {
    const opinions = new Map([
      [1, 2],
      [2, 2],
      [3, 1],
      [9, 2],
    ]);
    const observers = [1, 2, 3, 4].map((key) => ({ nodeId: `n${key}`, key }));
    expect(tally(opinions, observers)).toMatchObject({
      votes: ['n1', 'n2'],
      suspects: ['n1', 'n2', 'n3'],
      failed: false,
      suspected: true,
      hard: false,
    });
    expect(tally(opinions, observers.slice(0, 2))).toMatchObject({ failed: true, live: 2 });
    expect(tally(opinions, [])).toMatchObject({ failed: false, suspected: false });
  });
});

describe('levelAt', () => {
  const limits = { suspectMs: 800, voteMs: 3000 };

  it('suspects at S1 and votes at S2 of own silence', () => {
    const edge = newEdge(0);
    expect([799, 800, 2999, 3000].map((now) => levelAt(edge, 0, now, limits))).toEqual([0, 1, 1, 2]);
    expect(riseAt(edge, 0, 10, limits)).toBe(800);
    expect(riseAt(edge, 0, 900, limits)).toBe(3000);
    expect(riseAt(edge, 0, 3000, limits)).toBe(Number.POSITIVE_INFINITY);
  });

  it('counts no silence from before the watch began, nor own standstills', () => {
    const edge = newEdge(5000);
    edge.allowanceMs = 2000;
    expect(silenceMs(edge, null, 7500)).toBe(500);
    expect(levelAt(edge, 100, 7500, limits)).toBe(0);
  });

  it('holds a vote back while a helper heard the subject, and keeps the suspicion', () => {
    const edge = newEdge(0);
    edge.indirectAt = 2500;
    expect(levelAt(edge, 0, 5000, limits)).toBe(1);
    expect(levelAt(edge, 0, 5500, limits)).toBe(2);
  });

  it('votes at once on hard evidence', () => {
    const edge = newEdge(0);
    edge.hard = true;
    expect(levelAt(edge, 10, 11, limits)).toBe(3);
  });
});

describe('Awareness', () => {
  it('stays within 0 and 8, counts each trouble once a second, and recovers a step in two', () => {
    const health = new Awareness();
    health.worse('stall', 0);
    health.worse('stall', 500);
    expect(health.value).toBe(1);
    for (let at = 1000; at < 30_000; at += 1000) health.worse('stall', at);
    expect(health.value).toBe(8);
    health.recover(29_000 + 6500);
    expect(health.value).toBe(5);
    health.recover(100_000);
    expect(health.value).toBe(0);
    expect(health.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('widens S1 and never up to S2', () => {
    for (const members of [3, 12, 100, 9000]) {
      const timing = timingFor(members);
      expect(widenedSuspectMs(timing, 0)).toBe(timing.suspectMs);
      expect(widenedSuspectMs(timing, 8)).toBeLessThan(timing.voteMs);
    }
  });
});

describe('NewsQueue', () => {
  const describeMember = (nodeId: string, parts: number) => updateOf(newMember(nodeId, ''), parts, 0);

  it('sends each item three rounds, a digest one, 100 ms apart, the most important first', () => {
    const news = new NewsQueue();
    news.add('digest', PRIORITY.metadata, 0);
    news.add('death', PRIORITY.end, 0);
    news.add('vote', PRIORITY.vote, PART_OPINIONS);
    const rounds = [0, 50, 100, 200, 300, 400].map((now) =>
      news.takeRound(now, 4, describeMember).map((u) => u.nodeId),
    );
    const facts = ['death', 'vote'];
    expect(rounds).toEqual([[...facts, 'digest'], [], facts, facts, [], []]);
    expect(news.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  const heavy = (nodeId: string) => ({
    ...describeMember(nodeId, 0),
    digest: { boot: 1, sequence: 1, bytes: new Uint8Array(LIMITS.maxGossipDigestBytes) },
  });

  it('keeps to the batch and, in every second from the first on, to the bytes of one', () => {
    const news = new NewsQueue();
    for (let n = 0; n < 100; n++) news.add(`n${n}`, PRIORITY.metadata, 4);
    const spent: number[] = [];
    // an hour of quiet before saves up no more than a moment of it
    for (let now = 3_600_000; now < 3_605_000; now += 100) {
      const round = news.takeRound(now, 4, heavy);
      expect(round.length).toBeLessThanOrEqual(2);
      let bytes = round.reduce((sum, update) => sum + 4 * updateBytes(update), 0);
      // and synchronisation takes what is left
      while (news.spend(now, 500)) bytes += 500;
      spent.push(bytes);
    }
    const seconds = spent.slice(9).map((_, n) => spent.slice(n, n + 10).reduce((a, b) => a + b));
    expect(Math.max(...seconds)).toBeLessThanOrEqual(LIMITS.maxGossipBytesPerSecond);
    // nor is much of it left unused when there is always something to say
    const mean = spent.reduce((a, b) => a + b) / 5;
    expect(mean).toBeGreaterThan(0.8 * LIMITS.maxGossipBytesPerSecond);
  });

  it('has room for the longest digest to a whole round, or it would stand before all others for ever', () => {
    const news = new NewsQueue();
    news.add('n'.repeat(63), PRIORITY.metadata, PART_ALL);
    const longest = (nodeId: string) => ({ ...heavy(nodeId), address: 'a'.repeat(262) });
    expect(news.takeRound(0, FAN_OUT, longest)).toHaveLength(1);
  });
});

describe('bucketHashes', () => {
  const claims = Array.from({ length: 500 }, (_, n) => ({
    nodeId: `n${n}`,
    incarnation: { boot: 1, refutation: 0 },
    state: 'alive' as const,
    opinions: new Map<number, number>(),
  }));

  it('is the same in any order and differs in one bucket when one member differs', () => {
    const hashes = bucketHashes(claims);
    expect(hashes).toHaveLength(SYNC_BUCKETS);
    expect(bucketHashes([...claims].reverse())).toEqual(hashes);
    const changed = claims.map((c, n) => (n === 7 ? { ...c, state: 'failed' as const } : c));
    expect(differingBuckets(bucketHashes(changed), hashes)).toHaveLength(1);
  });

  it('differs when an accusation is known here only, and not when a withdrawal is', () => {
    const known = (count: number) =>
      bucketHashes(claims.map((c, n) => (n === 7 ? { ...c, opinions: new Map([[5, count]]) } : c)));
    expect(differingBuckets(known(1), bucketHashes(claims))).toHaveLength(1);
    expect(differingBuckets(known(1), known(2))).toHaveLength(1);
    expect(differingBuckets(known(4), bucketHashes(claims))).toEqual([]);
  });
});
