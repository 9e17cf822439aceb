/**
 * Majorities and joint majorities, as pure maths over member lists.
 *
 * Knows no terms, logs or time. The one idea: a joint configuration is two
 * majorities at once, so every question is asked of both halves, and the weaker
 * answer counts (Raft §6). An empty half has no objections.
 */
import type { NodeId } from '../base/index.ts';
import type { RaftMember } from './types.ts';

/** The two halves that count; `outgoing` is empty outside a joint configuration. */
export interface Electorate {
  readonly voters: readonly RaftMember[];
  readonly outgoing: readonly RaftMember[];
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** How many of `n` voters make a majority. */
export function majority(n: number): number {
  return Math.floor(n / 2) + 1;
}

/** Where `majorityValue` sorts: it is asked at every step of a leader, and leaves no garbage. */
const sorted: number[] = [];

/** The largest value that a majority of `members` has reached; +∞ for no members. */
function majorityValue(members: readonly RaftMember[], measure: (id: NodeId) => number): number {
  if (members.length === 0) return Number.POSITIVE_INFINITY;
  // an insertion sort of a handful of numbers, largest first; what stands behind `count` is old
  let count = 0;
  for (const member of members) {
    const value = measure(member.nodeId);
    let at = count++;
    while (at > 0 && (sorted[at - 1] as number) < value) {
      sorted[at] = sorted[at - 1] as number;
      at--;
    }
    sorted[at] = value;
  }
  return sorted[majority(count) - 1] as number;
}

/**
 * The largest value that every needed majority has reached: a commit index, a
 * read round, an instant of last contact.
 */
export function quorumValue(electorate: Electorate, measure: (id: NodeId) => number): number {
  return Math.min(majorityValue(electorate.voters, measure), majorityValue(electorate.outgoing, measure));
}

function majorityVote(
  members: readonly RaftMember[],
  voteOf: (id: NodeId) => boolean | undefined,
): VoteResult {
  if (members.length === 0) return 'won';
  let granted = 0;
  let refused = 0;
  for (const m of members) {
    const vote = voteOf(m.nodeId);
    if (vote === true) granted++;
    else if (vote === false) refused++;
  }
  const needed = majority(members.length);
  if (granted >= needed) return 'won';
  return refused > members.length - needed ? 'lost' : 'pending';
}

/** The result of an election: won needs both halves, lost needs one. */
export function voteResult(electorate: Electorate, voteOf: (id: NodeId) => boolean | undefined): VoteResult {
  const incoming = majorityVote(electorate.voters, voteOf);
  const outgoing = majorityVote(electorate.outgoing, voteOf);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}
