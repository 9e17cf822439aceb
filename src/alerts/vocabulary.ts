/**
 * What conditions may speak of: metrics of the cluster, and those readings of a node that it tells the
 * others, because one node evaluates the rules for all.
 */
import type { Metric } from '../metrics/index.ts';
import { METRICS } from '../metrics/index.ts';

/** Readings that every node tells of itself, or that are known of it from the record. */
export const NODE_READINGS = [
  'node_up',
  'cpu_usage',
  'memory_usage',
  'disk_usage',
  'active_connections',
  'error_rate',
  'queries_per_second',
  'query_latency_p50',
  'query_latency_p95',
  'query_latency_p99',
  'event_loop_lag',
  'fsync',
  'uptime',
  'current_term',
  'log_index',
  'applied_index',
  'sync_lag',
  'certificate_expires_in',
  'clock_offset',
  'network_connections',
  'heartbeat_count',
  'error_count',
  'diverged',
] as const;

export type NodeReading = (typeof NODE_READINGS)[number];

/** Metrics of the cluster that its leader knows. */
export const CLUSTER_READINGS = [
  'node_count',
  'leader_count',
  'follower_count',
  'cluster_availability',
  'config_version',
  'total_nodes',
  'healthy_nodes',
  'average_load',
  'total_queries',
  'total_errors',
  'alerts_firing',
  'maintenance_active',
  'maintenance_expiring',
  'person_certificates_expiring',
  'person_certificate_expires_in',
  'commit_index',
  'election_count',
  'replica_count',
  'replication_rate',
] as const;

export type ClusterReading = (typeof CLUSTER_READINGS)[number];

/**
 * What a missing leader spoils, while it is missing or in readings that look back: requests that waited or
 * were refused, clients that looked for the next one, a log that stood still, elections and what counts them.
 * A rule that reads none of these can't follow from it.
 */
export const SPOILED_WITHOUT_LEADER = [
  'active_connections',
  'error_rate',
  'queries_per_second',
  'query_latency_p50',
  'query_latency_p95',
  'query_latency_p99',
  'current_term',
  'log_index',
  'applied_index',
  'sync_lag',
  'network_connections',
  'heartbeat_count',
  'error_count',
  'leader_count',
  'follower_count',
  'cluster_availability',
  'healthy_nodes',
  'total_queries',
  'total_errors',
  'alerts_firing',
  'commit_index',
  'election_count',
  'replication_rate',
] as const satisfies readonly (NodeReading | ClusterReading)[];

const OF_NODES: ReadonlySet<string> = new Set(NODE_READINGS);
const OF_CLUSTER: ReadonlySet<string> = new Set(CLUSTER_READINGS);
const BY_ID: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.id, metric]));

/** All names that a condition may use. */
export const READINGS: readonly string[] = [...NODE_READINGS, ...CLUSTER_READINGS];

/** What the seed calls a metric that has another name here. */
export const SEED_NAMES: ReadonlyMap<string, ClusterReading> = new Map([
  ['leader_nodes', 'leader_count'],
  ['follower_nodes', 'follower_count'],
]);

/** The name of what a condition calls `name`. */
export function readingNamed(name: string): string {
  return SEED_NAMES.get(name) ?? name;
}

/** The metric of this name, whether a condition may use it or not. */
export function metricOf(name: string): Metric | undefined {
  return BY_ID.get(name);
}

/** Whose reading it is; null = no condition can use it. */
export function scopeOfReading(name: string): 'node' | 'cluster' | null {
  if (OF_NODES.has(name)) return 'node';
  return OF_CLUSTER.has(name) ? 'cluster' : null;
}
