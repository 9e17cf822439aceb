/** The outbox as replicated state: steps of deliveries, and what of them is worth an event. */
import type { DeliveryStep, OutboxEntry } from '../alerts/index.ts';
import { contentOf, entryOf, silenceOf, stepped } from '../alerts/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';

/** A notification that begins is judged again where it is applied: a silence may have come before it. */
function isSilenced(state: ClusterState, step: DeliveryStep): boolean {
  if (step.state !== 'due' || step.kind !== 'firing') return false;
  const alert = state.alerts.find((a) => a.id === step.alertId && a.incident === step.incident);
  return alert === undefined || silenceOf(alert, state.silences) !== undefined;
}

function eventOf(
  { channel, kind, alertId, state, note }: DeliveryStep,
  entry: OutboxEntry,
): EventDraft | null {
  if (state !== 'delivered' && state !== 'dead') return null;
  const { nodeId, rule } = entry.content;
  const isDead = state === 'dead';
  const end = isDead ? `could not be sent: ${note}` : 'was sent';
  return {
    kind: isDead ? 'notification-dead' : 'notification-delivered',
    nodeId,
    severity: isDead ? 'warning' : 'info',
    message: `${channel}: "${alertId} ${kind}" ${end}`,
    data: { id: alertId, rule, incident: entry.incident, channel, notification: kind, note },
  };
}

export function stepNotifications(
  state: ClusterState,
  { steps }: Extract<ClusterCommand, { kind: 'notification-steps' }>,
  at: ApplyPosition,
): Outcome {
  if (steps.length > LIMITS.maxDeliverySteps) {
    return refused('invalid_argument', `at most ${LIMITS.maxDeliverySteps} steps at once`);
  }
  const events: EventDraft[] = [];
  let { outbox } = state;
  let changed = 0;
  for (const step of steps) {
    if (isSilenced(state, step)) continue;
    const { term, timestamp } = at;
    const content = contentOf({ alerts: state.alerts, outbox }, step, timestamp);
    const next = stepped(outbox, step, { alerts: state.alerts, at: timestamp, term, content });
    if (next === outbox) continue;
    outbox = next;
    changed++;
    const entry = entryOf(outbox, step);
    const event = entry === undefined ? null : eventOf(step, entry);
    if (event !== null) events.push(event);
  }
  return done(changed === 0 ? state : { ...state, outbox }, events, { changed });
}
