/**
 * Operations that are to begin at a time. The record holds them, so whoever leads then begins them; the entry
 * is marked in the very step that begins its operation, so that it happens at most once.
 */
import type { Timestamp } from '../base/index.ts';
import { formatDuration, LIMITS } from '../base/index.ts';
import type { ClusterState, ScheduledOperation } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import { beginOperation } from './operations.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';
import { pauseInForce } from './pause.ts';

type CommandOf<K extends ClusterCommand['kind']> = Extract<ClusterCommand, { kind: K }>;

function words({ kind, to, at }: Pick<ScheduledOperation, 'kind' | 'to' | 'at'>): string {
  return `${kind} to ${to ?? 'the best candidate'} at ${new Date(at).toISOString()}`;
}

/** `list` with one more; of those that do not wait the oldest go. */
function bounded(list: readonly ScheduledOperation[]): readonly ScheduledOperation[] {
  const excess = list.length - LIMITS.scheduleHistory;
  if (excess <= 0) return list;
  const over = new Set(list.filter((s) => s.state !== 'waiting').slice(0, excess));
  return list.filter((s) => !over.has(s));
}

export function addScheduled(
  state: ClusterState,
  { entry }: CommandOf<'schedule-add'>,
  at: ApplyPosition,
): Outcome {
  const { id, kind, to, expectLeader, reason } = entry;
  if (state.schedule.some((s) => s.id === id))
    return refused('conflict', `there is a schedule ${id} already`);
  if (!(entry.at > at.timestamp)) return refused('invalid_argument', 'its time is over already');
  if (entry.at > at.timestamp + LIMITS.maxScheduleAheadMs) {
    const most = formatDuration(LIMITS.maxScheduleAheadMs);
    return refused('invalid_argument', `operations are scheduled at most ${most} ahead`);
  }
  if (state.schedule.filter((s) => s.state === 'waiting').length >= LIMITS.maxScheduled) {
    return refused('overloaded', `${LIMITS.maxScheduled} operations wait for their time already`);
  }
  const added: ScheduledOperation = {
    ...{ id, kind, to, expectLeader, at: entry.at, reason, actor: at.actor, createdAt: at.timestamp },
    ...{ state: 'waiting', operation: null, cause: null, endedAt: null },
  };
  const event: EventDraft = {
    kind: 'schedule-added',
    nodeId: to,
    message: `${at.actor} scheduled a ${words(added)} (${id})`,
    data: { schedule: id, operation_kind: kind, to, at_ms: entry.at, reason },
  };
  return done({ ...state, schedule: bounded([...state.schedule, added]) }, [event], { id });
}

function waiting(state: ClusterState, id: string): ScheduledOperation | Outcome {
  const found = state.schedule.find((s) => s.id === id);
  if (found === undefined) return refused('not_found', `no schedule ${id}`);
  if (found.state === 'waiting') return found;
  return refused('conflict', `schedule ${id} does not wait any more: ${found.state}`, { state: found.state });
}

function replaced(state: ClusterState, entry: ScheduledOperation): ClusterState {
  return { ...state, schedule: state.schedule.map((s) => (s.id === entry.id ? entry : s)) };
}

function ended(
  state: ClusterState,
  { id, cause, as }: { id: string; cause: string; as: 'skipped' | 'cancelled' },
  at: ApplyPosition,
): Outcome {
  const found = waiting(state, id);
  if ('ok' in found) return found;
  const event: EventDraft = {
    kind: `schedule-${as}`,
    nodeId: found.to,
    severity: as === 'skipped' ? 'warning' : 'info',
    message: `the ${words(found)} (${id}) was ${as}: ${cause}`,
    data: { schedule: id, operation_kind: found.kind, to: found.to, at_ms: found.at, cause },
  };
  return done(replaced(state, { ...found, state: as, cause, endedAt: at.timestamp }), [event], { id });
}

export function cancelScheduled(
  state: ClusterState,
  { id, cause }: CommandOf<'schedule-cancel'>,
  at: ApplyPosition,
): Outcome {
  return ended(state, { id, cause, as: 'cancelled' }, at);
}

export function skipScheduled(
  state: ClusterState,
  { id, cause }: CommandOf<'schedule-skip'>,
  at: ApplyPosition,
): Outcome {
  return ended(state, { id, cause, as: 'skipped' }, at);
}

/** Begins the operation in the name of who scheduled it. */
export function startScheduled(
  state: ClusterState,
  { id, operation }: CommandOf<'schedule-start'>,
  at: ApplyPosition,
): Outcome {
  const found = waiting(state, id);
  if ('ok' in found) return found;
  const { kind, reason, actor } = found;
  const begin = { ...operation, kind, reason, phase: 'accepted', forMs: null };
  const begun = beginOperation(state, { kind: 'operation-begin', operation: begin }, { ...at, actor });
  if (!begun.ok) return begun;
  const marked: ScheduledOperation = {
    ...found,
    ...{ state: 'started', operation: operation.id, endedAt: at.timestamp },
  };
  const event: EventDraft = {
    kind: 'schedule-started',
    nodeId: operation.to,
    message: `the ${words(found)} (${id}) begins as operation ${operation.id}`,
    data: { schedule: id, operation: operation.id, operation_kind: kind, at_ms: found.at },
  };
  return done(replaced(begun.state, marked), [event, ...begun.events], { id, operation: operation.id });
}

/** The earliest entry whose time has come; undefined = none. */
export function scheduledDue(state: ClusterState, now: Timestamp): ScheduledOperation | undefined {
  return [...state.schedule]
    .filter((s) => s.state === 'waiting' && s.at <= now)
    .sort((a, b) => a.at - b.at)[0];
}

/** Why an entry whose time has come is not begun whatever its plan says; null = nothing speaks against it. */
export function skipCause(state: ClusterState, entry: ScheduledOperation, now: Timestamp): string | null {
  const pause = pauseInForce(state, now);
  if (pause !== null) {
    return `the cluster is paused by ${pause.owner}${pause.reason === '' ? '' : ` (${pause.reason})`}`;
  }
  const lateMs = now - entry.at;
  if (lateMs <= LIMITS.scheduleGraceMs) return null;
  return `its time was missed by ${formatDuration(lateMs)}: nobody led, or something else was under way`;
}
