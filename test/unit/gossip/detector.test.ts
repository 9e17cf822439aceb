/** One detector, input by input: what a member may do to the table of another. */
import { describe, expect, it } from 'vitest';
import { LIMITS, seededRandom } from '../../../src/base/index.ts';
import {
  type GossipBody,
  GossipFailureDetector,
  type GossipInput,
  type GossipOutput,
  type Incarnation,
  type MemberUpdate,
} from '../../../src/gossip/index.ts';
import { TOMBSTONE_MS } from '../../../src/gossip/suspicion.ts';

const FIRST: Incarnation = { boot: 1, refutation: 0 };

function update(nodeId: string, parts: Partial<MemberUpdate> = {}): MemberUpdate {
  const state = parts.state ?? 'alive';
  const cause = state === 'failed' ? 'silence' : null;
  return {
    nodeId,
    incarnation: FIRST,
    state,
    cause,
    ageS: 0,
    opinions: [],
    address: '',
    digest: null,
    ...parts,
  };
}

class Bench {
  readonly detector = new GossipFailureDetector({
    ...{ clusterId: 'c', nodeId: 'a', address: 'a:1', bootCounter: 4 },
    random: seededRandom(1),
  });
  now = 1000;

  constructor(others: readonly string[] = ['b', 'c', 'd', 'e']) {
    this.put({ kind: 'known', nodes: others.map((nodeId) => ({ nodeId, address: `${nodeId}:1` })) });
    for (const from of others) this.hear(from);
  }

  put(input: GossipInput): GossipOutput {
    const output = this.detector.handle(input, this.now);
    this.detector.check();
    return output;
  }

  hear(
    from: string,
    body: GossipBody = { kind: 'news' },
    updates: MemberUpdate[] = [],
    incarnation = FIRST,
  ): GossipOutput {
    return this.put({ kind: 'packet', from, message: { ...body, incarnation, updates } });
  }

  state(nodeId: string) {
    return this.detector.member(nodeId, this.now)?.state;
  }
}

describe('GossipFailureDetector', () => {
  it('answers a ping with an ack of the same number', () => {
    const { packets } = new Bench().hear('b', { kind: 'ping', sequence: 77, accused: false, rttMs: null });
    expect(packets.find((p) => p.to === 'b' && p.message.kind === 'ack')?.message).toMatchObject({
      sequence: 77,
    });
  });

  it('asks for a tick at once when it is new, and never after having left', () => {
    const bench = new Bench();
    expect(bench.put({ kind: 'lag', ms: 0 }).wakeAt).toBeLessThanOrEqual(bench.now);
    bench.put({ kind: 'leave' });
    for (let n = 0; n < 3; n++) bench.put({ kind: 'tick' });
    expect(bench.put({ kind: 'tick' }).wakeAt).toBe(Number.POSITIVE_INFINITY);
    expect(bench.detector.getAliveNodes()).not.toContain('a');
  });

  it('keeps a failed member failed against any word of that life or an earlier one', () => {
    const bench = new Bench();
    const life = { boot: 3, refutation: 2 };
    bench.hear('e', { kind: 'news' }, [], life);
    bench.put({ kind: 'evidence', nodeId: 'e', evidence: 'dead' });
    bench.put({ kind: 'evidence', nodeId: 'd', evidence: 'dead' });
    bench.put({ kind: 'evidence', nodeId: 'c', evidence: 'dead' });
    bench.put({ kind: 'evidence', nodeId: 'b', evidence: 'dead' });
    expect(bench.detector.detectFailures()).toEqual(['b', 'c', 'd', 'e']);
    bench.hear('b', { kind: 'news' }, [update('e', { incarnation: { boot: 3, refutation: 1 } })], {
      boot: 2,
      refutation: 0,
    });
    bench.hear('b', { kind: 'news' }, [update('e', { incarnation: life })], { boot: 2, refutation: 0 });
    bench.hear('e', { kind: 'ack', sequence: 0 }, [], life);
    expect(bench.state('e')).toBe('failed');
    bench.hear('b', { kind: 'news' }, [update('e', { incarnation: { boot: 3, refutation: 3 } })], {
      boot: 2,
      refutation: 0,
    });
    expect(bench.state('e')).toBe('alive');
  });

  it('tells a member that it holds for failed, so that it may refute', () => {
    const bench = new Bench(['b']);
    bench.put({ kind: 'evidence', nodeId: 'b', evidence: 'dead' });
    expect(bench.state('b')).toBe('failed');
    const { packets } = bench.hear('b', { kind: 'ping', sequence: 1, accused: false, rttMs: null });
    const told = packets.flatMap((p) => p.message.updates).find((u) => u.nodeId === 'b');
    expect(told).toMatchObject({ state: 'failed', incarnation: FIRST });
  });

  it('refutes with the next incarnation when it is called failed, and not when it is suspected', () => {
    const bench = new Bench();
    const own = { boot: 4, refutation: 0 };
    const accuse = update('a', { incarnation: own, opinions: [{ observer: 1, count: 1 }] });
    expect(bench.hear('b', { kind: 'news' }, [accuse]).events).toEqual([]);
    const { events, packets } = bench.hear('b', { kind: 'news' }, [
      update('a', { incarnation: own, state: 'failed' }),
    ]);
    expect(events).toContainEqual({ kind: 'refuted', incarnation: { boot: 4, refutation: 1 } });
    expect(packets.find((p) => p.to === 'b')?.message.incarnation).toEqual({ boot: 4, refutation: 1 });
  });

  it('goes beyond a later boot of itself and says that its counter is behind', () => {
    const { events } = new Bench().hear('b', { kind: 'news' }, [
      update('a', { incarnation: { boot: 9, refutation: 0 } }),
    ]);
    expect(events).toContainEqual({ kind: 'outdated-boot', boot: 9 });
    expect(events).toContainEqual({ kind: 'refuted', incarnation: { boot: 9, refutation: 1 } });
  });

  it('withdraws a vote at the first word of the member', () => {
    const bench = new Bench();
    bench.put({ kind: 'evidence', nodeId: 'b', evidence: 'dead' });
    expect(bench.detector.member('b', bench.now)?.accusedBy).toEqual(['a']);
    bench.hear('b');
    expect(bench.detector.member('b', bench.now)?.accusedBy).toEqual([]);
  });

  it('gives no verdict on the word of one other node', () => {
    const bench = new Bench();
    bench.hear('b', { kind: 'news' }, [update('c', { state: 'failed' })]);
    expect(bench.state('c')).toBe('alive');
  });

  it('says what it heard itself, and nothing of what others said', () => {
    const bench = new Bench();
    bench.now += 40;
    const answer = (subject: string) =>
      bench.hear('b', { kind: 'ask', subject }).packets.find((p) => p.message.kind === 'heard')?.message;
    expect(answer('c')).toMatchObject({ subject: 'c', agoMs: 40 });
    expect(answer('nobody')).toMatchObject({ agoMs: null });
  });

  it('takes the accusation of a living member for its own trouble, not that of a failed one', () => {
    const accusation = { kind: 'ping', sequence: 1, accused: true, rttMs: null } as const;
    const bench = new Bench(['b', 'c']);
    bench.put({ kind: 'evidence', nodeId: 'b', evidence: 'dead' });
    bench.put({ kind: 'evidence', nodeId: 'c', evidence: 'dead' });
    expect(bench.detector.detectFailures()).toEqual(['b', 'c']);
    bench.hear('b', accusation);
    expect(bench.detector.status(bench.now).ownHealth).toBe(0);
    // it refutes, and its next pings to the others may still be from before it heard of anybody
    const later = { boot: 1, refutation: 1 };
    bench.hear('b', accusation, [], later);
    expect(bench.state('b')).toBe('alive');
    expect(bench.detector.status(bench.now).ownHealth).toBe(0);
    bench.now += 1000;
    bench.hear('b', { ...accusation, accused: false }, [], later);
    const { ownHealth } = bench.detector.status(bench.now);
    bench.hear('b', accusation, [], later);
    expect(bench.detector.status(bench.now).ownHealth).toBe(ownHealth + 1);
  });

  it('reports a restart that nobody noticed as one', () => {
    const { events } = new Bench().hear('b', { kind: 'news' }, [], { boot: 2, refutation: 0 });
    expect(events).toContainEqual({
      kind: 'restarted',
      nodeId: 'b',
      from: 'alive',
      incarnation: { boot: 2, refutation: 0 },
    });
  });

  it('forgets and bars a node that is no longer on record', () => {
    const bench = new Bench();
    const { events } = bench.put({ kind: 'known', nodes: [{ nodeId: 'b', address: 'b:1' }] });
    expect(events.map((e) => e.kind)).toEqual(['forgotten', 'forgotten', 'forgotten']);
    bench.hear('c');
    bench.hear('b', { kind: 'news' }, [update('d')]);
    expect(bench.detector.getAliveNodes()).toEqual(['a', 'b']);
  });

  it('forgets the dead that are not on record after 24 h, counted from the death', () => {
    const bench = new Bench();
    bench.hear('b', { kind: 'news' }, [update('old', { state: 'failed', ageS: TOMBSTONE_MS / 1000 - 60 })]);
    expect(bench.state('old')).toBe('failed');
    bench.put({ kind: 'tick' });
    bench.now += 61_000;
    expect(bench.put({ kind: 'tick' }).events).toContainEqual({ kind: 'forgotten', nodeId: 'old' });
    bench.hear('b', { kind: 'news' }, [update('old', { state: 'failed', ageS: TOMBSTONE_MS / 1000 })]);
    expect(bench.state('old')).toBeUndefined();
  });

  it('judges nobody by a standstill of its own', () => {
    const bench = new Bench();
    bench.put({ kind: 'tick' });
    bench.now += 20_000;
    const { events } = bench.put({ kind: 'tick' });
    expect(events).toEqual([]);
    expect(bench.detector.status(bench.now).ownHealth).toBe(1);
    expect(bench.detector.getAliveNodes()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('keeps the newest digest by boot and sequence', () => {
    const bench = new Bench();
    const send = (boot: number, sequence: number) =>
      bench.hear('b', { kind: 'news' }, [
        update('c', { digest: { boot, sequence, bytes: new Uint8Array([sequence]) } }),
      ]);
    send(1, 5);
    send(1, 4);
    expect(bench.detector.member('c', bench.now)?.digest?.sequence).toBe(5);
    send(2, 1);
    expect(bench.detector.member('c', bench.now)?.digest?.boot).toBe(2);
  });

  it('keeps every packet within the limit for messages when asked for a large table', () => {
    const bench = new Bench(Array.from({ length: 400 }, (_, n) => `node-with-a-long-name-${n}`));
    const buckets = new Array<number>(64).fill(0);
    const { packets } = bench.hear('node-with-a-long-name-1', { kind: 'sync', buckets });
    expect(packets.length).toBeGreaterThan(2);
    for (const { message } of packets) {
      const bytes = message.updates.reduce((n, u) => n + u.nodeId.length + u.address.length + 10, 0);
      expect(bytes).toBeLessThan(LIMITS.maxGossipMessageBytes);
    }
  });
});
