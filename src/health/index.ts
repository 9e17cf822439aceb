export type { AvailabilityReport, Span } from './availability.ts';
export { Availability, ratioOf } from './availability.ts';
export type { AvailabilitySlice, AvailabilityWindows } from './availability-history.ts';
export { AvailabilityHistory } from './availability-history.ts';
export type { HealthCheck } from './checks.ts';
export {
  DISK_PROBE,
  HEALTH_CHECKS,
  lagCheck,
  networkCheck,
  PROBE_ISSUES,
  PROBE_TIMEOUT_MS,
  probeChecks,
  QUORUM_PROBE,
} from './checks.ts';
export type { HealthCallback } from './health-monitor.ts';
export { HealthMonitor } from './health-monitor.ts';
export type { ClusterRollup, RolledNode } from './rollup.ts';
export { rollUp } from './rollup.ts';
export type { CheckedReading, HealthSample, HealthStatus, NodeHealth } from './sample.ts';
