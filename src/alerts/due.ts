/**
 * What has to be told and was not: from the record alone, so that a new leader finds exactly what the former
 * one left. Silenced and inhibited alerts are not told; they are once that ends, if they still fire.
 */
import type { Term, Timestamp } from '../base/index.ts';
import type { AlertRecord } from './alert-record.ts';
import { inhibitorOf } from './inhibition.ts';
import type {
  DeliveryRef,
  DeliveryStep,
  NotificationContent,
  NotificationKind,
  OutboxEntry,
} from './outbox.ts';
import { deliveryOf, entryOf } from './outbox.ts';
import type { AlertAction } from './rule.ts';
import type { Silence } from './silence.ts';
import { silenceOf } from './silence.ts';

export interface DueFacts {
  readonly alerts: readonly AlertRecord[];
  readonly outbox: readonly OutboxEntry[];
  readonly silences: readonly Silence[];
  /** Channels of a rule. */
  readonly channelsOf: (rule: string) => readonly AlertAction[];
  /** By which the aftermath of a time without a leader ends. */
  readonly now: Timestamp;
}

function due(ref: DeliveryRef): DeliveryStep {
  return { ...ref, state: 'due', note: '' };
}

/** The channels on which people were told that the incident began, and are not told in vain of its end. */
function toldChannels(outbox: readonly OutboxEntry[], alertId: string, incident: string): AlertAction[] {
  const entry = entryOf(outbox, { alertId, incident, kind: 'firing' });
  return (entry?.deliveries ?? []).filter((d) => d.state !== 'dead').map((d) => d.channel);
}

function firingDue(facts: DueFacts, alert: AlertRecord): DeliveryRef[] {
  const { alerts, silences, now } = facts;
  const isQuiet = inhibitorOf(alert, alerts, now) !== undefined || silenceOf(alert, silences) !== undefined;
  if (alert.state !== 'firing' || isQuiet) return [];
  const { id: alertId, incident } = alert;
  const channels = [...new Set(facts.channelsOf(alert.rule))];
  return channels.map((channel) => ({ alertId, incident, kind: 'firing', channel }));
}

function acknowledgedDue({ outbox }: DueFacts, alert: AlertRecord): DeliveryRef[] {
  if (alert.state !== 'firing' || alert.acknowledgedBy === null) return [];
  const { id: alertId, incident } = alert;
  return toldChannels(outbox, alertId, incident).map((channel) => {
    return { alertId, incident, kind: 'acknowledged', channel };
  });
}

function resolvedDue({ alerts, outbox }: DueFacts, entry: OutboxEntry): DeliveryRef[] {
  const { incident, content } = entry;
  const { alertId, kind } = content;
  if (kind !== 'firing') return [];
  const fires = alerts.some((a) => a.id === alertId && a.incident === incident && a.state === 'firing');
  if (fires) return [];
  return toldChannels(outbox, alertId, incident).map((channel) => {
    return { alertId, incident, kind: 'resolved', channel };
  });
}

/** Deliveries that the outbox lacks, oldest incident first. */
export function notificationsDue(facts: DueFacts): DeliveryStep[] {
  return [
    ...facts.outbox.flatMap((entry) => resolvedDue(facts, entry)),
    ...facts.alerts.flatMap((alert) => firingDue(facts, alert)),
    ...facts.alerts.flatMap((alert) => acknowledgedDue(facts, alert)),
  ]
    .filter((ref) => deliveryOf(facts.outbox, ref) === undefined)
    .map(due);
}

/** Deliveries to hand to their channels in `term`: new ones, and those whose leader is gone. */
export function deliveriesToHand(outbox: readonly OutboxEntry[], term: Term): DeliveryStep[] {
  return outbox.flatMap(({ incident, content, deliveries }) =>
    deliveries
      .filter((d) => d.state === 'due' || (d.state === 'handed' && d.term !== term))
      .map(({ channel }): DeliveryStep => {
        const { alertId, kind } = content;
        return { alertId, incident, kind, channel, state: 'handed', note: '' };
      }),
  );
}

/**
 * What a notification of this kind says now: of the record while it is about this incident, else of what was
 * told when it began.
 */
export function contentOf(
  { alerts, outbox }: Pick<DueFacts, 'alerts' | 'outbox'>,
  { alertId, incident, kind }: { alertId: string; incident: string; kind: NotificationKind },
  at: Timestamp,
): NotificationContent | null {
  const alert = alerts.find((a) => a.id === alertId && a.incident === incident);
  if (alert === undefined) {
    const told = entryOf(outbox, { alertId, incident, kind: 'firing' });
    return told === undefined ? null : { ...told.content, kind, at };
  }
  const { rule, nodeId, severity, condition, value, firedAt, acknowledgedBy } = alert;
  // it was taken back before it was told
  if (kind === 'acknowledged' && acknowledgedBy === null) return null;
  const by = kind === 'acknowledged' ? acknowledgedBy : null;
  return { kind, alertId, rule, nodeId, severity, condition, value, since: firedAt, at, by };
}
