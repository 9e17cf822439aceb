/**
 * What this node's Raft core says, as events for people. They carry no index: they are this node's own view.
 */
import type { NodeId, Timestamp } from '../src/base/index.ts';
import { type ClusterEvent, campaignWords } from '../src/cluster/index.ts';
import type { Membership, RaftEvent } from '../src/raft/index.ts';
import type { ElectionEvent, PreVoteAnswer } from './pre-votes.ts';

type OwnEvent = Omit<ClusterEvent, 'index'>;
type Wording = Pick<OwnEvent, 'kind' | 'message' | 'data'> & { readonly severity?: OwnEvent['severity'] };

function round(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}

function membershipText({ voters, outgoing, learners }: Membership): string {
  const names = (members: typeof voters): string => members.map((m) => m.nodeId).join(' ') || 'none';
  // the old voters have their say until the new ones are agreed on: most of them stay
  const change = outgoing.length === 0 ? '' : `changing from ${names(outgoing)} to `;
  return `voters ${change}${names(voters)}, learners ${names(learners)}`;
}

/** A change is told as it begins and when it is done: what lies between is neither. */
function membershipWording(event: Extract<RaftEvent, { kind: 'membership-changed' }>): Wording | null {
  const { index, committed, membership } = event;
  const isChanging = membership.outgoing.length > 0;
  if (isChanging === committed) return null;
  return { kind: 'membership-changed', message: membershipText(membership), data: { index, committed } };
}

const REFUSALS: Readonly<Record<string, string>> = {
  lease: 'it hears a leader',
  log: 'its own log has more',
  term: 'it knows a later term',
  voted: 'it has voted for another',
  'not-ready': 'it is not ready yet',
};

/** Why a vote is refused, in words. */
function refusalWords(refusal: string | null): string {
  return refusal === null ? '' : `: ${REFUSALS[refusal] ?? refusal}`;
}

function leaderWording(self: NodeId, leaderId: NodeId | null, term: number): Wording {
  if (leaderId === null) {
    const message = `${self} knows no leader (term ${term})`;
    return { kind: 'leader-lost', severity: 'warning', message, data: { term } };
  }
  const message = `${self} follows ${leaderId} in term ${term}`;
  return { kind: 'role-changed', message, data: { leader_id: leaderId, term } };
}

function campaignWording(self: NodeId, event: Extract<RaftEvent, { kind: 'campaign-started' }>): Wording {
  const silence = round(event.silenceMs);
  const heard = silence === null ? '' : `, last word of the leader ${silence} ms ago`;
  const { campaign, term } = event;
  // one that was handed leadership has begun its term and asks for votes at once
  const asks = campaign === 'transfer' ? `votes for term ${term}` : `pre-votes for term ${term + 1}`;
  const message = `${self} asks for ${asks} (${campaignWords(campaign, null)}${heard})`;
  const data = { campaign, term, silence_ms: silence };
  return { kind: 'campaign-started', message, data };
}

function preVoteWording(self: NodeId, { candidate, term, granted, refusal }: PreVoteAnswer): Wording {
  const word = granted ? `pre-votes for ${candidate} in` : `refuses ${candidate} a pre-vote for`;
  const data = { candidate, term, granted, refusal };
  const why = granted ? '' : refusalWords(refusal);
  return { kind: 'pre-vote', message: `${self} ${word} term ${term}${why}`, data };
}

function wording(self: NodeId, event: ElectionEvent): Wording | null {
  switch (event.kind) {
    case 'pre-vote':
      return preVoteWording(self, event);
    case 'role-changed': {
      const { role, term } = event;
      return { kind: 'role-changed', message: `${self} is ${role} in term ${term}`, data: { role, term } };
    }
    case 'leader-changed':
      // its role says so already
      if (event.leaderId === self) return null;
      return leaderWording(self, event.leaderId, event.term);
    case 'campaign-started':
      return campaignWording(self, event);
    case 'vote': {
      const { candidate, term, granted, refusal } = event;
      const word = granted ? `votes for ${candidate}` : `refuses ${candidate} a vote`;
      const data = { candidate, term, granted, refusal };
      const why = granted ? '' : refusalWords(refusal);
      return { kind: 'vote', message: `${self} ${word} in term ${term}${why}`, data };
    }
    case 'stepped-down': {
      const message = `${self} steps down: ${event.reason}`;
      return { kind: 'role-changed', severity: 'warning', message, data: { term: event.term } };
    }
    case 'membership-changed':
      return membershipWording(event);
    case 'hint-taken': {
      const { peer, rank } = event;
      const place = rank === 0 ? 'first' : `number ${rank + 1}`;
      const message = `${self} lost its connection to ${peer}, and is ${place} in line to stand`;
      return { kind: 'campaign-started', message, data: { peer, rank } };
    }
    case 'elected':
    case 'transfer-ended':
      return null; // elected: the replicated leader-elected says it; a transfer: its operation does
  }
}

/** The event for the stream, or null for what nobody watches. */
export function ownEvent(nodeId: NodeId, at: Timestamp, event: ElectionEvent): OwnEvent | null {
  const worded = wording(nodeId, event);
  return worded === null ? null : { severity: 'info', nodeId, at, ...worded };
}
