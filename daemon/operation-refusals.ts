/**
 * How long an operation is tried whose change of the Raft group is refused again and again. It is told once
 * for each reason, and it ends when that lasts without a break: while it runs no other operation begins. Any
 * other step is a break, a wait too. Time counts on this leader's monotonic clock; the next one begins anew.
 */
import type { ErrorCode, Instant, Term } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState, Operation } from '../src/cluster/index.ts';
import type { RaftStatus } from '../src/raft/index.ts';
import { seatGivenBack } from './replace-steps.ts';

export interface Refusal {
  /** Nobody was told of this reason yet. */
  readonly isNew: boolean;
  readonly isOver: boolean;
}

/** Where an operation stands, and under which leadership. */
export type Standing = Pick<Operation, 'id' | 'phase'> & { readonly term: Term };

export class OperationRefusals {
  #run: (Standing & { readonly since: Instant }) | null = null;
  #told: { readonly id: string; readonly reasons: Set<string> } | null = null;

  /** A change for the operation was refused. */
  refused({ id, phase, term }: Standing, reason: string, now: Instant): Refusal {
    const run = this.#run;
    const isSame = run !== null && run.id === id && run.phase === phase && run.term === term;
    const { since } = isSame ? run : { since: now };
    if (!isSame) this.#run = { id, phase, term, since };
    return { isNew: this.#isNew(id, reason), isOver: now - since >= LIMITS.operationRefusedMs };
  }

  #isNew(id: string, reason: string): boolean {
    if (this.#told?.id !== id) this.#told = { id, reasons: new Set() };
    const { reasons } = this.#told;
    // a reason may hold a number that changes: told are the first few
    if (reasons.has(reason) || reasons.size >= LIMITS.operationPhases) return false;
    reasons.add(reason);
    return true;
  }

  /** The operation took another step: what is refused from now on is refused anew. */
  broken(): void {
    this.#run = null;
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
