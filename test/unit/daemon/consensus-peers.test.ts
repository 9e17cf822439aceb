import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConsensusPeers, consensusPeers } from '../../../daemon/consensus-peers.ts';
import type { Membership, RaftMember } from '../../../src/raft/index.ts';

const member = (nodeId: string): RaftMember => ({
  nodeId,
  instanceId: `${nodeId}-i`,
  address: `${nodeId}:1`,
});
const membership = (voters: string[], learners: string[] = [], outgoing: string[] = []): Membership => ({
  ...{ voters: voters.map(member), learners: learners.map(member) },
  ...{ outgoing: outgoing.map(member), learnersNext: [] },
});
const MANY = membership(
  ['n1', 'n2', 'n3'],
  Array.from({ length: 10 }, (_, i) => `o${i}`),
);
const names = (peers: readonly { nodeId: string }[]): string => peers.map((p) => p.nodeId).join(' ');

describe('consensusPeers', () => {
  it('connects everybody with the voters, of both halves of a joint configuration', () => {
    expect(names(consensusPeers(MANY, 'n2', 0))).toBe('n1 n3');
    expect(names(consensusPeers(MANY, 'o3', 0))).toBe('n1 n2 n3');
    expect(names(consensusPeers(membership(['n2', 'n4'], ['o1'], ['n1', 'n2']), 'n1', 0))).toBe('n2 n4');
  });

  it('connects a leader with as many learners as are allowed', () => {
    expect(names(consensusPeers(MANY, 'n1', 2))).toBe('n2 n3 o0 o1');
  });

  it('measures the way between voters only', () => {
    expect(consensusPeers(MANY, 'n1', 1).map((p) => p.pings)).toEqual(['steady', 'steady', 'sparing']);
    expect(consensusPeers(MANY, 'o0', 0).map((p) => p.pings)).toEqual(['sparing', 'sparing', 'sparing']);
  });

  it('counts a voter that is to become a learner once', () => {
    const leaving = { ...membership(['n1', 'n2'], [], ['n1', 'n2', 'n3']), learnersNext: [member('n3')] };
    expect(names(consensusPeers(leaving, 'n1', 9))).toBe('n2 n3');
  });
});

describe('ConsensusPeers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('dials the learners of a new leader a few at a time, and gives them up with the lead', () => {
    const set: number[] = [];
    const peers = new ConsensusPeers('n1', (wanted) => set.push(wanted.length));
    peers.follow(MANY, false);
    peers.follow(MANY, true);
    vi.runAllTimers();
    expect(set).toEqual([2, 6, 10, 12]);
    peers.follow(MANY, true);
    peers.follow(MANY, false);
    vi.runAllTimers();
    expect(set.slice(4)).toEqual([12, 2]);
  });

  it('leaves the seeds of a join alone before there is a membership', () => {
    const set: number[] = [];
    new ConsensusPeers('n9', (wanted) => set.push(wanted.length)).follow(membership([]), false);
    expect(set).toEqual([]);
  });
});
