/**
 * A node's wanted part in Raft. It is the one that it was admitted for, until a spare takes
 * a voter's place or a voter gives its place away. The certificate does not change with it:
 * it tells what the node was admitted as, the record what it is wanted for now.
 */
import type { ClusterState, NodeRecord } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { EventDraft, Outcome } from './outcome.ts';
import { done, own, refused } from './outcome.ts';

/** Whether the node shall vote, by the record. */
export function seatOf(node: Pick<NodeRecord, 'seat' | 'suffrage'>): 'voter' | 'observer' {
  return node.seat ?? node.suffrage;
}

export function moveSeat(
  state: ClusterState,
  command: Extract<ClusterCommand, { kind: 'node-seat' }>,
): Outcome {
  const { nodeId, seat, reason } = command;
  const record = own(state.nodes, nodeId);
  if (record === undefined) return refused('not_found', `no node "${nodeId}" in this cluster`);
  if (seatOf(record) === seat) return done(state, []);
  const part = seat === 'voter' ? 'is to vote' : 'is a spare: it follows without a vote';
  const event: EventDraft = {
    kind: 'node-seat-moved',
    nodeId,
    message: `${nodeId} ${part}${reason === '' ? '' : `: ${reason}`}`,
    data: { seat, reason },
  };
  return done({ ...state, nodes: { ...state.nodes, [nodeId]: { ...record, seat } } }, [event]);
}

/** What is told when a node answers again that lost its vote while it was away; null for others. */
export function readmission(before: NodeRecord): EventDraft | null {
  if (before.liveness !== 'dead' || before.suffrage !== 'voter' || seatOf(before) !== 'observer') return null;
  const { nodeId } = before;
  const why = 'another node took its vote while it was dead';
  return {
    kind: 'node-readmitted',
    nodeId,
    message: `${nodeId} is back as a spare, it follows without a vote: ${why}`,
    data: { dead_since_ms: before.livenessSince },
  };
}
