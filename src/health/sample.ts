/** Raw readings of one node, units in the names; null = this machine can't tell. */
import type { Timestamp } from '../base/index.ts';

export interface HealthSample {
  /** 0–1 of the cores. */
  readonly cpuUsage: number | null;
  /** Part of the slices of time in which the process was stopped for having used its share; 0–1. */
  readonly cpuThrottled: number | null;
  /** 0–1 of the memory. */
  readonly memoryUsage: number | null;
  /** 0–1 of the data folder's file system. */
  readonly diskUsage: number | null;
  /** How late the event loops are, p99 since the last sample. */
  readonly loopLagMs: number | null;
  /** How long the disk takes to make a write durable, p99 since the last sample. */
  readonly fsyncLatencyMs: number | null;
  readonly activeConnections: number | null;
  /** Bytes a second that the daemon reads from and writes to disk. */
  readonly diskReadRate: number | null;
  readonly diskWriteRate: number | null;
  readonly queriesPerSecond: number | null;
  /** 0–1 of the requests since the last sample. */
  readonly errorRate: number | null;
  readonly queryLatencyP50Ms: number | null;
  readonly queryLatencyP95Ms: number | null;
  readonly queryLatencyP99Ms: number | null;
  /** Round trip to the slowest live node. */
  readonly networkRttMs: number | null;
  /** Bytes of log behind the leader, where it is known. */
  readonly lagBytes?: number | null;
  /**
   * What the last full check tried: how long a write took to be durable in the data folder, and a quorum to
   * confirm the leader. `PROBE_TIMEOUT_MS` = it failed or took longer; null = not tried yet.
   */
  readonly diskProbeMs?: number | null;
  readonly quorumProbeMs?: number | null;
  /** Wall time of the reading, for people. */
  readonly at: Timestamp;
}

/** The seed's `HealthStatus`. */
export type HealthStatus = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' | 'UNKNOWN';

/** A node's opinion of itself (seed: `NodeHealth`). */
export interface NodeHealth {
  readonly status: HealthStatus;
  /** One sentence for each reading that is over its limit. */
  readonly issues: readonly string[];
  readonly cpuUsage: number | null;
  readonly memoryUsage: number | null;
  readonly diskUsage: number | null;
  readonly activeConnections: number | null;
  readonly queryLatencyP95Ms: number | null;
  readonly lastCheck: Timestamp | null;
  /** Every reading with its verdict; empty for a node that told its status alone. */
  readonly checks: readonly CheckedReading[];
}

/** One reading as it is judged. */
export interface CheckedReading {
  readonly name: string;
  /** Null = this machine can't tell. */
  readonly value: number | null;
  readonly unit: 'ratio' | 'ms' | 'bytes' | 'bytes/s' | 'per second' | 'count';
  /** Null = a reading without a limit. */
  readonly limit: number | null;
  readonly status: HealthStatus;
}
