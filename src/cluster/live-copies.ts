/** How many voters answer, and so how many copies of the data are live: what a step leaves of them. */
import type { NodeId } from '../base/index.ts';
import { plural } from '../base/index.ts';
import type { Check, PlanFacts } from './plan.ts';
import { check } from './plan.ts';

/** Those of `voters` that answer; the leader does by the fact that it leads. */
export function aliveOf(facts: PlanFacts, voters: readonly NodeId[]): NodeId[] {
  return voters.filter(
    (id) =>
      id === facts.leaderId || facts.nodes.some((node) => node.nodeId === id && node.liveness === 'alive'),
  );
}

/** What a step does to the copies, and what lets it pass where it takes too many. */
export interface CopyChange {
  /** Voters whose copies count now, and behind the step. */
  readonly before: readonly NodeId[];
  readonly after: readonly NodeId[];
  /** What to do about a refusal. */
  readonly instead: string;
  /** Who asks takes fewer copies. */
  readonly accepted?: boolean;
}

/**
 * Refuses a step that leaves fewer live copies than `min_replicas`. Where they are too few already, what
 * takes none goes on: a dead node can be removed.
 */
export function copiesCheck(facts: PlanFacts, change: CopyChange): Check {
  const left = aliveOf(facts, change.after).length;
  const { minReplicas } = facts;
  const text = `${plural(left, 'live copy is', 'live copies are')} left, min_replicas is ${minReplicas}`;
  if (left >= minReplicas) return check('replicas', 'pass', text);
  if (left >= aliveOf(facts, change.before).length) {
    return check('replicas', 'warn', `${text}: it is no fewer than now`);
  }
  if (change.accepted === true) return check('replicas', 'warn', `${text}; accepted`);
  return check('replicas', 'fail', `${text}; ${change.instead}`);
}
