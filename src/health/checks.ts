/** The table of checks: a reading, two limits, and how long it must be over one before that counts. */
import type { Duration } from '../base/index.ts';
import { formatSize } from '../base/index.ts';
import type { CheckedReading, HealthSample } from './sample.ts';

export interface HealthCheck {
  readonly name: string;
  readonly unit: CheckedReading['unit'];
  readonly read: (sample: HealthSample) => number | null;
  /** At or above: DEGRADED. */
  readonly degraded: number;
  /** At or above: UNHEALTHY; null = this reading alone never is. */
  readonly unhealthy: number | null;
  /** How long it must be over a limit before the status follows. */
  readonly holdMs: Duration;
  readonly text: (value: number) => string;
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** A short peak is no illness; full disks and late loops are one soon. */
export const HEALTH_CHECKS: readonly HealthCheck[] = [
  {
    name: 'cpu',
    unit: 'ratio',
    read: (s) => s.cpuUsage,
    degraded: 0.98,
    unhealthy: null,
    holdMs: 60_000,
    text: (v) => `cpu is at ${percent(v)}`,
  },
  {
    // busy cores are used cores; being stopped in the middle of work is what makes a node late
    name: 'cpu-throttled',
    unit: 'ratio',
    read: (s) => s.cpuThrottled,
    degraded: 0.3,
    unhealthy: null,
    holdMs: 5000,
    text: (v) => `CPU is withheld by the control group in ${percent(v)} of its time slices`,
  },
  {
    name: 'memory',
    unit: 'ratio',
    read: (s) => s.memoryUsage,
    degraded: 0.95,
    unhealthy: 0.99,
    holdMs: 10_000,
    text: (v) => `memory is ${percent(v)} full`,
  },
  {
    name: 'disk',
    unit: 'ratio',
    read: (s) => s.diskUsage,
    degraded: 0.95,
    unhealthy: 0.99,
    holdMs: 2000,
    text: (v) => `disk is ${percent(v)} full`,
  },
  {
    name: 'event-loop',
    unit: 'ms',
    read: (s) => s.loopLagMs,
    degraded: 250,
    unhealthy: 2000,
    holdMs: 3000,
    text: (v) => `event loop is ${Math.round(v)} ms late`,
  },
  {
    name: 'fsync',
    unit: 'ms',
    read: (s) => s.fsyncLatencyMs,
    degraded: 250,
    unhealthy: 2000,
    holdMs: 3000,
    text: (v) => `disk takes ${Math.round(v)} ms to sync`,
  },
  {
    name: 'query-latency',
    unit: 'ms',
    read: (s) => s.queryLatencyP95Ms,
    degraded: 1000,
    unhealthy: null,
    holdMs: 10_000,
    text: (v) => `95 % of queries take up to ${Math.round(v)} ms`,
  },
  {
    name: 'error-rate',
    unit: 'ratio',
    read: (s) => s.errorRate,
    degraded: 0.5,
    unhealthy: null,
    holdMs: 10_000,
    text: (v) => `${percent(v)} of queries fail`,
  },
];

/** Readings that say how a node is without being good or bad. */
export const PLAIN_READINGS: readonly Pick<HealthCheck, 'name' | 'unit' | 'read'>[] = [
  { name: 'connections', unit: 'count', read: (s) => s.activeConnections },
  { name: 'queries', unit: 'per second', read: (s) => s.queriesPerSecond },
  { name: 'query-latency-p50', unit: 'ms', read: (s) => s.queryLatencyP50Ms },
  { name: 'query-latency-p99', unit: 'ms', read: (s) => s.queryLatencyP99Ms },
  { name: 'disk-read', unit: 'bytes/s', read: (s) => s.diskReadRate },
  { name: 'disk-write', unit: 'bytes/s', read: (s) => s.diskWriteRate },
];

/** The check of the network: whoever answers later than an election waits is missed before it is heard. */
export function networkCheck(electionTimeoutMs: () => number): HealthCheck {
  return {
    name: 'network',
    unit: 'ms',
    read: (s) => s.networkRttMs,
    get degraded() {
      return electionTimeoutMs();
    },
    unhealthy: null,
    holdMs: 10_000,
    text: (v) => `the slowest node takes ${Math.round(v)} ms to answer`,
  };
}

/** The check of replicas: its limit is the configured `replica_lag_threshold`, which may change. */
export function lagCheck(thresholdBytes: () => number): HealthCheck {
  return {
    name: 'lag',
    unit: 'bytes',
    read: (s) => s.lagBytes ?? null,
    get degraded() {
      // at the threshold is not above it
      return thresholdBytes() + 1;
    },
    unhealthy: null,
    holdMs: 0,
    text: (v) => `about ${formatSize(v)} of log behind the leader`,
  };
}

/** A probe that takes longer has failed, whatever comes of it. */
export const PROBE_TIMEOUT_MS: Duration = 2000;
export const DISK_PROBE = 'disk-probe';
export const QUORUM_PROBE = 'quorum-probe';

/** What a failed probe means. */
export const PROBE_ISSUES = {
  [DISK_PROBE]: 'a write to the data folder was not durable in time',
  [QUORUM_PROBE]: 'no quorum confirmed a leader in time',
} as const;

/**
 * The checks of what a full check tries. A disk that refuses is worse than a quorum that is away: this node
 * is at fault then. `holdMs`: long enough that only a second failure in a row counts.
 */
export function probeChecks(holdMs: () => Duration): readonly HealthCheck[] {
  return [
    {
      name: DISK_PROBE,
      unit: 'ms',
      read: (s) => s.diskProbeMs ?? null,
      degraded: PROBE_TIMEOUT_MS,
      unhealthy: PROBE_TIMEOUT_MS,
      get holdMs() {
        return holdMs();
      },
      text: () => PROBE_ISSUES[DISK_PROBE],
    },
    {
      name: QUORUM_PROBE,
      unit: 'ms',
      read: (s) => s.quorumProbeMs ?? null,
      degraded: PROBE_TIMEOUT_MS,
      unhealthy: null,
      get holdMs() {
        return holdMs();
      },
      text: () => PROBE_ISSUES[QUORUM_PROBE],
    },
  ];
}
