/**
 * Parsers of what strangers and peers send, 100,000 hostile inputs each: whole ones
 * with bytes changed, cut, doubled and joined with others. Each input gives a value or
 * a typed refusal, soon, and never anything that was not asked for.
 */
import { describe, expect, it } from 'vitest';
import { formatToken, parseToken } from '../../src/auth/index.ts';
import { between, LIMITS, pick, type Random, SqlccError, seededRandom } from '../../src/base/index.ts';
import { decodeGossip, encodeGossip, type GossipMessage, type MemberUpdate } from '../../src/gossip/index.ts';
import { createCsr, readCsr } from '../../src/pki/index.ts';
import {
  decodeEntries,
  decodeMembership,
  decodeMessages,
  encodeEntries,
  encodeMembership,
  encodeMessages,
  type LogEntry,
  type Membership,
  type RaftMessage,
} from '../../src/raft/index.ts';
import { encodeFrames, FrameReader } from '../../src/rpc/index.ts';
import { parseJson } from '../../src/rpc/json.ts';

const RUNS = 100_000;
const CSR_RUNS = 2000;
/** Of a single input, garbage collection included, by the processor's time: a busy machine has others. */
const SLOW_US = 500_000;
const INTERESTING = [0, 1, 0x7f, 0x80, 0xfe, 0xff] as const;

/** One to four changes of a whole input; others of the corpus are what it is joined with. */
function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = Uint8Array.from(pick(random, corpus));
  for (let left = between(random, 1, 4); left > 0; left--) {
    const at = between(random, 0, Math.max(0, bytes.length - 1));
    switch (between(random, 0, 5)) {
      case 0:
        bytes[at] = between(random, 0, 255);
        break;
      case 1:
        bytes.fill(pick(random, INTERESTING), at, at + pick(random, [1, 2, 4, 8]));
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(between(random, 0, at)));
        break;
      case 4: {
        const other = pick(random, corpus);
        bytes = joined(bytes.subarray(0, at), other.subarray(between(random, 0, other.length)));
        break;
      }
      default: {
        const noise = Uint8Array.from({ length: between(random, 0, 64) }, () => between(random, 0, 255));
        bytes = joined(joined(bytes.subarray(0, at), noise), bytes.subarray(at));
      }
    }
  }
  return bytes;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Runs `parse` on hostile inputs; it answers what is wrong about its own answer, or null. */
function storm(seed: number, corpus: readonly Uint8Array[], parse: (bytes: Uint8Array) => string | null) {
  const random = seededRandom(seed);
  const wrong: string[] = [];
  for (let run = 0; run < RUNS && wrong.length < 5; run++) {
    const bytes = mutate(random, corpus);
    const began = process.threadCpuUsage();
    let objection: string | null;
    try {
      objection = parse(bytes);
    } catch (error) {
      objection = `threw ${(error as Error).name}: ${(error as Error).message}`;
    }
    if (process.threadCpuUsage(began).user > SLOW_US) objection ??= 'slow';
    if (objection !== null) wrong.push(`${objection} at ${Buffer.from(bytes).toString('hex').slice(0, 400)}`);
  }
  expect(wrong).toEqual([]);
}

const text = (s: string) => new TextEncoder().encode(s);
const entry = (index: number, data: string): LogEntry => ({
  ...{ term: 3, index, kind: 'sql', timestamp: 1.7e12, data: new TextEncoder().encode(data) },
});
const member = (nodeId: string) => ({ nodeId, instanceId: `disk-${nodeId}`, address: '10.0.0.1:5435' });
const membership: Membership = {
  voters: ['n1', 'n2', 'n3'].map(member),
  outgoing: [member('n4')],
  learners: [],
  learnersNext: [member('n5')],
};
const envelope = { from: 'n1', to: 'n2', fromInstance: 'a', toInstance: 'b', term: 3 };
const position = { term: 3, index: 9 };
const messages: readonly RaftMessage[] = [
  { ...envelope, kind: 'pre-vote', campaign: 1, last: position, reason: 'hint' },
  { ...envelope, kind: 'vote-response', granted: false, refusal: 'log' },
  {
    ...{ ...envelope, kind: 'append', prev: position, commit: 8, round: 4, session: 2 },
    entries: [entry(10, 'INSERT'), entry(11, '')],
  },
  { ...envelope, kind: 'heartbeat', commit: 9, round: 5, session: 2, ranks: ['n2', 'n3'] },
  {
    ...{ ...envelope, kind: 'snapshot', session: 2 },
    meta: { term: 3, index: 9, id: 's-9', membership, membershipIndex: 1, size: 4096 },
  },
  { ...envelope, kind: 'timeout-now', expectedLast: position },
];

describe('100,000 hostile inputs', () => {
  it('of FrameReader give frames within the limit or a refusal, whole or in pieces', () => {
    const corpus = [
      encodeFrames([{ type: 1, payload: text('hello') }]),
      encodeFrames([
        { type: 0, payload: new Uint8Array(0) },
        { type: 255, payload: new Uint8Array(300) },
      ]),
    ];
    storm(1, corpus, (bytes) => {
      const limit = 1024;
      const cut = bytes.length >> 1;
      const read = (pieces: readonly Uint8Array[]): string => {
        const reader = new FrameReader(limit);
        try {
          const frames = pieces.flatMap((piece) => reader.push(piece));
          if (frames.some((f) => f.payload.length > limit)) return 'a frame over the limit';
          const total = frames.reduce((n, f) => n + f.payload.length + 5, 0) + reader.held;
          return `${frames.map((f) => `${f.type}:${f.payload.length}`).join()} ${total}`;
        } catch (error) {
          if (error instanceof SqlccError && error.code === 'invalid_argument') return 'refused';
          throw error;
        }
      };
      const whole = read([bytes]);
      if (whole === 'a frame over the limit') return whole;
      const pieces = read([bytes.subarray(0, cut), bytes.subarray(cut)]);
      return whole === pieces ? null : `${whole} whole, ${pieces} in pieces`;
    });
  }, 120_000);

  it('of the Raft decoders give what encodes to the same again, or a reason', () => {
    const encoded = [...messages.map((m) => encodeMessages([m])), encodeMessages(messages)];
    storm(2, encoded, (bytes) => {
      const decoded = decodeMessages(bytes);
      if (!decoded.ok) return decoded.reason === '' ? 'no reason' : null;
      return decodeMessages(encodeMessages(decoded.value)).ok ? null : 'decodes once only';
    });
    storm(3, [encodeEntries([entry(1, 'a'), entry(2, 'bb')]), encodeEntries([])], (bytes) => {
      const decoded = decodeEntries(bytes);
      if (!decoded.ok) return decoded.reason === '' ? 'no reason' : null;
      const held = decoded.value.reduce((n, e) => n + e.data.length, 0);
      return held <= bytes.length ? null : 'more data than came';
    });
    storm(4, [encodeMembership(membership)], (bytes) => {
      const decoded = decodeMembership(bytes);
      return decoded.ok || decoded.reason !== '' ? null : 'no reason';
    });
  }, 120_000);

  it('of decodeGossip give a message within its limits, or a reason', () => {
    const update: MemberUpdate = {
      ...{
        nodeId: 'n2',
        incarnation: { boot: 3, refutation: 1 },
        state: 'failed',
        cause: 'silence',
        ageS: 4,
      },
      ...{ opinions: [{ observer: 77, count: 5 }], address: '10.0.0.2:5433' },
      digest: { boot: 3, sequence: 9, bytes: text('{"health":"HEALTHY"}') },
    };
    const common = { incarnation: { boot: 3, refutation: 1 }, updates: [update] };
    const whole: readonly GossipMessage[] = [
      { ...common, kind: 'ping', sequence: 300, accused: true, rttMs: 0.25 },
      { ...common, kind: 'heard', subject: 'n2', agoMs: 120 },
      { ...common, kind: 'delta', wanted: [0, 5, 63] },
      { ...common, kind: 'news', updates: [update, update] },
    ];
    storm(5, whole.map(encodeGossip), (bytes) => {
      const decoded = decodeGossip(bytes);
      if (!decoded.ok) return decoded.reason === '' ? 'no reason' : null;
      const { updates } = decoded.message;
      if (updates.some((u) => (u.digest?.bytes.length ?? 0) > LIMITS.maxGossipDigestBytes))
        return 'a digest over the limit';
      return updates.some((u) => u.opinions.length > LIMITS.maxGossipOpinions)
        ? 'opinions over the limit'
        : null;
    });
  }, 120_000);

  it('of parseToken and parseJson give a value or a reason, and reach no prototype', () => {
    const secret = 'A'.repeat(43);
    const tokens = [
      formatToken({ kind: 'access', id: 'abcd1234', secret }),
      formatToken({ kind: 'join', id: 'abcd1234', secret, caFingerprint: 'ab'.repeat(32) }),
    ].map(text);
    storm(6, tokens, (bytes) => {
      const parsed = parseToken(Buffer.from(bytes).toString('latin1'));
      if (!parsed.ok) return parsed.reason === '' ? 'no reason' : null;
      return parseToken(formatToken(parsed.token)).ok ? null : 'parses once only';
    });
    const documents = [
      '{"statements":[{"sql":"SELECT 1","params":[1,null,"x",{"base64":"AA=="}]}],"level":"none"}',
      '{"__proto__":{"isAdmin":true},"a":{"constructor":{"prototype":{"isAdmin":true}}}}',
      '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]',
      '{"kind":"remove-node","node_id":"n1","\\u005f_proto__":{"isAdmin":true}}',
    ].map(text);
    const visit = (value: unknown): boolean =>
      typeof value === 'object' &&
      value !== null &&
      (Object.getOwnPropertyNames(value).some((k) => k === '__proto__' || k === 'constructor') ||
        Object.values(value).some(visit));
    storm(7, documents, (bytes) => {
      const parsed = parseJson(Buffer.from(bytes).toString());
      if (!parsed.ok) return parsed.reason === '' ? 'no reason' : null;
      return visit(parsed.value) ? 'a banned key' : null;
    });
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  }, 120_000);
});

it('readCsr answers 2,000 damaged requests with a key or a refusal', async () => {
  const made = await Promise.all([createCsr('n1'), createCsr('n2')]);
  const ders = made.map(({ csrPem }) => Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
  const random = seededRandom(8);
  let refused = 0;
  for (let run = 0; run < CSR_RUNS; run++) {
    const body = Buffer.from(mutate(random, ders)).toString('base64');
    const read = await readCsr(
      `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`,
    );
    if ('refused' in read) refused++;
  }
  // only a change that put the same byte back, or that fell behind the end, leaves a request whole
  expect(refused).toBeGreaterThan(CSR_RUNS * 0.95);
}, 120_000);
