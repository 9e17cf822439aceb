/**
 * Every metric with one value a node: the seed's name, the name on `/metrics`, kind, unit, help. Exposition,
 * identifiers of alert conditions and documentation are made from it. What has many series (histograms,
 * values a peer or cause) stands in families.ts.
 */
import { FAMILIES } from './families.ts';
import type { MetricGroup, MetricUnit } from './names.ts';

export interface Metric {
  /** The seed's name; the identifier in alert conditions. */
  readonly id: string;
  readonly group: MetricGroup;
  readonly unit: MetricUnit;
  readonly help: string;
}

function rows(group: MetricGroup, table: readonly (readonly [string, MetricUnit, string])[]): Metric[] {
  return table.map(([id, unit, help]) => ({ id, group, unit, help }));
}

/** The seed's metrics and what the daemon knows beside them. */
export const METRICS: readonly Metric[] = [
  ...rows('cluster', [
    ['node_count', '', 'Nodes of the cluster'],
    ['leader_count', '', 'Leaders that this node knows: 0 or 1'],
    ['follower_count', '', 'Live nodes that follow'],
    [
      'cluster_availability',
      'ratio',
      'Share of time since start in which a leader with a majority was known',
    ],
    [
      'error_budget',
      'seconds',
      'Time without service that is left of this 30-day window at 99.99 %, below 0: overspent',
    ],
    ['downtime', 'seconds', 'Time since start in which no leader with a majority was known'],
    ['config_version', '', 'Version of the configuration in force'],
    ['total_nodes', '', 'Nodes of the cluster'],
    ['healthy_nodes', '', 'Live nodes that are not UNHEALTHY'],
    ['average_load', '', 'Mean 1-minute load per core of the live nodes'],
    ['total_queries', '', 'SQL requests of all nodes together, each since its start'],
    ['total_errors', '', 'SQL requests that the cluster failed, of all nodes together, each since its start'],
    ['alerts_firing', '', 'Alerts that fire'],
    ['maintenance_active', '', 'Nodes in maintenance or drained'],
    ['op_running', '', 'Operations that run: 0 or 1'],
    ['epoch', '', 'Epoch of the primary: the term in which it was elected'],
    [
      'person_certificates_expiring',
      '',
      'People and programs whose newest certificate ends soon or did of late',
    ],
    [
      'person_certificate_expires_in',
      'seconds',
      "Time until the first of people's newest certificates expires",
    ],
    ['maintenance_expiring', '', 'Maintenances and drains of nodes, and a pause, that end within 5 minutes'],
  ]),
  ...rows('node', [
    ['node_up', '', 'Alive by the verdict of record: 0 or 1'],
    ['cpu_usage', 'ratio', 'Used part of the cores'],
    ['cpu_throttled', 'ratio', 'Part of the time slices in which the control group stopped the daemon'],
    ['cpu_pressure', 'ratio', 'Part of the last 10 s in which something on the machine waited for a core'],
    ['memory_usage', 'ratio', 'Used part of the memory'],
    ['disk_usage', 'ratio', "Used part of the data folder's file system"],
    ['network_connections', '', 'Open sockets of the daemon'],
    ['active_connections', '', 'Connections of clients'],
    ['error_rate', 'ratio', 'Part of the SQL requests since the last sample that the node failed'],
    ['query_errors_total', '', 'SQL requests that the node failed since start'],
    ['queries_per_second', 'per second', 'SQL requests since the last sample'],
    ['query_latency_p50', 'ms', 'Median latency of SQL requests in the last minute'],
    ['query_latency_p95', 'ms', '95th percentile of the latency of SQL requests in the last minute'],
    ['query_latency_p99', 'ms', '99th percentile of the latency of SQL requests in the last minute'],
    ['disk_io_read', 'bytes', 'Bytes that the daemon has read from disk'],
    ['disk_io_write', 'bytes', 'Bytes that the daemon has written to disk'],
    ['disk_read_rate', 'bytes/s', 'Bytes that the daemon reads from disk'],
    ['disk_write_rate', 'bytes/s', 'Bytes that the daemon writes to disk'],
    ['health_status', '', 'By its own opinion: 0 HEALTHY, 1 DEGRADED, 2 UNHEALTHY, 3 UNKNOWN'],
    ['resident_memory', 'bytes', 'Memory of the daemon'],
    ['event_loop_lag', 'seconds', 'How late the event loops are, p99 since the last sample'],
    ['uptime', 'seconds', 'Time since the daemon started'],
    ['certificate_expires_in', 'seconds', "Time until the node's certificate, or the CA behind it, expires"],
    ['clock_offset', 'seconds', 'How far the wall clock is from the nearest one of another node'],
    ['probe_lane_udp', '', 'Neighbours whose liveness probes go by datagram (network.probe_lane)'],
    ['probe_lane_h2', '', 'Neighbours whose liveness probes go by their connection'],
  ]),
  ...rows('raft', [
    ['current_term', '', 'Term of this node'],
    ['log_index', '', 'Last index of the log'],
    ['commit_index', '', 'Last committed index'],
    ['applied_index', '', 'Last applied index'],
    ['election_count', '', 'Elections since the cluster was made'],
    ['heartbeat_count', '', 'Heartbeats sent or received since start'],
    ['fsync', 'seconds', 'Time until a write of the log is durable, p99 since the last sample'],
    [
      'commit_latency',
      'seconds',
      'Time until a write was committed and applied, p95 in the last minute; only the leader knows',
    ],
    ['raft_state', '', '0 learner, 1 follower, 2 pre-candidate, 3 candidate, 4 leader'],
    ['leader_changes_total', '', 'Changes of leader that this node has seen since its start'],
  ]),
  ...rows('replication', [
    ['replica_count', '', 'Live copies of the data'],
    ['sync_lag', 'bytes', "Bytes behind the leader's log"],
    ['replay_lag', 'bytes', "Bytes of the leader's log that this node has not applied"],
    ['replication_rate', 'bytes/s', 'Growth of the log'],
    ['sync_required', '', 'Voters that must hold a write before it counts, the leader among them'],
    ['sync_observed', '', 'Voters that hold all that counts; only the leader knows'],
    [
      'error_count',
      '',
      'Appends that a follower refused, snapshots that did not arrive, messages lost to a peer, since start',
    ],
    ['diverged', '', 'Found to have computed another result than the others: 0 or 1'],
    ['denied_count', '', 'Callers refused since start for want of credentials or rights'],
  ]),
];

/**
 * Percentiles are a histogram's business on `/metrics` (of another name, or of the same); as values they
 * are for alerts and people.
 */
export function isExposed({ id, unit }: Metric): boolean {
  return unit !== 'ms' && !FAMILIES.some((family) => family.id === id);
}
