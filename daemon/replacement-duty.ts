/** What the leader knows of dead voters and of spares, and the operation that follows. Pure. */
import { LIMITS, type NodeId, type Timestamp } from '../src/base/index.ts';
import {
  type ClusterCommand,
  type ClusterState,
  type NodeFact,
  OPERATION_PHASES,
  type ReplacementFacts,
  type ReplacementPolicy,
  type ReplacementVerdict,
  replacementDue,
  type SpareFact,
} from '../src/cluster/index.ts';
import type { RaftStatus } from '../src/raft/index.ts';

interface Seen {
  readonly liveness: NodeFact['liveness'];
  readonly digest: { readonly health: NodeFact['health'] } | null;
}

/** `memberOf`: what gossip knows of a node, the leader itself included. */
export interface ReplacementSources {
  readonly raft: Pick<RaftStatus, 'role' | 'membership' | 'membershipCommitted' | 'peers'>;
  readonly memberOf: (nodeId: NodeId) => Seen | undefined;
}

export function replacementFacts({ raft, memberOf }: ReplacementSources): ReplacementFacts {
  const { voters, outgoing, learners } = raft.membership;
  const spares = learners.map(({ nodeId }): SpareFact => {
    const member = memberOf(nodeId);
    const peer = raft.peers.find((p) => p.nodeId === nodeId);
    return {
      nodeId,
      liveness: member?.liveness ?? 'unknown',
      health: member?.digest?.health ?? 'UNKNOWN',
      // only the leader knows; what another one says of it has no word on that
      caughtUpMs: raft.role === 'leader' ? (peer?.caughtUpMs ?? null) : Number.POSITIVE_INFINITY,
    };
  });
  const ids = [...new Set([...voters, ...outgoing].map((v) => v.nodeId))];
  return {
    voters: ids,
    membershipSettled: raft.membershipCommitted && outgoing.length === 0,
    spares,
    stableMs: LIMITS.spareStableMs,
    alive: new Set(ids.filter((id) => memberOf(id)?.liveness === 'alive')),
  };
}

/** Begins the replacement that the policy wants now, with all that was weighed. */
export function replacementCommand(
  verdict: ReplacementVerdict,
  { cluster, policy, id }: { cluster: ClusterState; policy: ReplacementPolicy; id: string },
): ClusterCommand[] {
  if (verdict.kind !== 'due') return [];
  const { from, to, candidates } = verdict;
  const since = cluster.nodes[from]?.livenessSince ?? 0;
  const limit = `membership.replace_dead_voter_after is ${policy.replaceDeadVoterAfterMs / 1000} s`;
  const reason = `${from} is dead since ${new Date(since).toISOString()}, ${limit}`;
  const phase = OPERATION_PHASES['replace-voter'][0] as string;
  const operation = { id, kind: 'replace-voter', from, to, reason, forMs: null, candidates, phase } as const;
  return [{ kind: 'operation-begin', operation }];
}

/** The verdict of the policy in words, for status; null = it has nothing to say. */
export function replacementWords(
  cluster: ClusterState,
  policy: ReplacementPolicy,
  sources: ReplacementSources,
  now: Timestamp,
): string | null {
  const verdict = replacementDue(cluster, policy, replacementFacts(sources), now);
  if (verdict.kind === 'none') return null;
  if (verdict.kind === 'due') {
    const when = sources.raft.role === 'leader' ? '' : ' when it has caught up';
    return `${verdict.to} takes the vote of ${verdict.from}${when}`;
  }
  return `${verdict.nodeId} keeps its vote for now: ${verdict.why}`;
}
