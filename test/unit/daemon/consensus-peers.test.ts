import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConsensusPeers, consensusPeers } from '../../../daemon/consensus-peers.ts';
import type { Membership, RaftMember } from '../../../src/raft/index.ts';
import type { PeerAddress } from '../../../src/rpc/index.ts';

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

  it('keeps lines for entries where they may be sent: from voters, and from a leader to everybody', () => {
    const purposes = (self: string, learners: number) =>
      new Set(consensusPeers(MANY, self, learners).map((p) => p.purposes));
    expect(purposes('n1', 0)).toEqual(new Set([undefined]));
    expect(purposes('n1', 2)).toEqual(new Set([undefined]));
    expect(purposes('o0', 0)).toEqual(new Set([['control']]));
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
    const setPeers = (wanted: readonly unknown[]): void => void set.push(wanted.length);
    const peers = new ConsensusPeers('n1', { setPeers, callers: () => [] }, []);
    peers.follow(MANY, false);
    peers.follow(MANY, true);
    vi.runAllTimers();
    expect(set).toEqual([2, 6, 10, 12]);
    peers.follow(MANY, true);
    peers.follow(MANY, false);
    vi.runAllTimers();
    expect(set.slice(4)).toEqual([12, 2]);
  });

  it('dials three seeds of the join and whoever calls, for words alone, until there is a membership', () => {
    const set: string[] = [];
    const callers: { nodeId: string; address: string }[] = [];
    const seeds = ['n1', 'n2', 'n3', 'n4', 'n5'].map((nodeId) => ({ nodeId, address: `${nodeId}:0` }));
    const setPeers = (wanted: readonly PeerAddress[]): void =>
      void set.push(wanted.map((p) => `${p.nodeId} ${p.purposes ?? 'all'}`).join(', '));
    const peers = new ConsensusPeers('n9', { setPeers, callers: () => callers }, seeds);
    peers.follow(membership([]), false);
    callers.push({ nodeId: 'n5', address: 'n5:1' });
    peers.called('n5');
    expect(set).toEqual([
      'n1 control, n2 control, n3 control',
      'n1 control, n2 control, n3 control, n5 control',
    ]);
    peers.follow(membership(['n4', 'n5'], ['n9']), false);
    expect(set[2]).toBe('n4 control, n5 control');
    peers.follow(membership(['n4', 'n5', 'n9']), false);
    expect(set[3]).toBe('n4 all, n5 all');
  });

  it('answers a caller that is no member: it may lead, and have joined while this node was away', () => {
    const set: string[] = [];
    const callers = [{ nodeId: 'n1', address: 'elsewhere:1' }];
    const setPeers = (wanted: readonly PeerAddress[]): void =>
      void set.push(wanted.map((p) => `${p.nodeId}@${p.address}`).join(' '));
    const peers = new ConsensusPeers('n3', { setPeers, callers: () => callers }, []);
    peers.follow(membership(['n1', 'n2', 'n3']), false);
    peers.called('n1');
    callers.push({ nodeId: 'n4', address: 'n4:7' });
    peers.called('n4');
    peers.follow(membership(['n1', 'n3', 'n4']), false);
    expect(set).toEqual(['n1@n1:1 n2@n2:1', 'n1@n1:1 n2@n2:1 n4@n4:7', 'n1@n1:1 n4@n4:1']);
  });
});
