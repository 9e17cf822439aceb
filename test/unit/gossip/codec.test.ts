import { describe, expect, it } from 'vitest';
import { between, LIMITS, pick, type Random, seededRandom } from '../../../src/base/index.ts';
import { SYNC_BUCKETS, updateBytes } from '../../../src/gossip/codec.ts';
import {
  decodeGossip,
  encodeGossip,
  type GossipBody,
  type GossipMessage,
  type MemberUpdate,
} from '../../../src/gossip/index.ts';

function anyUpdate(random: Random): MemberUpdate {
  const big = (): number => Math.floor(random.next() ** 4 * Number.MAX_SAFE_INTEGER);
  const state = pick(random, ['alive', 'failed', 'left'] as const);
  return {
    nodeId: `n${big()}`,
    incarnation: { boot: big(), refutation: big() },
    state,
    cause: state === 'failed' ? pick(random, ['process-death', 'silence', 'told'] as const) : null,
    ageS: big(),
    opinions: Array.from({ length: between(random, 0, LIMITS.maxGossipOpinions) }, () => ({
      observer: Math.floor(random.next() * 2 ** 32),
      count: big(),
    })),
    address: random.next() < 0.5 ? '' : `host-${big()}:5433`,
    digest:
      random.next() < 0.5
        ? null
        : { boot: big(), sequence: big(), bytes: new Uint8Array(between(random, 0, 4096)).fill(7) },
  };
}

const BODIES: readonly GossipBody[] = [
  { kind: 'ping', sequence: 300, accused: true, rttMs: 0.25 },
  { kind: 'ping', sequence: 1, accused: false, rttMs: null },
  { kind: 'ack', sequence: 0 },
  { kind: 'ask', subject: 'n2' },
  { kind: 'heard', subject: 'n2', agoMs: 120 },
  { kind: 'heard', subject: 'n2', agoMs: null },
  { kind: 'news' },
  { kind: 'sync', buckets: Array.from({ length: SYNC_BUCKETS }, (_, i) => (i * 0x9e3779b1) >>> 0) },
  { kind: 'delta', wanted: [0, 5, 63] },
];

describe('encodeGossip', () => {
  it('comes back as it was, for every kind of message', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 200; round++) {
      const body = pick(random, BODIES);
      const updates = Array.from({ length: between(random, 0, 3) }, () => anyUpdate(random));
      const message: GossipMessage = { ...body, incarnation: { boot: 3, refutation: 1 }, updates };
      const decoded = decodeGossip(encodeGossip(message));
      expect(decoded).toEqual({ ok: true, message });
    }
  });

  it.each([Number.POSITIVE_INFINITY, Number.NaN, 2 ** 60])('writes no counter that is %s', (ageS) => {
    const update: MemberUpdate = { ...anyUpdate(seededRandom(1)), ageS };
    const message: GossipMessage = {
      kind: 'news',
      incarnation: { boot: 1, refutation: 0 },
      updates: [update],
    };
    expect(() => encodeGossip(message)).toThrow('is no counter');
    expect(() => updateBytes(update)).toThrow('is no counter');
  });

  it('makes an idle probe of at most 12 bytes', () => {
    const message: GossipMessage = {
      ...{ kind: 'ping', sequence: 100_000, accused: false, rttMs: 0.4 },
      incarnation: { boot: 12, refutation: 0 },
      updates: [],
    };
    expect(encodeGossip(message).length).toBeLessThanOrEqual(12);
  });
});

describe('updateBytes', () => {
  it('is what an update takes', () => {
    const random = seededRandom(2);
    const empty = { kind: 'news', incarnation: { boot: 1, refutation: 0 } } as const;
    for (let round = 0; round < 300; round++) {
      const update = anyUpdate(random);
      const taken =
        encodeGossip({ ...empty, updates: [update] }).length - encodeGossip({ ...empty, updates: [] }).length;
      expect(updateBytes(update)).toBe(taken);
    }
  });
});

describe('decodeGossip', () => {
  const random = seededRandom(3);
  const sample = (): Uint8Array<ArrayBuffer> =>
    encodeGossip({
      ...pick(random, BODIES),
      incarnation: { boot: 3, refutation: 1 },
      updates: [anyUpdate(random)],
    });

  it('refuses every truncation of a message', () => {
    for (let round = 0; round < 20; round++) {
      const bytes = sample();
      for (let end = 0; end < Math.min(bytes.length, 200); end++) {
        expect(decodeGossip(bytes.subarray(0, end)).ok).toBe(false);
      }
    }
  });

  it('gives a message or a reason for any bytes, never an exception', () => {
    for (let round = 0; round < 5000; round++) {
      const bytes = random.next() < 0.5 ? new Uint8Array(between(random, 0, 80)) : sample();
      for (let flips = between(random, 1, 8); flips > 0 && bytes.length > 0; flips--) {
        bytes[between(random, 0, bytes.length - 1)] = between(random, 0, 255);
      }
      const decoded = decodeGossip(bytes);
      if (decoded.ok) expect(decodeGossip(encodeGossip(decoded.message)).ok).toBe(true);
      else expect(decoded.reason).not.toBe('');
    }
  });

  it('refuses trailing bytes, another version, and more than a message may hold', () => {
    const bytes = sample();
    expect(decodeGossip(new Uint8Array([...bytes, 0])).ok).toBe(false);
    expect(decodeGossip(new Uint8Array([2, ...bytes.subarray(1)]))).toEqual({
      ok: false,
      reason: 'unknown version 2',
    });
    expect(decodeGossip(new Uint8Array(LIMITS.maxGossipMessageBytes + 1)).ok).toBe(false);
  });

  it('refuses a hostile count without reserving memory for it', () => {
    expect(decodeGossip(new Uint8Array([1, 4, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f])).ok).toBe(false);
  });
});
