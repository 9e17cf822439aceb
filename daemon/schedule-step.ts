/**
 * What becomes of a scheduled operation whose time has come: it begins, it is skipped with its cause, or it
 * waits a little for its turn. Record, plan and wall time in, a command out; leader-duties proposes it.
 */
import type { Timestamp } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState, Planned, ScheduledOperation } from '../src/cluster/index.ts';
import { scheduledDue, skipCause } from '../src/cluster/index.ts';

/** Something else has its turn, and will be over soon. */
const PASSING: ReadonlySet<string> = new Set(['operation', 'transfer', 'membership']);

export interface ScheduleFacts {
  readonly now: Timestamp;
  /** The plan of this moment; null = nothing can be planned yet. */
  readonly planOf: (entry: ScheduledOperation) => Planned | null;
  /** Id of the operation, should one begin. */
  readonly newId: () => string;
}

/** Null when nothing is due, or what is due waits. */
export function scheduleStep(
  cluster: ClusterState,
  { now, planOf, newId }: ScheduleFacts,
): ClusterCommand | null {
  const entry = scheduledDue(cluster, now);
  if (entry === undefined) return null;
  const { id } = entry;
  const cause = skipCause(cluster, entry, now);
  if (cause !== null) return { kind: 'schedule-skip', id, cause };
  const planned = planOf(entry);
  if (planned === null) return null;
  const { plan } = planned;
  if (planned.kind === 'ready') {
    const { from, to, candidates } = plan;
    return { kind: 'schedule-start', id, operation: { id: newId(), from, to, candidates } };
  }
  const failed = plan.checks.filter((c) => c.result === 'fail');
  if (failed.every((c) => PASSING.has(c.name))) return null;
  return { kind: 'schedule-skip', id, cause: planned.reasons.join('; ') };
}
