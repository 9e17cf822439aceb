/**
 * How long an operation is tried whose step is refused again and again: a change of the Raft group that can't
 * be, a record that can't be written. It is told once for each reason, and it ends when that lasts: while it
 * runs no other operation begins. Time counts on this leader's monotonic clock; the next one begins anew.
 */
import type { ErrorCode, Instant } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState, Operation } from '../src/cluster/index.ts';
import type { RaftStatus } from '../src/raft/index.ts';
import { seatGivenBack } from './replace-steps.ts';

export interface Refusal {
  /** Nobody was told of this reason yet. */
  readonly isNew: boolean;
  readonly isOver: boolean;
}

export class OperationRefusals {
  #refused: { readonly id: string; readonly since: Instant; readonly reasons: Set<string> } | null = null;

  /** A step of the operation was refused. */
  refused({ id }: Pick<Operation, 'id'>, reason: string, now: Instant): Refusal {
    if (this.#refused?.id !== id) this.#refused = { id, since: now, reasons: new Set() };
    const { since, reasons } = this.#refused;
    // a reason may hold a number that changes: told are the first few
    const isNew = !reasons.has(reason) && reasons.size < LIMITS.operationPhases;
    if (isNew) reasons.add(reason);
    return { isNew, isOver: now - since >= LIMITS.operationRefusedMs };
  }

  /** A step of the operation was taken. */
  taken(): void {
    this.#refused = null;
  }
}

/** Of these codes nobody knows whether the change is made yet, or this node does not lead any more. */
const NO_REFUSALS: ReadonlySet<string> = new Set<ErrorCode>([
  'outcome_unknown',
  'deadline_exceeded',
  'not_leader',
  'no_leader',
]);

/** Whether a change of the group was refused for sure: it is not in the log, and never will be. */
export function isRefusal(error: Error): boolean {
  return !(error instanceof SqlccError && NO_REFUSALS.has(error.code));
}

/** What an operation has come to, by the record and by Raft. */
interface Reached {
  readonly cluster: ClusterState;
  readonly raft: Pick<RaftStatus, 'membership' | 'membershipCommitted'>;
}

/**
 * What ends an operation that gets no further, in order: it leaves behind what was before it, and takes
 * nothing from a node that has got its vote. Nothing while a change of the group is under way.
 */
export function givingUp(operation: Operation, { cluster, raft }: Reached, reason: string): ClusterCommand[] {
  const { id, phase } = operation;
  const { voters, outgoing } = raft.membership;
  if (!raft.membershipCommitted || outgoing.length > 0) return [];
  const hasVote = voters.some((v) => v.nodeId === operation.to);
  const back = hasVote ? null : seatGivenBack(operation, cluster);
  const error = `${phase}: refused for ${LIMITS.operationRefusedMs / 1000} s: ${reason}`;
  const ended = { kind: 'operation-end', id, state: 'failed', error } as const;
  return back === null ? [ended] : [back, ended];
}
