/**
 * The two rules that hold whatever the configuration says: the cluster has no leader,
 * a node is down. They read facts, not metrics, and answer with transitions only, so
 * that proposing an answer twice changes nothing.
 */
import type { NodeId, Timestamp } from '../base/index.ts';
import { formatDuration } from '../base/index.ts';
import type { AlertRecord, AlertTransition } from './alert-record.ts';
import { alertId, recordOf } from './alert-record.ts';
import type { AlertRule } from './rule.ts';
import { FIXED_RULES, forInForceMs } from './rule.ts';

export interface FixedAlertFacts {
  /** The records in force. */
  readonly previous: readonly AlertRecord[];
  readonly nodes: readonly {
    readonly nodeId: NodeId;
    readonly dead: boolean;
    readonly inMaintenance: boolean;
  }[];
  readonly leaderId: NodeId | null;
  /** How long there has been no leader, ms; 0 with one. */
  readonly leaderlessMs: number;
  /** Name of the incident if nobody leads: the same on every node, so that two that tell of it agree. */
  readonly leaderIncident: string;
  /** The configured rules: one with a fixed rule's name may change its severity. */
  readonly rules: readonly AlertRule[];
}

type Verdict = Omit<AlertTransition, 'state'> & { readonly firing: boolean };

/** The fixed rule of this name, as configured where it is. */
function ruleOf({ rules }: Pick<FixedAlertFacts, 'rules'>, name: (typeof FIXED_RULES)[number]['name']) {
  const fixed = FIXED_RULES.find((rule) => rule.name === name) as (typeof FIXED_RULES)[number];
  const configured = rules.find((rule) => rule.name === name);
  const { condition, severity } = configured ?? fixed;
  return { rule: name, condition, severity, forMs: forInForceMs({ name, forMs: configured?.forMs ?? 0 }) };
}

function leaderVerdict(facts: FixedAlertFacts): Verdict {
  const { leaderId, leaderlessMs, leaderIncident } = facts;
  const { forMs, ...rule } = ruleOf(facts, 'LeaderDown');
  const firing = leaderId === null && leaderlessMs >= forMs;
  const value = leaderId === null ? `no leader for ${formatDuration(leaderlessMs)}` : `${leaderId} leads`;
  const incident = firing ? { incident: leaderIncident } : {};
  return { id: alertId(rule.rule, null), ...rule, nodeId: null, value, firing, ...incident };
}

function nodeVerdicts(facts: FixedAlertFacts): Verdict[] {
  const { nodes, previous } = facts;
  const { forMs: _none, ...rule } = ruleOf(facts, 'NodeDown');
  const known = new Set(nodes.map((n) => n.nodeId));
  const verdict = (nodeId: NodeId, firing: boolean, value: string): Verdict => {
    return { id: alertId(rule.rule, nodeId), ...rule, nodeId, value, firing };
  };
  const gone = previous
    .flatMap((a) => (a.rule === 'NodeDown' && a.nodeId !== null ? [a.nodeId] : []))
    .filter((nodeId) => !known.has(nodeId));
  return [
    ...nodes.map(({ nodeId, dead, inMaintenance }) => {
      const value = dead ? (inMaintenance ? 'dead, in maintenance' : 'dead') : 'alive';
      return verdict(nodeId, dead && !inMaintenance, value);
    }),
    ...gone.map((nodeId) => verdict(nodeId, false, 'removed')),
  ];
}

/**
 * What changed: one transition for each alert whose verdict differs from its record. A node in maintenance
 * does not alarm.
 */
export function evaluateFixedAlerts(facts: FixedAlertFacts): AlertTransition[] {
  const firingNow = new Set(facts.previous.filter((a) => a.state === 'firing').map((a) => a.id));
  return [leaderVerdict(facts), ...nodeVerdicts(facts)]
    .filter((v) => v.firing !== firingNow.has(v.id))
    .map(({ firing, ...alert }) => ({ ...alert, state: firing ? 'firing' : 'resolved' }));
}

/** LeaderDown of an incident that somebody told of while it lasted, for the leader behind it to record. */
export function leaderDownTold(rules: readonly AlertRule[], incident: string): AlertTransition {
  const { forMs: _none, ...rule } = ruleOf({ rules }, 'LeaderDown');
  const value = 'no leader, told while it lasted';
  return { id: alertId(rule.rule, null), ...rule, nodeId: null, value, state: 'firing', incident };
}

/** `alerts` with `transitions` on top, changed at `since`; a new incident is acknowledged by nobody. */
export function withTransitions(
  alerts: readonly AlertRecord[],
  transitions: readonly AlertTransition[],
  since: Timestamp,
): AlertRecord[] {
  const changed = new Set(transitions.map((t) => t.id));
  return [
    ...alerts.filter((a) => !changed.has(a.id)),
    ...transitions.map((transition) => {
      const previous = alerts.find((a) => a.id === transition.id);
      return recordOf(transition, previous, since);
    }),
  ];
}
