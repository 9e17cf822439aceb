/** How long writers wait while leadership moves: as it did here before, else an estimate. */
import type { Duration, NodeId } from '../base/index.ts';
import type { ClusterState, Election, Operation } from './cluster-state.ts';
import type { PlanFacts } from './plan.ts';

/** What a plan says of the pause. */
export interface ExpectedGap {
  /** The most that is expected; null when leadership does not move. */
  readonly expectedGapMs: Duration | null;
  /** Of the hand-overs that it is taken from, oldest first; none = it is an estimate. */
  readonly measuredGapsMs: readonly Duration[];
}

/** So many of the newest are told: older ones were of another load. */
const REMEMBERED = 3;
/** As it begins the former leader stops taking writes. */
const MOVING: ReadonlySet<string> = new Set(['transferring', 'handing-over']);

/** One that a leader began by itself is recorded afterwards: how long nobody led is in its election alone. */
function electionGap({ to, startedAt }: Operation, elections: readonly Election[]): Duration | null {
  const won = elections.findLast((e) => e.nodeId === to && e.at === startedAt);
  return won === undefined ? null : (won.silenceMs ?? 0) + won.electionMs;
}

/**
 * How long writers waited while an operation moved leadership: until the first entry of the new leader, not
 * until the operation ended, which is some of its duties later. Null where the record can't tell.
 */
export function writeGapMs(operation: Operation, elections: readonly Election[]): Duration | null {
  const { state, kind, phases, from, endedAt } = operation;
  if (state !== 'done' || endedAt === null) return null;
  if (kind === 'hand-over') return electionGap(operation, elections);
  const stopped = phases.find((p) => MOVING.has(p.name))?.at ?? endedAt;
  const won = elections.find((e) => e.at > stopped && e.at <= endedAt && e.nodeId !== from);
  if (won === undefined) return null;
  const gapMs = won.at - stopped;
  // begun and ended by two clocks: one that is shorter than its own election was not measured
  return gapMs < won.electionMs ? null : gapMs;
}

/** The pause while leadership moves to `to`, from what the record holds of earlier moves. */
export function expectedGap(
  { operations, elections }: Pick<ClusterState, 'operations' | 'elections'>,
  facts: PlanFacts,
  to: NodeId | null,
): ExpectedGap {
  if (to === null || to === facts.leaderId) return NO_GAP;
  const gaps = operations.map((o) => writeGapMs(o, elections)).filter((ms) => ms !== null);
  const measuredGapsMs = gaps.slice(-REMEMBERED);
  if (measuredGapsMs.length > 0) return { expectedGapMs: Math.max(...measuredGapsMs), measuredGapsMs };
  const rttMs = facts.nodes.find((n) => n.nodeId === to)?.rttMs ?? 1;
  return { expectedGapMs: Math.ceil(CALM_MS + ROUND_TRIPS * rttMs), measuredGapsMs };
}

/** Where leadership stays. */
export const NO_GAP: ExpectedGap = { expectedGapMs: null, measuredGapsMs: [] };

/** Stop, hand over, first commit. */
const ROUND_TRIPS = 3;
/** What 99 of 100 took in three idle nodes on one machine, beside the round trips: half of them 41 ms. */
const CALM_MS = 75;
