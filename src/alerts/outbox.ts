/**
 * The outbox: which notification of which incident is due on which channel, and what became of it. It is
 * replicated before a notification is handed to a channel and after the channel has answered, so that the
 * next leader goes on where the former one ended: what was handed and not answered is handed once more, under
 * the same key.
 */
import type { Term, Timestamp } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { AlertRecord } from './alert-record.ts';
import type { Notification } from './notification.ts';
import type { AlertAction } from './rule.ts';

export type NotificationKind = Notification['kind'];
export type DeliveryState = 'due' | 'handed' | 'delivered' | 'dead';

/** One channel's part in a notification. */
export interface Delivery {
  readonly channel: AlertAction;
  readonly state: DeliveryState;
  /** When it came into this state. */
  readonly at: Timestamp;
  /** Term of the leader that handed it to the channel last; null before. */
  readonly term: Term | null;
  /** How often it was handed. */
  readonly times: number;
  /** The channel's receipt, or why it gave up. */
  readonly note: string;
}

/** What is told, without what every node knows of the cluster. */
export type NotificationContent = Omit<Notification, 'key' | 'clusterName' | 'clusterId'>;

export interface OutboxEntry {
  readonly incident: string;
  readonly content: NotificationContent;
  readonly deliveries: readonly Delivery[];
}

/** From → to. `handed → handed`: by the next leader. What has ended stays so. */
export const DELIVERY_TRANSITIONS: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  due: ['handed', 'delivered', 'dead'],
  handed: ['handed', 'delivered', 'dead'],
  delivered: [],
  dead: [],
};

/** Names one delivery. */
export interface DeliveryRef {
  readonly alertId: string;
  readonly incident: string;
  readonly kind: NotificationKind;
  readonly channel: AlertAction;
}

/** A delivery comes into a state; `due` makes it. */
export interface DeliveryStep extends DeliveryRef {
  readonly state: DeliveryState;
  readonly note: string;
}

export function entryOf(
  outbox: readonly OutboxEntry[],
  { alertId, incident, kind }: Omit<DeliveryRef, 'channel'>,
): OutboxEntry | undefined {
  return outbox.find(
    (entry) =>
      entry.content.kind === kind && entry.incident === incident && entry.content.alertId === alertId,
  );
}

export function deliveryOf(outbox: readonly OutboxEntry[], ref: DeliveryRef): Delivery | undefined {
  return entryOf(outbox, ref)?.deliveries.find((delivery) => delivery.channel === ref.channel);
}

function isFinished({ state }: Delivery): boolean {
  return DELIVERY_TRANSITIONS[state].length === 0;
}

/** What receivers drop repetitions by. */
export function notificationKey(clusterId: string, alertId: string, incident: string): string {
  return `${clusterId}/${alertId}/${incident}`;
}

/** May go to make room: everything has ended, and forgetting it repeats nothing. */
function isForgettable(entry: OutboxEntry, alerts: readonly AlertRecord[]): boolean {
  const { alertId } = entry.content;
  const current = alerts.find((alert) => alert.id === alertId && alert.incident === entry.incident);
  return entry.deliveries.every(isFinished) && current?.state !== 'firing';
}

/** `outbox` with room for one entry more; null when nothing in it may be forgotten. */
function withRoom(
  outbox: readonly OutboxEntry[],
  alerts: readonly AlertRecord[],
): readonly OutboxEntry[] | null {
  if (outbox.length < LIMITS.alertOutbox) return outbox;
  const oldest = outbox.find((entry) => isForgettable(entry, alerts));
  return oldest === undefined ? null : outbox.filter((entry) => entry !== oldest);
}

function put(outbox: readonly OutboxEntry[], entry: OutboxEntry, delivery: Delivery): readonly OutboxEntry[] {
  const others = entry.deliveries.filter((d) => d.channel !== delivery.channel);
  const changed = { ...entry, deliveries: [...others, delivery] };
  return outbox.some((e) => e === entry)
    ? outbox.map((e) => (e === entry ? changed : e))
    : [...outbox, changed];
}

export interface StepFacts {
  readonly alerts: readonly AlertRecord[];
  readonly at: Timestamp;
  readonly term: Term;
  /** What to tell when the step makes an entry; null = nothing is known of this incident. */
  readonly content: NotificationContent | null;
}

/** `outbox` after `step`; the same record when it changes nothing (repeated, late, or no room). */
export function stepped(
  outbox: readonly OutboxEntry[],
  step: DeliveryStep,
  { alerts, at, term, content }: StepFacts,
): readonly OutboxEntry[] {
  const found = entryOf(outbox, step);
  const before = found?.deliveries.find((d) => d.channel === step.channel);
  const { channel, state, note } = step;
  if (before === undefined) {
    const roomy = found === undefined ? withRoom(outbox, alerts) : outbox;
    if (roomy === null || (found === undefined && content === null)) return outbox;
    const entry = found ?? {
      incident: step.incident,
      content: content as NotificationContent,
      deliveries: [],
    };
    const isHanded = state !== 'due';
    const delivery = { channel, state, at, term: isHanded ? term : null, times: isHanded ? 1 : 0, note };
    return put(roomy, entry, delivery);
  }
  if (!DELIVERY_TRANSITIONS[before.state].includes(state)) return outbox;
  if (state === 'handed' && before.state === 'handed' && before.term === term) return outbox;
  const handed = state === 'handed' ? { term, times: before.times + 1 } : {};
  return put(outbox, found as OutboxEntry, { ...before, ...handed, state, at, note });
}
