/**
 * The fixed rules on the record: one evaluation for the leader, which records what
 * changed, and for whoever is asked while nobody leads and nothing can be recorded.
 */
import type { AlertRecord, AlertRule, AlertTransition } from '../src/alerts/index.ts';
import { evaluateFixedAlerts, withTransitions } from '../src/alerts/index.ts';
import type { Duration, NodeId, Timestamp } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';

/** Who leads, or for how long nobody has. */
export interface Leadership {
  readonly leaderId: NodeId | null;
  readonly leaderlessMs: Duration;
  /** The rules in force. */
  readonly rules: readonly AlertRule[];
}

/** `term-5`, and `term-5.2` for the second time without a leader since that term began. */
const INCIDENT = /^term-(\d+)(?:\.(\d+))?$/;

/** Its term, and the how manieth of that term it is; NaN where it is no name of ours. */
export function incidentPlace(incident: string): { readonly term: number; readonly nth: number } {
  const [, term, nth = '1'] = INCIDENT.exec(incident) ?? [];
  return { term: Number(term), nth: Number(nth) };
}

/**
 * The incident of a cluster without a leader is named after the term of the last one that the record knows:
 * all who followed it tell of the same incident without talking to each other. A node that was cut off has
 * told under that name too, while the others had their leader: once that is over on record, what follows in
 * the same term is another incident, or nobody would be told of it.
 */
function leaderIncident(cluster: ClusterState): string {
  const term = cluster.primary.epoch;
  const shown = cluster.alerts.find(({ rule }) => rule === 'LeaderDown');
  const last = shown?.state === 'resolved' ? incidentPlace(shown.incident) : null;
  return last?.term === term ? `term-${term}.${last.nth + 1}` : `term-${term}`;
}

/** What differs from the alerts of the record. */
export function alertTransitions(cluster: ClusterState, leadership: Leadership): AlertTransition[] {
  const nodes = Object.values(cluster.nodes).map((n) => ({
    nodeId: n.nodeId,
    dead: n.liveness === 'dead',
    inMaintenance: Object.hasOwn(cluster.maintenance, n.nodeId),
  }));
  return evaluateFixedAlerts({
    ...{ previous: cluster.alerts, nodes, leaderIncident: leaderIncident(cluster) },
    ...leadership,
  });
}

/** The alerts as they are now: the record's, and without a leader what the rules say here. */
export function currentAlerts(
  cluster: ClusterState,
  leadership: Leadership,
  now: Timestamp,
): readonly AlertRecord[] {
  if (leadership.leaderId !== null) return cluster.alerts;
  const since = now - leadership.leaderlessMs;
  return withTransitions(cluster.alerts, alertTransitions(cluster, leadership), since);
}

export function firingCount(alerts: readonly AlertRecord[]): number {
  return alerts.filter((alert) => alert.state === 'firing').length;
}
