/** The table of checks: a reading, two limits, and how long it must be over one before that counts. */
import type { Duration } from '../base/index.ts';
import { formatSize } from '../base/index.ts';
import type { HealthSample } from './sample.ts';

export interface HealthCheck {
  readonly name: string;
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
    read: (s) => s.cpuUsage,
    degraded: 0.98,
    unhealthy: null,
    holdMs: 60_000,
    text: (v) => `cpu is at ${percent(v)}`,
  },
  {
    name: 'memory',
    read: (s) => s.memoryUsage,
    degraded: 0.95,
    unhealthy: 0.99,
    holdMs: 10_000,
    text: (v) => `memory is ${percent(v)} full`,
  },
  {
    name: 'disk',
    read: (s) => s.diskUsage,
    degraded: 0.95,
    unhealthy: 0.99,
    holdMs: 2000,
    text: (v) => `disk is ${percent(v)} full`,
  },
  {
    name: 'event-loop',
    read: (s) => s.loopLagMs,
    degraded: 250,
    unhealthy: 2000,
    holdMs: 3000,
    text: (v) => `event loop is ${Math.round(v)} ms late`,
  },
  {
    name: 'fsync',
    read: (s) => s.fsyncLatencyMs,
    degraded: 250,
    unhealthy: 2000,
    holdMs: 3000,
    text: (v) => `disk takes ${Math.round(v)} ms to sync`,
  },
  {
    name: 'query-latency',
    read: (s) => s.queryLatencyP95Ms,
    degraded: 1000,
    unhealthy: null,
    holdMs: 10_000,
    text: (v) => `95 % of queries take up to ${Math.round(v)} ms`,
  },
];

/** The check of replicas: its limit is the configured `replica_lag_threshold`, which may change. */
export function lagCheck(thresholdBytes: () => number): HealthCheck {
  return {
    name: 'lag',
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
