export type { AvailabilityReport, Span } from './availability.ts';
export { Availability, ratioOf } from './availability.ts';
export type { HealthCheck } from './checks.ts';
export { HEALTH_CHECKS, lagCheck } from './checks.ts';
export { HealthMonitor } from './health-monitor.ts';
export type { ClusterRollup, RolledNode } from './rollup.ts';
export { rollUp } from './rollup.ts';
export type { HealthSample, HealthStatus, NodeHealth } from './sample.ts';
