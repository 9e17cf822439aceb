/**
 * How long an operation is tried whose step is refused again and again: a change of the Raft group that can't
 * be, a record that can't be written. It is told once for each reason, and it ends when that lasts: while it
 * runs no other operation begins. Time counts on this leader's monotonic clock; the next one begins anew.
 */
import type { Instant } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState, Operation } from '../src/cluster/index.ts';
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

/** What ends an operation that gets no further, in order: it leaves behind what was before it. */
export function givingUp(operation: Operation, cluster: ClusterState, reason: string): ClusterCommand[] {
  const { id, phase } = operation;
  const back = seatGivenBack(operation, cluster);
  const error = `${phase}: refused for ${LIMITS.operationRefusedMs / 1000} s: ${reason}`;
  const ended = { kind: 'operation-end', id, state: 'failed', error } as const;
  return back === null ? [ended] : [back, ended];
}
