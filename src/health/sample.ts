/** Raw readings of one node, units in the names; null = this machine can't tell. */
import type { Timestamp } from '../base/index.ts';

export interface HealthSample {
  /** 0–1 of the cores. */
  readonly cpuUsage: number | null;
  /** 0–1 of the memory. */
  readonly memoryUsage: number | null;
  /** 0–1 of the data folder's file system. */
  readonly diskUsage: number | null;
  /** How late the event loops are, p99 since the last sample. */
  readonly loopLagMs: number | null;
  /** How long the disk takes to make a write durable, p99 since the last sample. */
  readonly fsyncLatencyMs: number | null;
  readonly activeConnections: number | null;
  readonly queryLatencyP95Ms: number | null;
  /** Bytes of log behind the leader, where it is known. */
  readonly lagBytes?: number | null;
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
}
