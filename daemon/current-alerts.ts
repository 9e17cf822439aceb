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

/**
 * The incident of a cluster without a leader is named after the term of the last one that the record knows:
 * all who followed it tell of the same incident without talking to each other.
 */
export function leaderIncident(cluster: ClusterState): string {
  return `term-${cluster.primary.epoch}`;
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
