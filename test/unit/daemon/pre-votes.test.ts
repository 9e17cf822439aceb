import { describe, expect, it } from 'vitest';
import { PreVotes } from '../../../daemon/pre-votes.ts';
import type { RaftMessage } from '../../../src/raft/index.ts';

const envelope = { fromInstance: 'a', toInstance: 'b' };
const last = { index: 9, term: 4 };

function asked(from: string, term: number): RaftMessage {
  return { ...envelope, kind: 'pre-vote', from, to: 'n3', term, campaign: 1, last, reason: 'hint' };
}

function answered(to: string, refusal: 'lease' | 'log' | null = null, term = 4): RaftMessage {
  const answer = { campaign: 1, granted: refusal === null, refusal, retryAfterMs: 0, silenceMs: 7 };
  return { ...envelope, ...answer, kind: 'pre-vote-response', from: 'n3', to, term };
}

const vote: RaftMessage = { ...envelope, kind: 'vote', from: 'n3', to: 'n1', term: 5, last, reason: 'hint' };

describe('PreVotes', () => {
  const granted = { kind: 'pre-vote', granted: true, refusal: null };

  it('tells whom this node would elect, for the term that was asked for', () => {
    const preVotes = new PreVotes();
    preVotes.heard(asked('n1', 6));
    // an own question is none that is answered
    preVotes.heard(vote);
    expect(preVotes.answersIn([vote, answered('n1'), answered('n2', 'log')])).toEqual([
      { ...granted, candidate: 'n1', term: 7 },
      { kind: 'pre-vote', granted: false, refusal: 'log', candidate: 'n2', term: 5 },
    ]);
    expect(preVotes.answersIn([vote])).toEqual([]);
  });

  it('tells the same answer to the same question once, until somebody leads', () => {
    const preVotes = new PreVotes();
    const told = (...messages: RaftMessage[]) => preVotes.answersIn(messages).map((a) => [a.term, a.refusal]);
    preVotes.heard(asked('n1', 4));
    expect(told(answered('n1', 'lease'), answered('n1', 'lease'))).toEqual([[5, 'lease']]);
    expect(told(answered('n1', 'lease'))).toEqual([]);
    expect(told(answered('n1'))).toEqual([[5, null]]);
    preVotes.heard(asked('n1', 5));
    expect(told(answered('n1'))).toEqual([[6, null]]);
    expect(told(answered('n1'))).toEqual([]);
    preVotes.over();
    preVotes.heard(asked('n1', 5));
    expect(told(answered('n1'))).toEqual([[6, null]]);
  });
});
