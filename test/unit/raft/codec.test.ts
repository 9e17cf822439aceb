import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeEntries,
  decodeMembership,
  decodeMessages,
  encodeEntries,
  encodeMembership,
  encodeMessages,
  type LogEntry,
  type Membership,
  type RaftMember,
  type RaftMessage,
} from '../../../src/raft/index.ts';

const index = fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 });
const text = fc.string({ maxLength: 60, unit: 'grapheme' });
const ms = fc.double({ min: 0, max: 1e9, noNaN: true, noDefaultInfinity: true });
const position = fc.record({ term: index, index });
const data = fc.uint8Array({ maxLength: 200 });
const entry: fc.Arbitrary<LogEntry> = fc.record({
  term: index,
  index,
  kind: fc.constantFrom('noop', 'config', 'membership', 'command', 'sql'),
  timestamp: ms,
  data,
});
const member: fc.Arbitrary<RaftMember> = fc.record({ nodeId: text, instanceId: text, address: text });
const members = fc.array(member, { maxLength: 4 });
const membership: fc.Arbitrary<Membership> = fc.record({
  voters: members,
  outgoing: members,
  learners: members,
  learnersNext: members,
});
const meta = fc.record({ term: index, index, id: text, membership, membershipIndex: index, size: index });
const refusal = fc.constantFrom(null, 'lease', 'log', 'term', 'voted', 'not-ready');
const reason = fc.constantFrom('timeout', 'hint', 'transfer');
const granted = fc.boolean();
const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

const body = fc.oneof(
  fc.record({ kind: kind('pre-vote'), campaign: index, last: position, reason }),
  fc.record({
    kind: kind('pre-vote-response'),
    campaign: index,
    granted,
    refusal,
    retryAfterMs: ms,
    silenceMs: fc.option(ms),
  }),
  fc.record({ kind: kind('vote'), last: position, reason }),
  fc.record({ kind: kind('vote-response'), granted, refusal }),
  fc.record({
    kind: kind('append'),
    prev: position,
    entries: fc.array(entry, { maxLength: 5 }),
    commit: index,
    round: index,
    session: index,
  }),
  fc.record({
    kind: kind('append-response'),
    accepted: fc.boolean(),
    index,
    hint: position,
    appliedIndex: index,
    round: index,
    session: index,
  }),
  fc.record({
    kind: kind('heartbeat'),
    commit: index,
    round: index,
    session: index,
    ranks: fc.array(text, { maxLength: 7 }),
  }),
  fc.record({
    kind: kind('heartbeat-response'),
    round: index,
    session: index,
    appliedIndex: index,
    loopLagMs: ms,
    diskLatencyMs: ms,
  }),
  fc.record({ kind: kind('snapshot'), meta, session: index }),
  fc.record({ kind: kind('timeout-now'), expectedLast: position }),
  fc.record({ kind: kind('read-index'), requestId: index }),
  fc.record({ kind: kind('read-index-response'), requestId: index, index: fc.option(index) }),
  fc.record({ kind: kind('bye') }),
);
const message: fc.Arbitrary<RaftMessage> = fc
  .tuple(fc.record({ from: text, to: text, fromInstance: text, toInstance: text, term: index }), body)
  .map(([envelope, rest]) => ({ ...envelope, ...rest }));
const messages = fc.array(message, { maxLength: 5 });

describe('codec', () => {
  it('encodeMessages and decodeMessages are inverse for every kind', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(messages, (list) => {
        for (const m of list) seen.add(m.kind);
        expect(decodeMessages(encodeMessages(list))).toEqual({ ok: true, value: list });
      }),
      { numRuns: 500 },
    );
    expect(seen.size).toBe(13);
  });

  it('encodeEntries and encodeMembership have their inverse too', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), membership, (entries, who) => {
        expect(decodeEntries(encodeEntries(entries))).toEqual({ ok: true, value: entries });
        expect(decodeMembership(encodeMembership(who))).toEqual({ ok: true, value: who });
      }),
    );
  });

  it('refuses every beginning of a payload, and every payload with something behind it', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 2 }), fc.nat(), (list, at) => {
        const bytes = encodeMessages(list);
        expect(decodeMessages(bytes.subarray(0, at % bytes.length)).ok).toBe(false);
        expect(decodeMessages(new Uint8Array([...bytes, 0])).ok).toBe(false);
      }),
    );
  });

  it('answers any bytes with a value or a reason and never throws', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      // with the right version in front, and real payloads with a byte changed
      fc.uint8Array({ maxLength: 400 }).map((bytes) => new Uint8Array([1, ...bytes])),
      fc.tuple(messages, fc.nat(), fc.nat(255)).map(([list, at, value]) => {
        const bytes = encodeMessages(list);
        bytes[at % bytes.length] = value;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        for (const decode of [decodeMessages, decodeEntries, decodeMembership]) {
          expect(typeof decode(bytes).ok).toBe('boolean');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reserves nothing for a count that the bytes cannot hold', () => {
    expect(decodeEntries(new Uint8Array([1, 255, 255, 255, 255]))).toEqual({
      ok: false,
      reason: 'entries are cut off or damaged',
    });
    expect(decodeMessages(new Uint8Array([1, 255, 255, 255, 255])).ok).toBe(false);
  });

  it('refuses another version by name', () => {
    expect(decodeMessages(new Uint8Array([2]))).toEqual({
      ok: false,
      reason: 'messages of an unknown version',
    });
  });
});
