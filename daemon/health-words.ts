/** How nodes are, in the words of others: from gossip's digests, and as events for people. */
import type { NodeId, Timestamp } from '../src/base/index.ts';
import type { ClusterEvent } from '../src/cluster/index.ts';
import type { HealthStatus, NodeHealth } from '../src/health/index.ts';
import type { MemberFacts } from './node-view.ts';

/** What a node says of itself; nothing is known of one that is silent or dead. */
export function healthOf({ liveness, digest }: MemberFacts): NodeHealth {
  const isHeard = digest !== null && (liveness === 'alive' || liveness === 'suspect');
  return {
    status: isHeard ? digest.health : 'UNKNOWN',
    issues: isHeard ? digest.issues : [`${liveness}: no word from it`],
    cpuUsage: isHeard ? digest.cpuUsage : null,
    memoryUsage: isHeard ? digest.memoryUsage : null,
    diskUsage: isHeard ? digest.diskUsage : null,
    activeConnections: isHeard ? digest.connections : null,
    queryLatencyP95Ms: isHeard ? digest.latencyP95Ms : null,
    lastCheck: isHeard ? digest.at : null,
    checks: [],
  };
}

const SEVERITY: Readonly<Record<HealthStatus, ClusterEvent['severity']>> = {
  HEALTHY: 'info',
  DEGRADED: 'warning',
  UNHEALTHY: 'critical',
  UNKNOWN: 'info',
};

export interface HealthChange {
  readonly nodeId: NodeId;
  readonly before: HealthStatus;
  readonly health: NodeHealth;
}

/**
 * The event of a change; null where another one says it (a node that is lost or found) or nobody wonders
 * (a node that starts well).
 */
export function healthEvent(
  self: NodeId,
  { nodeId, before, health }: HealthChange,
  at: Timestamp,
): Omit<ClusterEvent, 'index'> | null {
  const { status, issues } = health;
  if (status === 'UNKNOWN' || (before === 'UNKNOWN' && status === 'HEALTHY')) return null;
  const who = nodeId === self ? nodeId : `${nodeId} says it`;
  const why = issues.length === 0 ? '' : `: ${issues.join('; ')}`;
  return {
    ...{ kind: 'health-changed', severity: SEVERITY[status], nodeId, at },
    message: `${who} is ${status}${why}`,
    data: { status, before, issues },
  };
}
