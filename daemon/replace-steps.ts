/**
 * The next single step of a replacement: the new node catches up, one joint change moves the
 * vote, then the old node leaves or stays as a spare. What Raft and the record say decides, so
 * that any leader goes on where another one stopped. A pure function.
 */
import { type Duration, formatDuration, LIMITS, type NodeId } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState, Operation } from '../src/cluster/index.ts';
import { seatOf } from '../src/cluster/index.ts';
import type { RaftMember, RaftStatus } from '../src/raft/index.ts';
import { end, enter, type OperationStep } from './operation-step.ts';

const has = (list: readonly RaftMember[], id: NodeId): boolean => list.some((m) => m.nodeId === id);

/** A learner that holds the whole log, and has for a while. */
function isReady({ membership, peers }: RaftStatus, id: NodeId): boolean {
  const peer = peers.find((p) => p.nodeId === id);
  return has(membership.learners, id) && (peer?.caughtUpMs ?? -1) >= LIMITS.learnerStableMs;
}

interface Swap {
  readonly operation: Operation;
  readonly cluster: ClusterState;
  readonly raft: RaftStatus;
  readonly old: NodeId;
  readonly by: NodeId;
  readonly inPhaseMs: Duration;
}

export function replaceStep(
  operation: Operation,
  cluster: ClusterState,
  raft: RaftStatus,
  inPhaseMs: Duration,
): OperationStep {
  const { from: old, to: by } = operation;
  if (old === null || by === null) return end(operation, 'the operation names no two nodes');
  const swap: Swap = { operation, cluster, raft, old, by, inPhaseMs };
  switch (operation.phase) {
    case 'catching-up':
      return catchUp(swap);
    case 'handing-over':
      return raft.nodeId === old ? handOver(swap) : enter(operation, 'swapping');
    case 'removing':
      return remove(swap);
    default:
      return swapStep(swap);
  }
}

function catchUp(swap: Swap): OperationStep {
  const { operation, cluster, raft, old, by } = swap;
  const taker = cluster.nodes[by];
  if (taker === undefined) return end(operation, `${by} is no node any more`);
  if (taker.liveness !== 'alive') return end(operation, `${by} is ${taker.liveness}`);
  if (!has(raft.membership.voters, by) && !isReady(raft, by)) return { kind: 'wait' };
  return enter(operation, raft.nodeId === old ? 'handing-over' : 'swapping');
}

function handOver({ operation, raft }: Swap): OperationStep {
  if (raft.transferringTo !== null) return { kind: 'wait' };
  return { kind: 'transfer', to: null, operation };
}

function swapStep(swap: Swap): OperationStep {
  const { operation, cluster, raft, old, by } = swap;
  const { membership } = raft;
  const stays = operation.kind === 'replace-voter';
  if (!raft.membershipCommitted || membership.outgoing.length > 0) return { kind: 'wait' };
  if (has(membership.voters, old)) {
    if (raft.nodeId === old) return handOver(swap);
    if (has(membership.voters, by)) {
      // somebody promoted it meanwhile: what is left is to take the old vote away
      return { kind: 'change-members', change: { kind: stays ? 'demote' : 'remove', nodeId: old } };
    }
    const taker = cluster.nodes[by];
    if (taker === undefined) return end(operation, `${by} is no node any more`);
    if (taker.liveness !== 'alive') return giveBack(swap, `${by} is ${taker.liveness}`);
    if (swap.inPhaseMs >= LIMITS.operationSwapMs && !isReady(raft, by)) {
      return giveBack(swap, `${by} is not caught up after ${formatDuration(LIMITS.operationSwapMs)}`);
    }
    // the record first: by it the others know that this node may speak as a voter
    if (seatOf(taker) !== 'voter') return seat(swap, by, 'voter');
    if (!isReady(raft, by)) return { kind: 'wait' };
    return { kind: 'change-members', change: { kind: 'replace', nodeId: old, by, stays } };
  }
  if (!has(membership.voters, by)) return end(operation, `neither ${old} nor ${by} has a vote`);
  if (!stays) return enter(operation, 'removing');
  const left = cluster.nodes[old];
  if (left !== undefined && seatOf(left) !== 'observer') return seat(swap, old, 'observer');
  return end(operation, null);
}

/** The taker failed before it got the vote: it is a spare again, and the voters are as they were. */
function giveBack({ operation, cluster }: Swap, why: string): OperationStep {
  const command = seatGivenBack(operation, cluster);
  if (command !== null) return { kind: 'propose', command };
  return end(operation, `${why}: nothing was changed`);
}

/** What makes the taker of a vote that it did not get a spare again; null where there is nothing to do. */
export function seatGivenBack(operation: Operation, cluster: ClusterState): ClusterCommand | null {
  const { kind, id, to } = operation;
  const isSwap = kind === 'replace-node' || kind === 'replace-voter';
  const taker = isSwap && to !== null ? cluster.nodes[to] : undefined;
  if (taker?.seat !== 'voter' || taker.suffrage !== 'observer') return null;
  const reason = `it got no vote (operation ${id})`;
  return { kind: 'node-seat', nodeId: taker.nodeId, seat: 'observer', reason };
}

function seat({ operation, old, by }: Swap, nodeId: NodeId, wanted: 'voter' | 'observer'): OperationStep {
  const reason = wanted === 'voter' ? `instead of ${old}` : `${by} votes instead`;
  return {
    kind: 'propose',
    command: { kind: 'node-seat', nodeId, seat: wanted, reason: `${reason} (operation ${operation.id})` },
  };
}

function remove({ operation, cluster, raft, old }: Swap): OperationStep {
  const { voters, learners } = raft.membership;
  if (!raft.membershipCommitted) return { kind: 'wait' };
  if (has(voters, old) || has(learners, old)) {
    return { kind: 'change-members', change: { kind: 'remove', nodeId: old } };
  }
  if (cluster.nodes[old] === undefined) return end(operation, null);
  return { kind: 'propose', command: { kind: 'node-remove', nodeId: old, reason: operation.reason } };
}
