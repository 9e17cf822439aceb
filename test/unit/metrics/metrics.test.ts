import { describe, expect, it } from 'vitest';
import type { ExpositionOptions, Readings } from '../../../src/metrics/index.ts';
import { ALL_METRICS, exposedName, FAMILIES, METRICS, MetricsCollector } from '../../../src/metrics/index.ts';

function readings(changes: { queries?: number; errors?: number; logBytes?: number | null } = {}): Readings {
  return {
    node: {
      cpuUsage: 0.25,
      cpuThrottled: 0.1,
      cpuPressure: null,
      memoryUsage: 0.5,
      diskUsage: 0.75,
      diskIoReadBytes: null,
      diskIoWriteBytes: null,
      diskReadRate: 0,
      diskWriteRate: 4096,
      healthStatus: 1,
      networkConnections: 4,
      activeConnections: 2,
      queryLatencyP50Ms: 1,
      queryLatencyP95Ms: 2,
      queryLatencyP99Ms: 3,
      residentMemoryBytes: 5e7,
      eventLoopLagMs: 2,
      uptimeMs: 60_000,
      certificateExpiresInMs: 86_400_000,
      clockOffsetMs: 4,
      probeLaneUdp: 2,
      probeLaneH2: 1,
      totalQueries: changes.queries ?? 0,
      totalErrors: changes.errors ?? 0,
      ...{ totalDenied: 7, diverged: 1 },
    },
    cluster: {
      totalNodes: 3,
      healthyNodes: 3,
      leaderNodes: 1,
      followerNodes: 2,
      averageLoad: 0.5,
      totalQueries: 900,
      totalErrors: 9,
      clusterAvailability: 1,
      downtimeMs: 0,
      errorBudgetMs: 259_200,
      configVersion: 7,
      alertsFiring: 0,
      maintenanceActive: 0,
      operationsRunning: 1,
      epoch: 4,
      maintenanceExpiring: 0,
      personCertificatesExpiring: 0,
      personCertificateExpiresInMs: null,
    },
    raft: {
      currentTerm: 4,
      logIndex: 100,
      commitIndex: 99,
      appliedIndex: 98,
      electionCount: 2,
      heartbeatCount: null,
      fsyncMs: 1.5,
      commitLatencyMs: 4.2,
      raftState: 4,
      leaderChanges: 3,
    },
    replication: {
      ...{ replicaCount: 3, syncLagBytes: 0, replayLagBytes: 12, syncRequired: 2, syncObserved: 3 },
      logBytes: changes.logBytes ?? null,
      errors: 2,
    },
  };
}

function options(format: ExpositionOptions['format'], selection = ALL_METRICS): ExpositionOptions {
  return { format, labels: { cluster: 'tri"al', node: 'n1' }, version: '0.1.0', selection };
}

describe('METRICS', () => {
  it('has each name once, also as exposed and among families', () => {
    const shown = METRICS.filter((m) => !FAMILIES.some((f) => f.id === m.id));
    const names = [...shown, ...FAMILIES].map(exposedName);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, buckets } of FAMILIES) expect(buckets.length > 0).toBe(kind === 'histogram');
    expect(new Set(METRICS.map((m) => m.id)).size).toBe(METRICS.length);
    expect(new Set(METRICS.map(exposedName)).size).toBe(METRICS.length);
    for (const metric of METRICS) expect(exposedName(metric)).toMatch(/^sqlcc_[a-z0-9_]+$/);
  });
});

describe('MetricsCollector', () => {
  it('gives values under the names of the seed and leaves out what nobody knows', () => {
    const collector = new MetricsCollector();
    expect(collector.getRealTimeMetrics()).toEqual({});
    collector.collect(readings(), 0);
    expect(collector.getRealTimeMetrics()).toMatchObject({
      node_count: 3,
      leader_count: 1,
      config_version: 7,
      current_term: 4,
      query_latency_p95: 2,
      fsync: 0.0015,
      total_queries: 900,
      error_budget: 259.2,
      leader_changes_total: 3,
    });
    for (const id of ['heartbeat_count', 'disk_io_read', 'replication_rate', 'error_rate']) {
      expect(collector.getRealTimeMetrics()).not.toHaveProperty(id);
    }
    expect(collector.collectNodeMetrics()).toMatchObject({ cpuUsage: 0.25 });
    expect(collector.collectClusterMetrics()).toMatchObject({ totalNodes: 3 });
  });

  it('makes rates from the difference to the last collection', () => {
    const collector = new MetricsCollector();
    collector.collect(readings({ queries: 100, errors: 1, logBytes: 1000 }), 1000);
    collector.collect(readings({ queries: 300, errors: 5, logBytes: 5000 }), 3000);
    const rates = { queries_per_second: 100, error_rate: 0.02, replication_rate: 2000 };
    const counts = { query_errors_total: 5, error_count: 2, denied_count: 7, diverged: 1 };
    expect(collector.getRealTimeMetrics()).toMatchObject({ ...rates, ...counts });
    collector.collect(readings({ queries: 300, errors: 5, logBytes: 5000 }), 4000);
    expect(collector.getRealTimeMetrics()).toMatchObject({ error_rate: 0, replication_rate: 0 });
  });

  it('forgets a value that is unknown again', () => {
    const collector = new MetricsCollector();
    collector.collect(readings(), 0);
    const blind = readings();
    collector.collect({ ...blind, node: { ...blind.node, cpuUsage: null, diskUsage: Number.NaN } }, 1000);
    expect(collector.getRealTimeMetrics()).not.toHaveProperty('cpu_usage');
    expect(collector.getRealTimeMetrics()).not.toHaveProperty('disk_usage');
  });
});

describe('exportMetrics', () => {
  const collector = new MetricsCollector();
  collector.collect(readings(), 0);
  for (const ms of [0.4, 3, 3, 20_000]) collector.observe({ kind: 'query', ms });

  it('writes Prometheus text: help, type and one line with labels', () => {
    const lines = collector.exportMetrics(options('prometheus')).split('\n');
    expect(lines).toContain('# TYPE sqlcc_cpu_usage gauge');
    expect(lines).toContain('sqlcc_cpu_usage{cluster="tri\\"al",node="n1"} 0.25');
    expect(lines).toContain('# TYPE sqlcc_node_count untyped');
    expect(lines).toContain('# TYPE sqlcc_leader_changes_total counter');
    // what a histogram of the same name tells is no second metric of that name
    expect(lines.filter((line) => line.startsWith('# TYPE sqlcc_fsync_seconds '))).toHaveLength(1);
    expect(lines).toContain('# TYPE sqlcc_fsync_seconds histogram');
    expect(lines.at(-1)).toBe('');
    for (const line of lines.slice(0, -1))
      expect(line).toMatch(/^# (HELP|TYPE) |^[a-z0-9_]+\{[^}]*\} [-0-9.e+]+$/);
  });

  it('counts latencies in a cumulative histogram', () => {
    const text = collector.exportMetrics(options('prometheus'));
    expect(text).toContain('# TYPE sqlcc_query_latency_seconds histogram');
    expect(text).toMatch(/_bucket\{[^}]*le="0\.0005"\} 1\n/);
    expect(text).toMatch(/_bucket\{[^}]*le="0\.005"\} 3\n/);
    expect(text).toMatch(/_bucket\{[^}]*le="10"\} 3\n/);
    expect(text).toMatch(/_bucket\{[^}]*le="\+Inf"\} 4\n/);
    expect(text).toMatch(/sqlcc_query_latency_seconds_count\{[^}]*\} 4\n/);
    expect(text).not.toContain('query_latency_p95');
  });

  it('writes OpenMetrics with its end mark and its word for untyped', () => {
    const text = collector.exportMetrics(options('openmetrics'));
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toContain('# TYPE sqlcc_node_count unknown');
    expect(text).toMatch(/# TYPE sqlcc_leader_changes counter\nsqlcc_leader_changes_total\{/);
  });

  it('writes JSON, and only what was chosen', () => {
    const selection = { ...ALL_METRICS, node: ['cpu_usage'], cluster: [], raft: [], replication: [] };
    const json = JSON.parse(collector.exportMetrics(options('json', selection))) as Record<string, unknown>;
    expect(json).toEqual({
      ...{ schemaVersion: 1, cluster: 'tri"al', node: 'n1', metrics: { cpu_usage: 0.25 }, series: [] },
    });
    const text = collector.exportMetrics(options('prometheus', selection));
    expect(text).not.toContain('memory_usage');
    expect(text).not.toContain('query_latency');
  });
});
