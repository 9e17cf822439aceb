/** One thing that a leader does for an operation, and the two that every operation has. */
import type { NodeId } from '../src/base/index.ts';
import type { ClusterCommand, Operation } from '../src/cluster/index.ts';
import type { MembershipChange } from '../src/raft/index.ts';

export type OperationStep =
  | { readonly kind: 'propose'; readonly command: ClusterCommand }
  | { readonly kind: 'transfer'; readonly to: NodeId | null; readonly operation: Operation }
  | { readonly kind: 'change-members'; readonly change: MembershipChange }
  /** Nothing to do until something else happens. */
  | { readonly kind: 'wait' };

export function end(operation: Operation, error: string | null): OperationStep {
  const state = error === null ? 'done' : 'failed';
  return { kind: 'propose', command: { kind: 'operation-end', id: operation.id, state, error } };
}

export function enter(operation: Operation, phase: string): OperationStep {
  return { kind: 'propose', command: { kind: 'operation-phase', id: operation.id, phase, result: null } };
}
