/** Why leadership moved, in words for people: who asked for a transfer and why, or that it was by itself. */
import type { NodeId, Timestamp } from '../base/index.ts';
import type { ClusterState, Election, Operation } from './cluster-state.ts';

/** Why a node stood for election. Raft's own words mean nothing to whoever is called out at night. */
export function campaignWords(kind: string, leaderId: NodeId | null): string {
  if (kind === 'hint') return `${leaderId ?? 'leader'} connection lost`;
  if (kind !== 'timeout') return kind;
  return leaderId === null ? 'no leader heard' : `${leaderId} heartbeat lost`;
}

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

type Known = Pick<ClusterState, 'operations' | 'elections' | 'electionCount'>;

/** Whose loss it was, in words; a node that elects itself again lost nobody else. */
function lossWords({ elections, electionCount = elections.length }: Known, election: Election): string {
  const at = elections.findIndex((e) => e.term === election.term);
  if (at === 0 && electionCount === elections.length) return 'first election';
  const former = elections[at - 1]?.nodeId ?? null;
  return campaignWords(election.cause, former === election.nodeId ? null : former);
}

/** `n5 heartbeat lost`, `transfer by admin: kernel update`, `transfer by itself: its disk is slow`. */
export function electionCause(known: Known, election: Election): string {
  if (election.cause !== 'transfer') return lossWords(known, election);
  const mover = moverOf(election, known.operations);
  if (mover === undefined) return election.cause;
  const who = mover.kind === 'hand-over' ? 'itself' : mover.actor;
  return `${election.cause} by ${who}${mover.reason === '' ? '' : `: ${mover.reason}`}`;
}
