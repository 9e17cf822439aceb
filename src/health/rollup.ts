/** Healths of nodes → the cluster's counts. */
import type { HealthStatus } from './sample.ts';

export interface RolledNode {
  readonly alive: boolean;
  readonly status: HealthStatus;
  readonly role: 'leader' | 'follower' | 'other';
  readonly loadFactor: number | null;
  /** Requests and failed ones since its start; null = it did not tell. */
  readonly requests: number | null;
  readonly errors: number | null;
}

export interface ClusterRollup {
  readonly totalNodes: number;
  /** Alive and not UNHEALTHY. */
  readonly healthyNodes: number;
  readonly leaderNodes: number;
  readonly followerNodes: number;
  /** Mean load of the nodes that told theirs; null without any. */
  readonly averageLoad: number | null;
  /** Sums over the live nodes that told theirs. */
  readonly totalQueries: number;
  readonly totalErrors: number;
}

export function rollUp(nodes: readonly RolledNode[]): ClusterRollup {
  const alive = nodes.filter((n) => n.alive);
  const loads = alive.flatMap((n) => (n.loadFactor === null ? [] : [n.loadFactor]));
  return {
    totalNodes: nodes.length,
    healthyNodes: alive.filter((n) => n.status !== 'UNHEALTHY').length,
    leaderNodes: alive.filter((n) => n.role === 'leader').length,
    followerNodes: alive.filter((n) => n.role === 'follower').length,
    totalQueries: alive.reduce((sum, n) => sum + (n.requests ?? 0), 0),
    totalErrors: alive.reduce((sum, n) => sum + (n.errors ?? 0), 0),
    averageLoad: loads.length === 0 ? null : loads.reduce((a, b) => a + b, 0) / loads.length,
  };
}
