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
      'n3 refuses (lease) n2 a pre-vote for term 5',
    );
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
});
