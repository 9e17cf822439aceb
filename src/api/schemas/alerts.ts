/** Alerts, their rules, silences, and what was told of them. */
import * as z from 'zod';
import { nodeId, readInfo, schemaVersion, time } from './common.ts';

const severity = z.enum(['critical', 'warning', 'info']);
const channel = z.enum(['email', 'slack', 'pagerduty', 'webhook']);

const notificationRow = z.object({
  kind: z.enum(['firing', 'acknowledged', 'resolved']),
  channel,
  state: z.enum(['due', 'handed', 'delivered', 'dead']),
  at: time,
  /** How often it was handed to the channel. */
  times: z.number().int(),
  /** The channel's receipt, or why it gave up. */
  note: z.string(),
  /** What the answering node, where it leads, knows of one that is handed. */
  under_way: z
    .object({
      /** Attempts that failed. */
      attempts: z.number().int(),
      last_error: z.string().nullable(),
      /** Until the next attempt; null = it is made now, or another one is first. */
      next_in_ms: z.number().nullable(),
    })
    .optional(),
});
export type NotificationRow = z.infer<typeof notificationRow>;

const alertRow = z.object({
  id: z.string(),
  rule: z.string(),
  node_id: nodeId.nullable(),
  severity,
  state: z.enum(['firing', 'resolved']),
  since: time,
  value: z.string(),
  acknowledged_by: z.string().nullable(),
  condition: z.string().optional(),
  /** Together with `id` what receivers drop repetitions by. */
  incident: z.string().optional(),
  fired_at: time.optional(),
  /** The silence for which nobody is told. */
  silenced_by: z.string().nullable().optional(),
  /** The alert of which this is a consequence; of one that is over: for which nobody was told of it. */
  inhibited_by: z.string().nullable().optional(),
  /** What was told of this incident. */
  notifications: z.array(notificationRow).optional(),
});
export type AlertRow = z.infer<typeof alertRow>;
export const alertsResponse = z.object({ schemaVersion, alerts: z.array(alertRow), read: readInfo });
export type AlertsResponse = z.infer<typeof alertsResponse>;

const subjectState = {
  id: z.string(),
  /** null = the cluster. */
  node_id: nodeId.nullable(),
  state: z.enum(['inactive', 'pending', 'firing', 'resolved']),
  /** Does the condition hold; null = unknown. */
  holds: z.boolean().nullable(),
  value: z.string(),
  /** How long it has held; only the leader knows. */
  pending_ms: z.number().nullable(),
};

const ruleRow = z.object({
  name: z.string(),
  condition: z.string(),
  severity,
  actions: z.array(channel),
  for_ms: z.number().int(),
  /** In force whatever the configuration says. */
  fixed: z.boolean(),
  /** Why the condition can't be read; null = it can. */
  error: z.string().nullable(),
  states: z.array(z.object(subjectState)),
});
export type AlertRuleRow = z.infer<typeof ruleRow>;
/** What a channel is at, on the node that answers: the leader carries what is due. */
const channelRow = z.object({
  channel,
  configured: z.boolean(),
  /** Waiting or under way. */
  queued: z.number().int(),
  /** Why the newest failed attempt failed. */
  last_error: z.string().nullable(),
  last_error_at: time.nullable(),
  last_delivered_at: time.nullable(),
  /** How long the receiver asked to be left alone from now; 0 when it did not. */
  held_for_ms: z.number(),
});
export type ChannelRow = z.infer<typeof channelRow>;

export const alertRulesResponse = z.object({
  schemaVersion,
  /** Who evaluated: the leader knows what is pending and for how long. */
  node_id: nodeId,
  rules: z.array(ruleRow),
  channels: z.array(channelRow).optional(),
  read: readInfo,
});

const explanation = z.object({
  ...subjectState,
  in_maintenance: z.boolean(),
  silenced_by: z.string().nullable(),
  inhibited_by: z.string().nullable(),
  notifications: z.array(notificationRow),
  /** The condition part by part, each with its value; `depth` 0 = the whole. */
  parts: z.array(z.object({ depth: z.number().int(), text: z.string(), value: z.string() })),
});
export type AlertExplanation = z.infer<typeof explanation>;
export const alertExplainResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  rule: ruleRow.omit({ states: true }),
  subjects: z.array(explanation),
  read: readInfo,
});
export type AlertExplainResponse = z.infer<typeof alertExplainResponse>;

/** `incident`: the one that was seen; refused when it is over. The current one unless named. */
export const acknowledgeRequest = z.object({ incident: z.string().min(1).max(100).optional() });
export type AcknowledgeRequest = z.infer<typeof acknowledgeRequest>;
/** Whose it is; `changed` is false where somebody had acknowledged it before. */
export const acknowledgeResponse = z.object({
  acknowledged_by: z.string().nullable().optional(),
  changed: z.boolean().optional(),
});

/** A rule: its channels; a channel: only that. */
export const alertTestRequest = z.object({
  rule: z.string().max(63).optional(),
  channel: channel.optional(),
});
export const alertTestResponse = z.object({
  schemaVersion,
  results: z.array(z.object({ channel, state: z.enum(['delivered', 'dead', 'pending']), note: z.string() })),
  /** Actions of the rule that no notifier carries, and that nothing was sent by. */
  unsent: z.array(channel).optional(),
});
export type AlertTestRequest = z.infer<typeof alertTestRequest>;

const silenceRow = z.object({
  id: z.string(),
  rule: z.string().nullable(),
  node_id: nodeId.nullable(),
  severity: severity.nullable(),
  created: time,
  until: time,
  by: z.string(),
  reason: z.string(),
});
export type SilenceRow = z.infer<typeof silenceRow>;
export const silencesResponse = z.object({ schemaVersion, silences: z.array(silenceRow), read: readInfo });

/** Without rule, node and severity everything is silenced. */
export const silenceCreateRequest = z.object({
  rule: z.string().min(1).max(63).optional(),
  node_id: nodeId.optional(),
  severity: severity.optional(),
  for_ms: z.number().int().min(1000),
  reason: z.string().max(500).optional(),
});
export type SilenceCreateRequest = z.infer<typeof silenceCreateRequest>;
export const silenceCreateResponse = z.object({ id: z.string(), until: time });
