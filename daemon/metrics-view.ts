/** The metrics of one node as people see them: `ClusterMetrics` and `NodeMetrics` by the seed's names. */
import type { MetricsResponse } from '../src/api/index.ts';
import type { NodeId, Timestamp } from '../src/base/index.ts';
import type { MetricsAnswer } from './metrics-source.ts';
import { isoTime } from './node-view.ts';

export function metricsView(nodeId: NodeId, at: Timestamp, answer: MetricsAnswer): MetricsResponse {
  const { values, series, cluster, node } = answer;
  return {
    ...{ schemaVersion: 1, node_id: nodeId, at: isoTime(at), metrics: { ...values } },
    series: series.map(({ labels, ...row }) => ({ ...row, labels: { ...labels } })),
    cluster: {
      total_nodes: cluster.totalNodes,
      healthy_nodes: cluster.healthyNodes,
      leader_nodes: cluster.leaderNodes,
      follower_nodes: cluster.followerNodes,
      average_load: cluster.averageLoad,
      total_queries: cluster.totalQueries,
      total_errors: cluster.totalErrors,
      cluster_availability: cluster.clusterAvailability,
    },
    node: {
      cpu_usage: node.cpuUsage,
      memory_usage: node.memoryUsage,
      disk_io_read: node.diskIoReadBytes,
      disk_io_write: node.diskIoWriteBytes,
      active_connections: node.activeConnections,
      queries_per_second: values['queries_per_second'] ?? null,
      query_latency_p50: node.queryLatencyP50Ms,
      query_latency_p95: node.queryLatencyP95Ms,
      query_latency_p99: node.queryLatencyP99Ms,
    },
  };
}
