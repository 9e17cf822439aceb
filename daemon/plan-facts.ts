/** What the pure planners need to know of the world, from all that a node knows. */
import type { CandidateRow, PlanFacts } from '../src/cluster/index.ts';
import { candidateTable } from '../src/cluster/index.ts';
import { nodeRows, type ViewSources } from './node-view.ts';

/** What the sources do not hold. */
export interface LagScale {
  readonly replicaLagThresholdBytes: number;
  /** Estimated bytes of so many entries of the log. */
  readonly bytesOf: (entries: number | null) => number | null;
}

/** `writesWaiting`: what this node, where it leads, has taken and not answered yet. */
export function planFacts(
  sources: ViewSources,
  { replicaLagThresholdBytes, bytesOf }: LagScale,
  writesWaiting: number | null = null,
): PlanFacts {
  const { raft, minReplicas } = sources;
  const voters = [...raft.membership.voters, ...raft.membership.outgoing].map((v) => v.nodeId);
  return {
    leaderId: raft.leaderId,
    term: raft.term,
    voters: [...new Set(voters)],
    transferringTo: raft.transferringTo,
    membershipSettled: raft.membershipCommitted,
    lagThresholdBytes: replicaLagThresholdBytes,
    minReplicas,
    writesWaiting,
    nodes: nodeRows(sources).map((row) => ({
      nodeId: row.node_id,
      liveness: row.liveness,
      health: row.health,
      lagEntries: row.lag_entries,
      lagBytes: bytesOf(row.lag_entries),
      rttMs: row.rtt_ms,
      clockOffsetMs: row.clock_offset_ms ?? null,
      term: row.term,
      connections: row.active_connections,
    })),
  };
}

/** Who could lead now, and why not. */
export function candidatesNow(sources: ViewSources, scale: LagScale): CandidateRow[] {
  return candidateTable(sources.cluster, planFacts(sources, scale), sources.now);
}
