/**
 * The next single step of a running operation, from the replicated record and Raft's
 * status: what the leader does now. Any leader can take it up at any point, because
 * nothing but the record says how far it got. A pure function; leader-duties acts.
 */
import type { Duration } from '../src/base/index.ts';
import { unreachable } from '../src/base/index.ts';
import type { ClusterState, Maintenance, Operation } from '../src/cluster/index.ts';
import type { RaftStatus } from '../src/raft/index.ts';
import { end, enter, type OperationStep } from './operation-step.ts';
import { replaceStep } from './replace-steps.ts';
import { rotationStep } from './rotation-steps.ts';

/** Length of a maintenance that names none. */
export const DEFAULT_MAINTENANCE_MS = 3_600_000;

/** A target this far behind gets the rest within the hand-over itself: under load nobody is ever level. */
const IN_STEP_ENTRIES = 64;
/** A target that is not in step by then is none: the switchover ends and the leader stays. */
const CATCH_UP_MS = 10_000;

/** What the leader does next for `operation`, which it has seen in this phase for `inPhaseMs`. */
export function nextStep(
  operation: Operation,
  cluster: ClusterState,
  raft: RaftStatus,
  inPhaseMs: Duration,
): OperationStep {
  switch (operation.kind) {
    case 'failover':
      return failoverStep(operation, raft);
    case 'switchover':
      return switchoverStep(operation, raft, inPhaseMs);
    case 'maintenance-enable':
      return maintenanceStep(operation, cluster, raft);
    case 'maintenance-disable':
      return disableStep(operation, cluster);
    case 'drain-enable':
      return drainStep(operation, cluster, raft);
    case 'drain-disable': {
      const { from: nodeId, actor } = operation;
      if (nodeId === null || cluster.drains?.[nodeId] === undefined) return end(operation, null);
      return { kind: 'propose', command: { kind: 'drain-disable', nodeId, cause: `by ${actor}` } };
    }
    case 'remove-node':
      return removalStep(operation, cluster, raft);
    case 'replace-node':
    case 'replace-voter':
      return replaceStep(operation, cluster, raft, inPhaseMs);
    case 'rotate-ca':
    case 'retire-ca':
      return rotationStep(operation, cluster, inPhaseMs);
    case 'hand-over':
    case 'config-update':
      return end(operation, null);
    default:
      return unreachable(operation.kind);
  }
}

function failoverStep(operation: Operation, raft: RaftStatus): OperationStep {
  const self = raft.nodeId;
  if (operation.to === self) return end(operation, null);
  if (operation.from !== self)
    return end(operation, `${self} leads term ${raft.term} instead of ${operation.to}`);
  if (operation.phase === 'accepted') return enter(operation, 'transferring');
  if (raft.transferringTo !== null) return { kind: 'wait' };
  return { kind: 'transfer', to: operation.to, operation };
}

/** A failover whose target is in step before leadership moves: writes wait for the move alone. */
function switchoverStep(operation: Operation, raft: RaftStatus, inPhaseMs: Duration): OperationStep {
  const { from, to, phase } = operation;
  if (from !== raft.nodeId || to === raft.nodeId || phase === 'transferring')
    return failoverStep(operation, raft);
  if (phase === 'accepted') return enter(operation, 'catching-up');
  const match = raft.peers.find((p) => p.nodeId === to)?.match ?? 0;
  const behind = raft.last.index - match;
  if (behind <= IN_STEP_ENTRIES) return enter(operation, 'transferring');
  if (inPhaseMs < CATCH_UP_MS) return { kind: 'wait' };
  return end(
    operation,
    `${to} is ${behind} entries behind after ${CATCH_UP_MS / 1000} s; ${from} goes on leading`,
  );
}

/** Whether the end that was asked is yet to be set. One that is there already is extended, once. */
function isToSet({ id, phase }: Operation, current: Maintenance | undefined): boolean {
  return phase === 'accepted' && current?.operation !== id;
}

function maintenanceStep(operation: Operation, cluster: ClusterState, raft: RaftStatus): OperationStep {
  const nodeId = operation.from;
  if (nodeId === null) return end(operation, 'the operation names no node');
  if (isToSet(operation, cluster.maintenance[nodeId])) {
    const { id, actor: owner, reason } = operation;
    const length = { forMs: operation.forMs ?? DEFAULT_MAINTENANCE_MS, operation: id };
    return { kind: 'propose', command: { kind: 'maintenance-enable', nodeId, owner, reason, ...length } };
  }
  const others = raft.membership.voters.filter(
    (v) => v.nodeId !== nodeId && cluster.maintenance[v.nodeId] === undefined,
  );
  if (raft.nodeId !== nodeId || others.length === 0) return end(operation, null);
  if (operation.phase === 'accepted') return enter(operation, 'handing-over');
  if (raft.transferringTo !== null) return { kind: 'wait' };
  return { kind: 'transfer', to: operation.to, operation };
}

function drainStep(operation: Operation, cluster: ClusterState, raft: RaftStatus): OperationStep {
  const nodeId = operation.from;
  if (nodeId === null) return end(operation, 'the operation names no node');
  if (isToSet(operation, cluster.drains?.[nodeId])) {
    const { id, actor: owner, reason } = operation;
    const { forMs, graceMs } = operation;
    const grace = graceMs === undefined ? {} : { graceMs };
    const length = { forMs: forMs ?? DEFAULT_MAINTENANCE_MS, operation: id, ...grace };
    return { kind: 'propose', command: { kind: 'drain-enable', nodeId, owner, reason, ...length } };
  }
  if (raft.nodeId !== nodeId || raft.membership.voters.length < 2) return end(operation, null);
  if (operation.phase === 'accepted') return enter(operation, 'handing-over');
  if (raft.transferringTo !== null) return { kind: 'wait' };
  return { kind: 'transfer', to: operation.to, operation };
}

function disableStep(operation: Operation, cluster: ClusterState): OperationStep {
  const nodeId = operation.from;
  if (nodeId === null || cluster.maintenance[nodeId] === undefined) return end(operation, null);
  return {
    kind: 'propose',
    command: { kind: 'maintenance-disable', nodeId, cause: `by ${operation.actor}` },
  };
}

function removalStep(operation: Operation, cluster: ClusterState, raft: RaftStatus): OperationStep {
  const nodeId = operation.from;
  if (nodeId === null) return end(operation, 'the operation names no node');
  const { voters, outgoing, learners, learnersNext } = raft.membership;
  const isMember = [...voters, ...outgoing, ...learners, ...learnersNext].some((m) => m.nodeId === nodeId);
  if (isMember && raft.nodeId === nodeId && voters.length > 1) {
    if (operation.phase === 'accepted') return enter(operation, 'handing-over');
    if (raft.transferringTo !== null) return { kind: 'wait' };
    return { kind: 'transfer', to: operation.to, operation };
  }
  if (isMember) {
    if (operation.phase !== 'leaving-raft') return enter(operation, 'leaving-raft');
    if (!raft.membershipCommitted) return { kind: 'wait' };
    return { kind: 'change-members', change: { kind: 'remove', nodeId } };
  }
  if (!raft.membershipCommitted) return { kind: 'wait' };
  if (cluster.nodes[nodeId] !== undefined) {
    return { kind: 'propose', command: { kind: 'node-remove', nodeId, reason: operation.reason } };
  }
  return end(operation, null);
}
