import { describe, expect, it } from 'vitest';
import { ownEvent } from '../../../daemon/raft-events.ts';

describe('ownEvent', () => {
  const said = (campaign: 'hint' | 'timeout' | 'transfer', silenceMs: number | null) =>
    ownEvent('n2', 0, { kind: 'campaign-started', campaign, term: 4, silenceMs })?.message;

  it('names who would elect whom, before it does', () => {
    const answer = { kind: 'pre-vote', term: 5, candidate: 'n2', granted: true, refusal: null } as const;
    expect(ownEvent('n3', 0, answer)).toMatchObject({
      ...{ kind: 'pre-vote', severity: 'info', message: 'n3 pre-votes for n2 in term 5' },
      data: { candidate: 'n2', term: 5, granted: true },
    });
    expect(ownEvent('n3', 0, { ...answer, granted: false, refusal: 'lease' })?.message).toBe(
      'n3 refuses n2 a pre-vote for term 5: it hears a leader',
    );
    const vote = { ...answer, kind: 'vote', granted: false } as const;
    const why = (refusal: 'voted' | 'term' | 'log' | 'not-ready') =>
      ownEvent('n3', 0, { ...vote, refusal })?.message;
    expect(why('voted')).toBe('n3 refuses n2 a vote in term 5: it has voted for another');
    expect(why('term')).toBe('n3 refuses n2 a vote in term 5: it knows a later term');
    expect(why('log')).toBe('n3 refuses n2 a vote in term 5: its own log has more');
    expect(why('not-ready')).toBe('n3 refuses n2 a vote in term 5: it is not ready yet');
  });

  it('says why a node stands for election, and what it asks for, in words', () => {
    expect(said('hint', 150.04)).toBe(
      'n2 asks for pre-votes for term 5 (leader connection lost, last word of the leader 150 ms ago)',
    );
    expect(said('timeout', null)).toBe('n2 asks for pre-votes for term 5 (no leader heard)');
    // it skips the pre-vote, and its term has begun
    expect(said('transfer', 3)).toBe(
      'n2 asks for votes for term 4 (transfer, last word of the leader 3 ms ago)',
    );
  });

  it('tells of who leads once, and of a place in line in words', () => {
    const role = ownEvent('n2', 0, { kind: 'role-changed', role: 'leader', term: 4 });
    expect(role?.message).toBe('n2 is leader in term 4');
    const follows = (leaderId: string) =>
      ownEvent('n2', 0, { kind: 'leader-changed', leaderId, term: 4 })?.message;
    expect(follows('n2'), 'not that it follows itself').toBeUndefined();
    expect(follows('n3')).toBe('n2 follows n3 in term 4');
    const lost = (rank: number) => ownEvent('n2', 0, { kind: 'hint-taken', peer: 'n1', rank })?.message;
    expect(lost(0)).toBe('n2 lost its connection to n1, and is first in line to stand');
    expect(lost(1)).toBe('n2 lost its connection to n1, and is number 2 in line to stand');
  });

  it('tells of a change of voters once as it begins and once as it is done, and calls nobody leaving', () => {
    const members = (ids: string) =>
      ids.split(' ').map((nodeId) => ({ nodeId, instanceId: `i-${nodeId}`, address: `${nodeId}:1` }));
    const said = (outgoing: string, committed: boolean) => {
      const learners = { learners: [], learnersNext: [] };
      const membership = { voters: members('n1 n2 n3'), ...learners };
      const before = outgoing === '' ? [] : members(outgoing);
      return ownEvent('n1', 0, {
        ...{ kind: 'membership-changed', index: 9, committed },
        membership: { ...membership, outgoing: before },
      })?.message;
    };
    const told = [said('n1 n2', false), said('n1 n2', true), said('', false), said('', true)];
    expect(told).toEqual([
      'voters changing from n1 n2 to n1 n2 n3, learners none',
      undefined,
      undefined,
      'voters n1 n2 n3, learners none',
    ]);
  });
});
