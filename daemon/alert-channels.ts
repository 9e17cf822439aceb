/** Which channels a rule's alerts go to, and the notification as a channel is given it. */
import type { AlertAction, AlertRule, Notification, NotificationContent } from '../src/alerts/index.ts';
import { DEFAULT_ALERT_RULES, notificationKey } from '../src/alerts/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import type { ClusterConfig, NotifierConfig } from '../src/config/index.ts';

const CHANNELS: readonly AlertAction[] = ['email', 'slack', 'pagerduty', 'webhook'];

function configured(notifiers: NotifierConfig): AlertAction[] {
  return CHANNELS.filter((channel) => notifiers[channel] !== null);
}

/**
 * A rule that somebody wrote: its actions as they are, so that one without a notifier is a dead letter that
 * shows. A shipped rule: those of its actions that are configured. A fixed rule that no configuration names:
 * every channel.
 */
export function channelsOf(
  { alerts, notifiers }: Pick<ClusterConfig, 'alerts' | 'notifiers'>,
  name: string,
): readonly AlertAction[] {
  const rule: AlertRule | undefined = alerts.find((r) => r.name === name);
  if (rule === undefined) return configured(notifiers);
  if (alerts !== DEFAULT_ALERT_RULES) return rule.actions;
  return configured(notifiers).filter((channel) => rule.actions.includes(channel));
}

/** Actions of a shipped rule that no notifier carries: `channelsOf` leaves them out. */
export function unsentOf(
  { alerts, notifiers }: Pick<ClusterConfig, 'alerts' | 'notifiers'>,
  name: string,
): readonly AlertAction[] {
  const rule = alerts === DEFAULT_ALERT_RULES ? alerts.find((r) => r.name === name) : undefined;
  return (rule?.actions ?? []).filter((action) => notifiers[action] === null);
}

export function notificationOf(
  { clusterId, name }: Pick<ClusterState, 'clusterId' | 'name'>,
  incident: string,
  content: NotificationContent,
): Notification {
  const key = notificationKey(clusterId, content.alertId, incident);
  return { ...content, key, clusterName: name, clusterId };
}
