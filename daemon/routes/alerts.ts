/** Alerts, rules, silences. Parse, one call, shape the answer. */
import type { AlertAction, Notification } from '../../src/alerts/index.ts';
import type { AcknowledgeRequest, AlertTestRequest, SilenceCreateRequest } from '../../src/api/index.ts';
import { SqlccError } from '../../src/base/index.ts';
import type { ClusterCommand, ClusterState } from '../../src/cluster/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { channelsOf, notificationOf, unsentOf } from '../alert-channels.ts';
import { clusterReading, nodeReadings } from '../alert-readings.ts';
import {
  alertRows,
  channelRows,
  explanation,
  type RuleFacts,
  ruleRows,
  rulesInForce,
  silenceRow,
} from '../alert-views.ts';
import { resultOf } from '../applied.ts';
import { tellAudit } from '../audit-notes.ts';
import { shortId } from '../data-dir.ts';
import { type NodeContext, proposeCommand, requireCluster, viewSources } from '../node-context.ts';
import { isoTime } from '../node-view.ts';
import { unknownNode } from './cluster.ts';

/** How long a test waits for the channel's answer, short of the caller's deadline. */
const TEST_WAIT_MS = 4000;
const DEADLINE_RESERVE_MS = 200;

/** Without a leader nothing can be recorded: then the same rules are asked on this node. */
export async function alerts(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const rows = alertRows(viewSources(context), waiting(context));
  return { body: { schemaVersion: 1, alerts: rows, read } };
}

/** What the record has as handed is on its way from the leader, and from nowhere else. */
function waiting({ consensus, alerts: { sink } }: NodeContext) {
  return consensus.status?.role === 'leader' ? sink.waiting() : [];
}

/** Who names no incident means the one of now, not whichever there is when the command is applied. */
function acknowledgement({ alerts: known }: ClusterState, id: string, named: string | undefined) {
  const incident = named ?? known.find((alert) => alert.id === id)?.incident;
  return { kind: 'alert-acknowledge', id, ...(incident === undefined ? {} : { incident }) } as const;
}

function isAboutIncidents(code: string): code is 'not_found' | 'conflict' | 'failed_precondition' {
  return code === 'not_found' || code === 'conflict' || code === 'failed_precondition';
}

function whatFires({ alerts: known }: ClusterState): string {
  const firing = known.filter(({ state }) => state === 'firing');
  if (firing.length === 0) return 'nothing fires';
  return `firing are ${firing.map((a) => a.id).join(', ')}; see sqlcc alert list`;
}

async function proposeOfIncident(context: NodeContext, call: Call, command: ClusterCommand) {
  const { result } = await proposeCommand(context, command, call);
  if (!result.ok && isAboutIncidents(result.code))
    throw new SqlccError(result.code, result.message, { hint: whatFires(requireCluster(context)) });
  return resultOf(result);
}

export async function acknowledgeAlert(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const id = call.params['id'] ?? '';
  const { incident } = call.body as AcknowledgeRequest;
  const command = acknowledgement(requireCluster(context), id, incident);
  const { changed } = (await proposeOfIncident(context, call, command)) as { changed: boolean };
  const found = requireCluster(context).alerts.find((alert) => alert.id === id);
  return { body: { acknowledged_by: found?.acknowledgedBy ?? null, changed } };
}

export async function unacknowledgeAlert(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const id = call.params['id'] ?? '';
  const { incident: named, by } = call.query;
  const known = requireCluster(context).alerts.find((alert) => alert.id === id);
  if (known === undefined) {
    const hint = whatFires(requireCluster(context));
    throw new SqlccError('not_found', `no alert "${id}"`, { hint });
  }
  const command = { kind: 'alert-unacknowledge', id, incident: named ?? known.incident } as const;
  await proposeOfIncident(context, call, by === undefined ? command : { ...command, by });
  return { body: {} };
}

function ruleFacts(context: NodeContext): RuleFacts {
  const sources = viewSources(context);
  return {
    ...{ sources, found: context.alerts.duty.states, waiting: waiting(context) },
    nodes: nodeReadings(sources, context.bytesOf),
    readingOf: clusterReading(sources, context.metrics().values),
  };
}

export async function alertRules(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const { nodeId } = context.facts;
  const channels = channelRows(context.alerts.sink.status());
  return { body: { schemaVersion: 1, node_id: nodeId, rules: ruleRows(ruleFacts(context)), channels, read } };
}

function unknownRule(context: NodeContext, text: string): SqlccError {
  const names = rulesInForce(context.config.alerts).map((rule) => rule.name);
  return new SqlccError('not_found', text, { hint: `the rules are ${names.join(', ')}` });
}

function isRule(context: NodeContext, name: string): boolean {
  return rulesInForce(context.config.alerts).some((rule) => rule.name === name);
}

export async function explainAlert(context: NodeContext, call: Call): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const id = call.params['id'] ?? '';
  const found = explanation(ruleFacts(context), id);
  const isNothing = found === undefined || (found.rule.error === null && found.subjects.length === 0);
  if (isNothing) throw unknownRule(context, `no alert rule and no alert "${id}"`);
  return { body: { schemaVersion: 1, node_id: context.facts.nodeId, ...found, read } };
}

/** A notification that nobody can take for an incident. */
function testNotification(context: NodeContext, rule: string, by: string): Notification {
  const now = Date.now();
  const value = `TEST by ${by}: nothing is wrong`;
  const alert = { alertId: `TEST:${rule}`, rule: `TEST ${rule}`, nodeId: null, severity: 'info' } as const;
  const content = {
    kind: 'firing',
    ...alert,
    condition: 'a test',
    value,
    since: now,
    at: now,
    by: null,
  } as const;
  return notificationOf(requireCluster(context), shortId(), content);
}

export async function testAlert(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const { rule, channel } = call.body as AlertTestRequest;
  if (rule !== undefined && !isRule(context, rule)) throw unknownRule(context, `no alert rule "${rule}"`);
  const channels: readonly AlertAction[] =
    channel !== undefined ? [channel] : rule === undefined ? [] : channelsOf(context.config, rule);
  const unsent = rule === undefined || channel !== undefined ? [] : unsentOf(context.config, rule);
  if (channels.length === 0) throw nobodyTold(rule, unsent);
  const notification = testNotification(context, rule ?? channel ?? '', call.identity.id);
  const waitMs = Math.max(1, Math.min(TEST_WAIT_MS, call.remainingMs() - DEADLINE_RESERVE_MS));
  const results = await Promise.all(
    [...new Set(channels)].map((one) => context.alerts.tell(notification, one, waitMs)),
  );
  const after = results.map((r) => `${r.channel} ${r.state}`).join(', ');
  void tellAudit(context, call, { action: 'alert-test', target: rule ?? channel ?? '', reason: '', after });
  return { body: { schemaVersion: 1, results, ...(unsent.length === 0 ? {} : { unsent }) } };
}

function nobodyTold(rule: string | undefined, unsent: readonly AlertAction[]): SqlccError {
  const why = unsent.length === 0 ? '' : `: no notifier carries ${unsent.join(', ')}`;
  const text = rule === undefined ? 'a test needs a rule or a channel' : `rule "${rule}" tells nobody${why}`;
  return new SqlccError('invalid_argument', text, { hint: 'name a channel, or configure notifiers' });
}

export async function silences(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  return { body: { schemaVersion: 1, silences: requireCluster(context).silences.map(silenceRow), read } };
}

export async function createSilence(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const { rule, node_id, severity, for_ms, reason } = call.body as SilenceCreateRequest;
  // who mistypes a name would be called all the same, and wonder
  if (rule !== undefined && !isRule(context, rule)) throw unknownRule(context, `no alert rule "${rule}"`);
  const { nodes } = requireCluster(context);
  if (node_id !== undefined && !Object.hasOwn(nodes, node_id)) throw unknownNode(node_id, Object.keys(nodes));
  const matchers = { rule: rule ?? null, nodeId: node_id ?? null, severity: severity ?? null };
  const id = shortId();
  const command = { kind: 'silence-create', id, matchers, forMs: for_ms, reason: reason ?? '' } as const;
  const value = resultOf((await proposeCommand(context, command, call)).result) as { until: number };
  return { status: 201, body: { id, until: isoTime(value.until) } };
}

export async function removeSilence(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const cause = `ended by ${call.identity.id}`;
  const command = { kind: 'silence-expire', id: call.params['id'] ?? '', cause } as const;
  resultOf((await proposeCommand(context, command, call)).result);
  return { body: {} };
}
