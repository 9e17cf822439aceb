import { describe, expect, it } from 'vitest';
import { type Hearing, wordRefusal } from '../../../daemon/peer-words.ts';
import type { NodeClaim } from '../../../src/auth/index.ts';
import type { RaftMessage } from '../../../src/raft/index.ts';

const KINDS: readonly RaftMessage['kind'][] = [
  ...(['pre-vote', 'pre-vote-response', 'vote', 'vote-response', 'append', 'append-response'] as const),
  ...(['heartbeat', 'heartbeat-response', 'snapshot', 'timeout-now', 'bye'] as const),
  ...(['read-index', 'read-index-response'] as const),
];
const LEARNERS_WORDS = ['append-response', 'heartbeat-response', 'bye', 'read-index'];

const hearing = (changes: Partial<Hearing> = {}): Hearing => ({
  roster: {
    nodes: { n1: { suffrage: 'voter', keySha256: 'k1' }, o1: { suffrage: 'observer', keySha256: 'k2' } },
    removed: [],
    revoked: [],
  },
  members: new Set(['n1', 'n2', 'o1']),
  leaderId: 'n1',
  term: () => 7,
  ...changes,
});
const speaker = (nodeId: string, role: NodeClaim['role'] = 'voter'): NodeClaim => ({
  ...{ nodeId, role, keySha256: 'k' },
});
const heard = (at: Hearing, who: NodeClaim, term = 7, from = who.nodeId) =>
  KINDS.filter((kind) => wordRefusal(at, who, { from, kind, term }) === null);

describe('wordRefusal', () => {
  it('hears a voter on record in every kind, and only for itself', () => {
    expect(heard(hearing(), speaker('n1'), 9)).toEqual(KINDS);
    expect(heard(hearing(), speaker('n1'), 9, 'n2')).toEqual([]);
  });

  it('hears an observer only where it leads nobody, votes for nobody and moves no term', () => {
    expect(heard(hearing(), speaker('o1', 'observer')).sort()).toEqual([...LEARNERS_WORDS].sort());
    expect(heard(hearing(), speaker('o1', 'observer'), 8)).toEqual([]);
  });

  it('hears an observer that took a voter’s place by the record as a voter', () => {
    const o1 = { suffrage: 'observer', seat: 'voter', keySha256: 'k2' } as const;
    expect(
      heard(hearing({ roster: { nodes: { o1 }, removed: [], revoked: [] } }), speaker('o1', 'observer'), 9),
    ).toEqual(KINDS);
  });

  it('hears a member that the record does not name yet: membership is in force on append', () => {
    expect(heard(hearing(), speaker('n2'))).toEqual(KINDS);
  });

  it('hears a stranger only while it follows nobody else, so that a long absence can end', () => {
    expect(heard(hearing(), speaker('x'))).toEqual([]);
    expect(heard(hearing({ leaderId: null }), speaker('x'))).toEqual(KINDS);
    expect(heard(hearing({ leaderId: 'x' }), speaker('x'))).toEqual(KINDS);
    expect(heard(hearing({ roster: null }), speaker('x'))).toEqual(KINDS);
  });
});
