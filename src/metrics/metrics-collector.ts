/**
 * The seed's `MetricsCollector`: readings of the moment → values of the catalogue, for
 * this node and for the cluster as this node sees it. Rates come from the difference to
 * the last collection; time and readings are handed in.
 */
import type { Instant } from '../base/index.ts';
import type { ExpositionOptions, SeriesRow } from './exposition.ts';
import { ALL_METRICS, expose, seriesRows } from './exposition.ts';
import type { Series } from './registry.ts';
import { MetricsRegistry } from './registry.ts';

/** Seed: `NodeMetrics`; ratios 0–1, latencies ms, null = unknown. */
export interface NodeMetrics {
  readonly cpuUsage: number | null;
  readonly cpuThrottled: number | null;
  readonly cpuPressure: number | null;
  readonly memoryUsage: number | null;
  readonly diskUsage: number | null;
  readonly diskIoReadBytes: number | null;
  readonly diskIoWriteBytes: number | null;
  readonly diskReadRate: number | null;
  readonly diskWriteRate: number | null;
  /** 0 HEALTHY, 1 DEGRADED, 2 UNHEALTHY, 3 UNKNOWN. */
  readonly healthStatus: number;
  readonly networkConnections: number | null;
  readonly activeConnections: number | null;
  readonly queryLatencyP50Ms: number | null;
  readonly queryLatencyP95Ms: number | null;
  readonly queryLatencyP99Ms: number | null;
  readonly residentMemoryBytes: number | null;
  readonly eventLoopLagMs: number | null;
  readonly uptimeMs: number | null;
  readonly certificateExpiresInMs: number | null;
  readonly clockOffsetMs: number | null;
  /** Neighbours by what carries the probes between them and this node. */
  readonly probeLaneUdp: number | null;
  readonly probeLaneH2: number | null;
  /** Requests and failed requests since start. */
  readonly totalQueries: number;
  readonly totalErrors: number;
  /** Callers refused for want of credentials or rights since start. */
  readonly totalDenied: number;
  /** 1 = it has computed another result than the others; null = not known yet. */
  readonly diverged: number | null;
}

/** Seed: `ClusterMetrics`. */
export interface ClusterMetrics {
  readonly totalNodes: number;
  /** null = not known yet of every node. */
  readonly healthyNodes: number | null;
  readonly leaderNodes: number;
  readonly followerNodes: number;
  readonly averageLoad: number | null;
  /** Requests and failed requests of all nodes that told theirs, each since its own start. */
  readonly totalQueries: number;
  readonly totalErrors: number;
  readonly clusterAvailability: number;
  readonly downtimeMs: number | null;
  /** Of a 30-day window at 99.99 %; below 0 = overspent. */
  readonly errorBudgetMs: number | null;
  readonly configVersion: number;
  readonly alertsFiring: number;
  readonly maintenanceActive: number;
  readonly operationsRunning: number;
  readonly epoch: number | null;
  readonly maintenanceExpiring: number;
  readonly personCertificatesExpiring: number;
  /** Until the first one ends; null = none is known. */
  readonly personCertificateExpiresInMs: number | null;
}

export interface RaftMetrics {
  readonly currentTerm: number;
  readonly logIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly electionCount: number;
  readonly heartbeatCount: number | null;
  readonly fsyncMs: number | null;
  /** Null where no write was handed to consensus in the last minute. */
  readonly commitLatencyMs: number | null;
  /** 0 learner, 1 follower, 2 pre-candidate, 3 candidate, 4 leader. */
  readonly raftState: number | null;
  readonly leaderChanges: number;
}

export interface ReplicationMetrics {
  readonly replicaCount: number;
  readonly syncLagBytes: number | null;
  readonly replayLagBytes: number | null;
  /** Voters that must hold a write, and on the leader those that hold all that counts. */
  readonly syncRequired: number | null;
  readonly syncObserved: number | null;
  /** Bytes that the log has grown by since start. */
  readonly logBytes: number | null;
  /** Of replication, since start. */
  readonly errors: number | null;
}

/** Everything that one collection reads. */
export interface Readings {
  readonly node: NodeMetrics;
  readonly cluster: ClusterMetrics;
  readonly raft: RaftMetrics;
  readonly replication: ReplicationMetrics;
}

/** Seed: `RealTimeMetrics`: the newest value of every known metric under the seed's name. */
export type RealTimeMetrics = Readonly<Record<string, number>>;

/** What happens now and then and is counted as it happens; durations in ms. */
export type Incident =
  | { readonly kind: 'query'; readonly ms: number }
  | { readonly kind: 'election'; readonly ms: number }
  /** A notification came to its end on one channel. */
  | { readonly kind: 'notification'; readonly channel: string; readonly result: 'delivered' | 'dead' }
  /** This node took leadership over: without a word of the former leader, and without any write. */
  | {
      readonly kind: 'failover';
      readonly cause: string;
      readonly durationMs: number;
      readonly writeGapMs: number;
    };

interface Totals {
  readonly at: Instant;
  readonly queries: number;
  readonly errors: number;
  readonly logBytes: number | null;
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

export class MetricsCollector {
  readonly #registry = new MetricsRegistry();
  #last: Totals | null = null;
  #readings: Readings | null = null;

  /** Takes the readings of `now`. */
  collect(readings: Readings, now: Instant): void {
    this.#readings = readings;
    this.#setNode(readings.node);
    this.#setCluster(readings.cluster);
    this.#setRaft(readings.raft);
    this.#setAll({
      replica_count: readings.replication.replicaCount,
      sync_lag: readings.replication.syncLagBytes,
      replay_lag: readings.replication.replayLagBytes,
      sync_required: readings.replication.syncRequired,
      sync_observed: readings.replication.syncObserved,
      error_count: readings.replication.errors,
      denied_count: readings.node.totalDenied,
      diverged: readings.node.diverged,
    });
    this.#setRates(readings, now);
  }

  /** Something that is counted has happened. */
  observe(incident: Incident): void {
    switch (incident.kind) {
      case 'query':
        return this.#registry.observe('query_latency', incident.ms / 1000);
      case 'election':
        return this.#registry.observe('election_duration', incident.ms / 1000);
      case 'notification':
        return this.#registry.count('notifications_sent_total', `${incident.channel},${incident.result}`);
      case 'failover':
        this.#registry.count('failover_total', incident.cause);
        this.#registry.observe('failover_duration', incident.durationMs / 1000);
        this.#registry.observe('write_gap', incident.writeGapMs / 1000);
    }
  }

  /** Takes all series of a family that somebody else counts. */
  give(familyId: string, series: readonly Series[]): void {
    this.#registry.give(familyId, series);
  }

  /** Null before the first collection. */
  collectNodeMetrics(): NodeMetrics | null {
    return this.#readings?.node ?? null;
  }

  collectClusterMetrics(): ClusterMetrics | null {
    return this.#readings?.cluster ?? null;
  }

  getRealTimeMetrics(): RealTimeMetrics {
    return Object.fromEntries(this.#registry.entries().map(([metric, value]) => [metric.id, value]));
  }

  /** What one number can't say: histograms, and values by peer or cause. */
  getSeries(): SeriesRow[] {
    return seriesRows(this.#registry, ALL_METRICS);
  }

  exportMetrics(options: ExpositionOptions): string {
    return expose(this.#registry, options);
  }

  #setAll(values: Readonly<Record<string, number | null>>): void {
    for (const [id, value] of Object.entries(values)) this.#registry.set(id, value);
  }

  #setNode(node: NodeMetrics): void {
    this.#setAll({
      cpu_usage: node.cpuUsage,
      cpu_throttled: node.cpuThrottled,
      cpu_pressure: node.cpuPressure,
      memory_usage: node.memoryUsage,
      disk_usage: node.diskUsage,
      disk_io_read: node.diskIoReadBytes,
      disk_io_write: node.diskIoWriteBytes,
      disk_read_rate: node.diskReadRate,
      disk_write_rate: node.diskWriteRate,
      health_status: node.healthStatus,
      network_connections: node.networkConnections,
      active_connections: node.activeConnections,
      query_errors_total: node.totalErrors,
      query_latency_p50: node.queryLatencyP50Ms,
      query_latency_p95: node.queryLatencyP95Ms,
      query_latency_p99: node.queryLatencyP99Ms,
      resident_memory: node.residentMemoryBytes,
      event_loop_lag: seconds(node.eventLoopLagMs),
      uptime: seconds(node.uptimeMs),
      node_up: 1,
      certificate_expires_in: seconds(node.certificateExpiresInMs),
      clock_offset: seconds(node.clockOffsetMs),
      probe_lane_udp: node.probeLaneUdp,
      probe_lane_h2: node.probeLaneH2,
    });
  }

  #setCluster(cluster: ClusterMetrics): void {
    this.#setAll({
      node_count: cluster.totalNodes,
      total_nodes: cluster.totalNodes,
      healthy_nodes: cluster.healthyNodes,
      leader_count: cluster.leaderNodes,
      follower_count: cluster.followerNodes,
      average_load: cluster.averageLoad,
      total_queries: cluster.totalQueries,
      total_errors: cluster.totalErrors,
      cluster_availability: cluster.clusterAvailability,
      downtime: seconds(cluster.downtimeMs),
      error_budget: seconds(cluster.errorBudgetMs),
      config_version: cluster.configVersion,
      alerts_firing: cluster.alertsFiring,
      maintenance_active: cluster.maintenanceActive,
      op_running: cluster.operationsRunning,
      epoch: cluster.epoch,
      maintenance_expiring: cluster.maintenanceExpiring,
      person_certificates_expiring: cluster.personCertificatesExpiring,
      person_certificate_expires_in: seconds(cluster.personCertificateExpiresInMs),
    });
  }

  #setRaft(raft: RaftMetrics): void {
    this.#setAll({
      current_term: raft.currentTerm,
      log_index: raft.logIndex,
      commit_index: raft.commitIndex,
      applied_index: raft.appliedIndex,
      election_count: raft.electionCount,
      heartbeat_count: raft.heartbeatCount,
      fsync: seconds(raft.fsyncMs),
      commit_latency: seconds(raft.commitLatencyMs),
      raft_state: raft.raftState,
      leader_changes_total: raft.leaderChanges,
    });
  }

  /** Rates since the last collection; unknown after the first, 0 errors of 0 requests is no error. */
  #setRates({ node, replication }: Readings, now: Instant): void {
    const last = this.#last;
    this.#last = {
      at: now,
      queries: node.totalQueries,
      errors: node.totalErrors,
      logBytes: replication.logBytes,
    };
    if (last === null || now <= last.at) return;
    const span = (now - last.at) / 1000;
    const queries = Math.max(0, node.totalQueries - last.queries);
    const errors = Math.max(0, node.totalErrors - last.errors);
    const grown =
      replication.logBytes === null || last.logBytes === null
        ? null
        : Math.max(0, replication.logBytes - last.logBytes);
    this.#setAll({
      queries_per_second: queries / span,
      error_rate: queries === 0 ? 0 : Math.min(1, errors / queries),
      replication_rate: grown === null ? null : grown / span,
    });
  }
}
