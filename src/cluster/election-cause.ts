/** Why leadership moved, in words for people: who asked for a transfer and why, or that it was by itself. */
import type { Timestamp } from '../base/index.ts';
import type { ClusterState, Election, Operation } from './cluster-state.ts';

/** The clocks of the leader before and of the one after stamp the two records. */
const SLACK_MS = 1000;

/** The operation that moved leadership, if the record still has it. */
function moverOf({ nodeId, at }: Election, operations: readonly Operation[]): Operation | undefined {
  const isAround = (from: Timestamp, to: Timestamp): boolean => from <= at + SLACK_MS && to >= at - SLACK_MS;
  return operations.findLast(
    (o) =>
      o.to === nodeId && o.from !== nodeId && isAround(o.startedAt, o.endedAt ?? Number.POSITIVE_INFINITY),
  );
}

/** `transfer by admin: kernel update`, `transfer by itself: its disk is slow`; else as it was recorded. */
export function electionCause({ operations }: Pick<ClusterState, 'operations'>, election: Election): string {
  if (election.cause !== 'transfer') return election.cause;
  const mover = moverOf(election, operations);
  if (mover === undefined) return election.cause;
  const who = mover.kind === 'hand-over' ? 'itself' : mover.actor;
  return `${election.cause} by ${who}${mover.reason === '' ? '' : `: ${mover.reason}`}`;
}
