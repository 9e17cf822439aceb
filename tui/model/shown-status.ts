/** A status as it is shown, which is not always as a node told it: what others know better is put right. */
import type { StatusResponse } from '../feed/wire.ts';

/**
 * How far another node is behind only the leader knows. A follower compares what it heard of a log seconds
 * ago with the commit index of now: under load that names a lag where there is none. Its own it does know.
 */
export function knownLags(status: StatusResponse): StatusResponse {
  const { read } = status.cluster;
  const { leader_id: leader } = status.raft;
  if (leader === read.node_id) return status;
  const isKnown = (id: string): boolean => id === read.node_id || id === leader;
  const nodes = status.nodes.map((n) => (isKnown(n.node_id) ? n : { ...n, lag_entries: null }));
  return { ...status, nodes };
}

/** As a node says it of a cluster without a leader. */
export const NO_LEADER = 'no leader is known';

/** Health and reasons of before the news of who leads would contradict it until the next status. */
function withHealth(status: StatusResponse, leaderId: string | null): StatusResponse['cluster'] {
  const { cluster, isolation, raft } = status;
  if ((leaderId === null) === (raft.leader_id === null)) return cluster;
  if (leaderId === null) {
    const reasons = [NO_LEADER, ...cluster.reasons.filter((r) => r !== NO_LEADER)];
    return { ...cluster, health: 'critical', reasons };
  }
  const reasons = cluster.reasons.filter((r) => r !== NO_LEADER && r !== isolation?.text);
  return { ...cluster, health: reasons.length === 0 ? 'healthy' : 'degraded', reasons };
}

/** It is whoever leads, and its epoch the term; nobody is it while nobody leads, as nodes say. */
function withPrimary(
  { primary, raft }: StatusResponse,
  leaderId: string | null,
  term: number | null,
): StatusResponse['primary'] {
  // its entry may not be applied yet where the node that answers follows the new leader already
  const isTold = primary.node_id === leaderId || leaderId === null;
  if (leaderId === raft.leader_id && isTold) return primary;
  return { node_id: leaderId, epoch: leaderId === null ? primary.epoch : Math.max(primary.epoch, term ?? 0) };
}

/** A follower's word about itself may be a second old; who leads is known better. */
export function withLeader(
  status: StatusResponse,
  leaderId: string | null,
  term: number | null,
): StatusResponse {
  return {
    ...status,
    cluster: withHealth(status, leaderId),
    primary: withPrimary(status, leaderId, term),
    isolation: leaderId === null ? (status.isolation ?? null) : null,
    raft: { ...status.raft, leader_id: leaderId, term: Math.max(term ?? 0, status.raft.term) },
    nodes: status.nodes.map((node) => {
      if (node.node_id === leaderId) return { ...node, role: 'leader', state: 'LEADER', term };
      return node.role === 'leader' ? { ...node, role: 'follower', state: 'FOLLOWER' } : node;
    }),
  };
}

/** Who leads is the leader also in its own row, and of what it says nothing contradicts that. */
export function shownStatus(status: StatusResponse): StatusResponse {
  const { leader_id: leader, term } = status.raft;
  return leader === null ? status : withLeader(status, leader, term);
}
