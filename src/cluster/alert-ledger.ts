/**
 * Alerts as replicated state: each node gives the same answer, and an incident is one
 * record with one `since`, however often its transition was proposed.
 */
import type { AlertRecord } from '../alerts/index.ts';
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

export function moveAlert(
  state: ClusterState,
  { alert }: Extract<ClusterCommand, { kind: 'alert-transition' }>,
  at: ApplyPosition,
): Outcome {
  const { id, rule, nodeId, severity, value } = alert;
  const previous = state.alerts.find((a) => a.id === id);
  if (previous?.state === alert.state || (previous === undefined && alert.state === 'resolved')) {
    return done(state, [], { changed: false });
  }
  const firing = alert.state === 'firing';
  const record: AlertRecord = {
    ...{ id, rule, nodeId, severity, value },
    state: alert.state,
    since: at.timestamp,
    // a new incident wants a new acknowledgement
    acknowledgedBy: firing ? null : (previous?.acknowledgedBy ?? null),
  };
  const subject = nodeId === null ? '' : ` on ${nodeId}`;
  const event: EventDraft = {
    kind: firing ? 'alert-fired' : 'alert-resolved',
    nodeId,
    severity: firing ? severity : 'info',
    message: `${rule}${subject} ${firing ? 'fires' : 'is resolved'}: ${value}`,
    data: { id, rule, severity, value, state: alert.state, previous_since_ms: previous?.since ?? null },
  };
  const alerts = bounded([...state.alerts.filter((a) => a.id !== id), record]);
  return done({ ...state, alerts }, [event], { changed: true });
}

export function acknowledgeAlert(
  state: ClusterState,
  { id }: Extract<ClusterCommand, { kind: 'alert-acknowledge' }>,
  at: ApplyPosition,
): Outcome {
  const alert = state.alerts.find((a) => a.id === id);
  if (alert === undefined) return refused('not_found', `no alert "${id}"`);
  if (alert.acknowledgedBy !== null) return done(state, [], { changed: false });
  const acknowledged = { ...alert, acknowledgedBy: at.actor };
  const event: EventDraft = {
    kind: 'alert-acknowledged',
    nodeId: alert.nodeId,
    message: `${alert.rule} was acknowledged by ${at.actor}`,
    data: { id, rule: alert.rule, acknowledged_by: at.actor },
  };
  const alerts = state.alerts.map((a) => (a.id === id ? acknowledged : a));
  return done({ ...state, alerts }, [event], { changed: true });
}
