/**
 * A node that reaches no majority: who is missing, since when, and what that means here, in
 * words. A leader in that place has given up by itself, a follower finds none. Pure.
 */
import { type Duration, formatDuration, type NodeId } from '../src/base/index.ts';
import type { RaftStatus } from '../src/raft/index.ts';

export interface Isolation {
  readonly sinceMs: Duration;
  readonly reached: readonly NodeId[];
  readonly missing: readonly NodeId[];
  readonly voters: number;
  readonly needs: number;
}

export interface IsolationFacts {
  readonly self: NodeId;
  readonly raft: Pick<RaftStatus, 'leaderId' | 'membership'>;
  readonly leaderlessMs: Duration;
  readonly memberOf: (
    nodeId: NodeId,
  ) => { readonly liveness: string; readonly silenceMs: Duration | null } | undefined;
}

/** A member that was silent for longer does not count as reached, whatever gossip still hopes. */
const SILENT_MS = 1500;

/** Null while there is a leader, or a majority to elect one. */
export function isolationOf({ self, raft, leaderlessMs, memberOf }: IsolationFacts): Isolation | null {
  const voters = raft.membership.voters.map((v) => v.nodeId);
  if (raft.leaderId !== null || voters.length === 0) return null;
  const isReached = (id: NodeId): boolean => {
    if (id === self) return true;
    const member = memberOf(id);
    return member?.liveness === 'alive' && member.silenceMs !== null && member.silenceMs < SILENT_MS;
  };
  const reached = voters.filter(isReached).sort();
  const needs = Math.floor(voters.length / 2) + 1;
  if (reached.length >= needs) return null;
  const missing = voters.filter((id) => !isReached(id)).sort();
  return { sinceMs: leaderlessMs, reached, missing, voters: voters.length, needs };
}

/** One sentence: from whom, since when, why nothing is written here, and what works. */
export function isolationText({ sinceMs, reached, missing, voters, needs }: Isolation): string {
  const whom = `cut off from ${missing.join(', ')} since ${formatDuration(sinceMs)}`;
  const why = `${reached.length} of ${voters} voters reached, needs ${needs}`;
  return `${whom}: ${why}; writes and linearizable reads are refused here; --stale reads work`;
}
