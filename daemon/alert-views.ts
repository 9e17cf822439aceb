/** Alerts, rules and silences as the API shows them: record and findings in, rows out. */

import type {
  AlertRecord,
  AlertRule,
  Condition,
  NodeReadings,
  ReadingOf,
  RuleState,
  Silence,
  Trace,
} from '../src/alerts/index.ts';
import {
  alertId,
  checkCondition,
  entryOf,
  evaluateCondition,
  explainCondition,
  FIXED_RULES,
  forInForceMs,
  inhibitorOf,
  inhibitorOfEnded,
  notificationKey,
  readingOn,
  readingsText,
  silenceOf,
} from '../src/alerts/index.ts';
import type {
  AlertExplanation,
  AlertRow,
  AlertRuleRow,
  ChannelRow,
  NotificationRow,
  SilenceRow,
} from '../src/api/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import { alertsOf, isoTime, type ViewSources } from './node-view.ts';
import type { Courier, CourierRow } from './notifiers/courier.ts';

/** What a node knows when it looks at its rules. */
export interface RuleFacts {
  readonly sources: ViewSources;
  readonly nodes: readonly NodeReadings[];
  /** Metrics of the cluster. */
  readonly readingOf: ReadingOf;
  /** The leader's newest findings; none on other nodes. */
  readonly found: readonly RuleState[];
  /** What is on its way to channels from here; only a leader's is what the record has as handed. */
  readonly waiting?: Waiting;
}

/** What waits for its channel here, as the courier says it. */
export type Waiting = ReturnType<Courier['waiting']>;

function notificationRows(
  { outbox, clusterId }: ClusterState,
  { id, incident }: Pick<AlertRecord, 'id' | 'incident'>,
  waiting: Waiting,
): NotificationRow[] {
  const key = notificationKey(clusterId, id, incident);
  return outbox
    .filter((entry) => entry.content.alertId === id && entry.incident === incident)
    .flatMap(({ content: { kind }, deliveries }) =>
      deliveries.map(({ channel, state, at, times, note }) => {
        const row = { kind, channel, state, at: isoTime(at), times, note };
        const found = waiting.find((w) => w.key === key && w.kind === kind && w.channel === channel);
        if (state !== 'handed' || found === undefined) return row;
        const { attempts, lastError, nextInMs } = found;
        const next_in_ms = nextInMs === null ? null : Math.round(nextInMs);
        return { ...row, under_way: { attempts, last_error: lastError, next_in_ms } };
      }),
    );
}

/** Why nobody is told of an alert, or was told of one that is over. */
function marks({ cluster, now }: ViewSources, alert: AlertRecord, all: readonly AlertRecord[]) {
  const fires = alert.state === 'firing';
  const { id: alertId, incident } = alert;
  const wasTold = entryOf(cluster.outbox, { alertId, incident, kind: 'firing' }) !== undefined;
  const inhibitor = fires ? inhibitorOf(alert, all, now) : inhibitorOfEnded(alert, all, wasTold);
  return {
    silenced_by: fires ? (silenceOf(alert, cluster.silences)?.id ?? null) : null,
    inhibited_by: inhibitor?.id ?? null,
  };
}

export function alertRows(sources: ViewSources, waiting: Waiting = []): AlertRow[] {
  const all = alertsOf(sources);
  return all.map((alert) => ({
    id: alert.id,
    rule: alert.rule,
    node_id: alert.nodeId,
    severity: alert.severity,
    state: alert.state,
    since: isoTime(alert.since),
    value: alert.value,
    acknowledged_by: alert.acknowledgedBy,
    condition: alert.condition,
    incident: alert.incident,
    fired_at: isoTime(alert.firedAt),
    ...marks(sources, alert, all),
    notifications: notificationRows(sources.cluster, alert, waiting),
  }));
}

export function silenceRow({ id, matchers, created, until, by, reason }: Silence): SilenceRow {
  const { rule, nodeId, severity } = matchers;
  const times = { created: isoTime(created), until: isoTime(until) };
  return { id, rule, node_id: nodeId, severity, ...times, by, reason };
}

/** The configured rules and the fixed ones that no configuration names. */
export function rulesInForce(rules: readonly AlertRule[]): AlertRule[] {
  const unnamed = FIXED_RULES.filter((fixed) => rules.every((rule) => rule.name !== fixed.name));
  return [
    ...rules,
    ...unnamed.map(({ name, condition, severity }) => {
      return { name, condition, severity, actions: [], forMs: 0 };
    }),
  ];
}

function isFixed(name: string): boolean {
  return FIXED_RULES.some((rule) => rule.name === name);
}

function headOf(rule: AlertRule) {
  const checked = checkCondition(rule.condition);
  return {
    ...{ name: rule.name, condition: rule.condition, severity: rule.severity, actions: [...rule.actions] },
    ...{ for_ms: forInForceMs(rule), fixed: isFixed(rule.name) },
    error: checked.ok ? null : checked.error.message,
  };
}

interface Subject {
  readonly nodeId: string | null;
  readonly inMaintenance: boolean;
  readonly readingOf: ReadingOf;
}

function subjectsOf({ scope }: Condition, { nodes, readingOf }: RuleFacts): Subject[] {
  if (scope === 'cluster') return [{ nodeId: null, inMaintenance: false, readingOf }];
  return nodes.map((node) => ({
    ...{ nodeId: node.nodeId, inMaintenance: node.inMaintenance },
    readingOf: readingOn(node.readingOf, readingOf),
  }));
}

/** What the leader found, or what this node finds without knowing how long it has been so. */
function stateOf(rule: AlertRule, condition: Condition, subject: Subject, facts: RuleFacts) {
  const { nodeId, readingOf } = subject;
  const id = alertId(rule.name, nodeId);
  const found = facts.found.find((s) => s.rule === rule.name && s.nodeId === nodeId);
  const record = alertsOf(facts.sources).find((a) => a.id === id);
  return {
    ...{ id, node_id: nodeId },
    state: found?.phase ?? record?.state ?? 'inactive',
    holds: evaluateCondition(condition, readingOf),
    value: readingsText(condition, readingOf),
    pending_ms: found?.pendingMs == null ? null : Math.round(found.pendingMs),
  };
}

/** Channels as their courier sees them. */
export function channelRows(rows: readonly CourierRow[]): ChannelRow[] {
  const at = (wall: number | null) => (wall === null ? null : isoTime(wall));
  return rows.map((row) => ({
    ...{ channel: row.channel, configured: row.configured, queued: row.queued, last_error: row.lastError },
    ...{ last_error_at: at(row.lastErrorAt), last_delivered_at: at(row.lastDeliveredAt) },
    held_for_ms: Math.round(row.heldForMs),
  }));
}

export function ruleRows(facts: RuleFacts): AlertRuleRow[] {
  return rulesInForce(facts.sources.rules).map((rule) => {
    const checked = checkCondition(rule.condition);
    const states = checked.ok
      ? subjectsOf(checked.condition, facts).map((s) => stateOf(rule, checked.condition, s, facts))
      : [];
    return { ...headOf(rule), states };
  });
}

function flat(trace: Trace, depth = 0): { depth: number; text: string; value: string }[] {
  const { text, value, parts } = trace;
  return [{ depth, text, value }, ...parts.flatMap((part) => flat(part, depth + 1))];
}

/** Why the alerts of a rule fire or not: all of them, or the one of this id. Undefined for no rule. */
export function explanation(
  facts: RuleFacts,
  wanted: string,
): { readonly rule: Omit<AlertRuleRow, 'states'>; readonly subjects: AlertExplanation[] } | undefined {
  const [name = ''] = wanted.split(':');
  const rule = rulesInForce(facts.sources.rules).find((r) => r.name === name);
  if (rule === undefined) return undefined;
  const checked = checkCondition(rule.condition);
  if (!checked.ok) return { rule: headOf(rule), subjects: [] };
  const { condition } = checked;
  const all = alertsOf(facts.sources);
  const subjects = subjectsOf(condition, facts)
    .filter(({ nodeId }) => wanted === name || alertId(name, nodeId) === wanted)
    .map((subject): AlertExplanation => {
      const state = stateOf(rule, condition, subject, facts);
      const record = all.find((a) => a.id === state.id);
      const none = { silenced_by: null, inhibited_by: null };
      return {
        ...state,
        in_maintenance: subject.inMaintenance,
        ...(record === undefined ? none : marks(facts.sources, record, all)),
        notifications:
          record === undefined ? [] : notificationRows(facts.sources.cluster, record, facts.waiting ?? []),
        parts: flat(explainCondition(condition, subject.readingOf)),
      };
    });
  return { rule: headOf(rule), subjects };
}
