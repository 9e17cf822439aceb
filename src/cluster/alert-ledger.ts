/**
 * Alerts as replicated state: each node gives the same answer, and an incident is one
 * record with one `since`, however often its transition was proposed.
 */
import type { AlertAction, AlertRecord } from '../alerts/index.ts';
import { contentOf, recordOf, stepped } from '../alerts/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';

/** At most LIMITS.alertHistory records: the longest resolved go first, then the oldest. */
function bounded(alerts: readonly AlertRecord[]): readonly AlertRecord[] {
  if (alerts.length <= LIMITS.alertHistory) return alerts;
  const oldest = alerts.find((a) => a.state === 'resolved') ?? alerts[0];
  return alerts.filter((a) => a !== oldest);
}

/** The incident was recorded before, or what is to be resolved never fired. */
function isNoChange(
  previous: AlertRecord | undefined,
  { state, incident }: Extract<ClusterCommand, { kind: 'alert-transition' }>['alert'],
): boolean {
  if (previous === undefined) return state === 'resolved';
  return previous.state === state || (incident !== undefined && previous.incident === incident);
}

/** What somebody told while nothing could be recorded stands in the outbox as told. */
function withTold(
  state: ClusterState,
  { id: alertId, incident }: AlertRecord,
  told: readonly AlertAction[],
  at: ApplyPosition,
): ClusterState {
  const kind = 'firing' as const;
  const { term, timestamp } = at;
  const outbox = told.reduce((box, channel) => {
    const step = {
      alertId,
      incident,
      kind,
      channel,
      state: 'delivered',
      note: 'told without a leader',
    } as const;
    const content = contentOf({ ...state, outbox: box }, step, timestamp);
    return stepped(box, step, { alerts: state.alerts, at: timestamp, term, content });
  }, state.outbox);
  return { ...state, outbox };
}

export function moveAlert(
  state: ClusterState,
  { alert, told = [] }: Extract<ClusterCommand, { kind: 'alert-transition' }>,
  at: ApplyPosition,
): Outcome {
  const previous = state.alerts.find((a) => a.id === alert.id);
  if (isNoChange(previous, { ...alert })) return done(state, [], { changed: false });
  // entries of older versions do not name the condition
  const { id, rule, nodeId, severity, condition = '', value, incident } = alert;
  const transition = { id, rule, nodeId, severity, condition, value, state: alert.state };
  const record = recordOf(
    incident === undefined ? transition : { ...transition, incident },
    previous,
    at.timestamp,
  );
  const firing = alert.state === 'firing';
  const subject = nodeId === null ? '' : ` on ${nodeId}`;
  const event: EventDraft = {
    kind: firing ? 'alert-fired' : 'alert-resolved',
    nodeId,
    severity: firing ? severity : 'info',
    message: `${rule}${subject} ${firing ? 'fires' : 'is resolved'}: ${value}`,
    data: {
      ...{ id, rule, severity, value, state: alert.state, incident: record.incident },
      previous_since_ms: previous?.since ?? null,
    },
  };
  const alerts = bounded([...state.alerts.filter((a) => a.id !== id), record]);
  const moved = withTold({ ...state, alerts }, record, told, at);
  return done(moved, [event], { changed: true });
}

export function acknowledgeAlert(
  state: ClusterState,
  { id, incident }: Extract<ClusterCommand, { kind: 'alert-acknowledge' }>,
  at: ApplyPosition,
): Outcome {
  const alert = state.alerts.find((a) => a.id === id);
  if (alert === undefined) return refused('not_found', `no alert "${id}"`);
  // who acknowledges says what they have seen: channels are told by the key of the incident that this marks
  if (incident !== undefined && alert.incident !== incident)
    return refused('conflict', `alert "${id}" has fired again since: that is another incident`);
  if (alert.acknowledgedBy !== null) return done(state, [], { changed: false });
  if (incident !== undefined && alert.state === 'resolved')
    return refused('failed_precondition', `alert "${id}" is resolved already`);
  const acknowledged = { ...alert, acknowledgedBy: at.actor };
  const event: EventDraft = {
    kind: 'alert-acknowledged',
    nodeId: alert.nodeId,
    message: `${alert.rule} was acknowledged by ${at.actor}`,
    data: { id, rule: alert.rule, incident: alert.incident, acknowledged_by: at.actor },
  };
  const alerts = state.alerts.map((a) => (a.id === id ? acknowledged : a));
  return done({ ...state, alerts }, [event], { changed: true });
}

/**
 * Nobody has seen the incident again. Channels that were told of the acknowledgement are told nothing more:
 * there is no such word, and who acknowledges it anew is not told of either.
 */
export function unacknowledgeAlert(
  state: ClusterState,
  { id, incident, by }: Extract<ClusterCommand, { kind: 'alert-unacknowledge' }>,
  at: ApplyPosition,
): Outcome {
  const alert = state.alerts.find((a) => a.id === id);
  if (alert === undefined) return refused('not_found', `no alert "${id}"`);
  if (alert.incident !== incident)
    return refused('conflict', `alert "${id}" has fired again since: that is another incident`);
  const { acknowledgedBy } = alert;
  if (acknowledgedBy === null) return done(state, [], { changed: false });
  if (by !== undefined && by !== acknowledgedBy)
    return refused('conflict', `alert "${id}" was acknowledged by ${acknowledgedBy}, not by ${by}`);
  if (alert.state === 'resolved') return refused('failed_precondition', `alert "${id}" is resolved already`);
  const event: EventDraft = {
    kind: 'alert-unacknowledged',
    nodeId: alert.nodeId,
    message: `${alert.rule} is not acknowledged any more: ${at.actor} took it back`,
    data: { id, rule: alert.rule, incident, acknowledged_by: acknowledgedBy, taken_back_by: at.actor },
  };
  const alerts = state.alerts.map((a) => (a.id === id ? { ...a, acknowledgedBy: null } : a));
  return done({ ...state, alerts }, [event], { changed: true });
}
