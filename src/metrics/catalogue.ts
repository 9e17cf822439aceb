/**
 * Every metric once: the seed's name, the name on `/metrics`, kind, unit, help. Exposition,
 * identifiers of alert conditions and documentation are made from it.
 */

export type MetricGroup = 'cluster' | 'node' | 'raft' | 'replication';
/** `untyped`: names that end in `_count` would be taken for a histogram's part otherwise. */
export type MetricKind = 'gauge' | 'untyped' | 'histogram';

export interface Metric {
  /** The seed's name; the identifier in alert conditions. */
  readonly id: string;
  readonly group: MetricGroup;
  /** Unit of the value under `id`; '' = a count. */
  readonly unit: '' | 'ratio' | 'bytes' | 'bytes/s' | 'per second' | 'seconds' | 'ms';
  readonly help: string;
}

function rows(group: MetricGroup, table: readonly (readonly [string, Metric['unit'], string])[]): Metric[] {
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
    ['config_version', '', 'Version of the configuration in force'],
    ['total_nodes', '', 'Nodes of the cluster'],
    ['healthy_nodes', '', 'Live nodes that are not UNHEALTHY'],
    ['average_load', '', 'Mean 1-minute load per core of the live nodes'],
    ['alerts_firing', '', 'Alerts that fire'],
    ['maintenance_active', '', 'Nodes in maintenance'],
  ]),
  ...rows('node', [
    ['cpu_usage', 'ratio', 'Used part of the cores'],
    ['memory_usage', 'ratio', 'Used part of the memory'],
    ['disk_usage', 'ratio', "Used part of the data folder's file system"],
    ['network_connections', '', 'Open sockets of the daemon'],
    ['active_connections', '', 'Connections of clients'],
    ['error_rate', 'ratio', 'Failed part of the requests since the last sample'],
    ['queries_per_second', 'per second', 'Requests since the last sample'],
    ['query_latency_p50', 'ms', 'Median latency of requests in the last minute'],
    ['query_latency_p95', 'ms', '95th percentile of the latency of requests in the last minute'],
    ['query_latency_p99', 'ms', '99th percentile of the latency of requests in the last minute'],
    ['disk_io_read', 'bytes', 'Bytes that the daemon has read from disk'],
    ['disk_io_write', 'bytes', 'Bytes that the daemon has written to disk'],
    ['resident_memory', 'bytes', 'Memory of the daemon'],
    ['event_loop_lag', 'seconds', 'How late the event loops are, p99'],
    ['uptime', 'seconds', 'Time since the daemon started'],
    ['probe_lane_udp', '', 'Neighbours whose liveness probes go by datagram (network.probe_lane)'],
    ['probe_lane_h2', '', 'Neighbours whose liveness probes go by their connection'],
  ]),
  ...rows('raft', [
    ['current_term', '', 'Term of this node'],
    ['log_index', '', 'Last index of the log'],
    ['commit_index', '', 'Last committed index'],
    ['applied_index', '', 'Last applied index'],
    ['election_count', '', 'Elections remembered by the cluster'],
    ['heartbeat_count', '', 'Heartbeats sent or received since start'],
    ['fsync', 'seconds', 'Time until a write of the log is durable, p99'],
  ]),
  ...rows('replication', [
    ['replica_count', '', 'Live copies of the data'],
    ['sync_lag', 'bytes', "Bytes behind the leader's log"],
    ['replication_rate', 'bytes/s', 'Growth of the log'],
    ['error_count', '', 'Requests that failed since start'],
    ['denied_count', '', 'Callers refused since start for want of credentials or rights'],
  ]),
];

/** The histogram of request latencies; its seed name stands for its percentiles. */
export const QUERY_LATENCY = {
  name: 'sqlcc_query_latency_seconds',
  help: 'Latency of requests',
  /** Upper bounds of the buckets, seconds. */
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const;

const METRIC_PREFIX = 'sqlcc_';

const SUFFIX: Readonly<Record<Metric['unit'], string>> = {
  '': '',
  ratio: '',
  bytes: '_bytes',
  'bytes/s': '_bytes_per_second',
  'per second': '',
  seconds: '_seconds',
  ms: '_milliseconds',
};

/**
 * The name on `/metrics`: prefix, the seed's name, and the unit where the convention asks for one and the
 * name lacks it.
 */
export function exposedName(metric: Metric): string {
  return `${METRIC_PREFIX}${metric.id}${SUFFIX[metric.unit]}`;
}

export function kindOf(metric: Metric): MetricKind {
  return metric.id.endsWith('_count') ? 'untyped' : 'gauge';
}

/** The percentiles are the histogram's business on `/metrics`; as values they are for alerts and people. */
export function isExposed(metric: Metric): boolean {
  return metric.unit !== 'ms';
}
