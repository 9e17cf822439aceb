/** What a node's word carries for alerts: further readings, and an incident that it told of by itself. */
import type { AlertAction } from '../src/alerts/index.ts';

/** Readings that a node's word carries beside its older fields, in the order in which they are written. */
export const TOLD_READINGS = [
  'error_rate',
  'queries_per_second',
  'query_latency_p50',
  'query_latency_p99',
  'event_loop_lag',
  'fsync',
  'certificate_expires_in',
  'clock_offset',
  'network_connections',
  'heartbeat_count',
  'error_count',
  'commit_latency',
] as const;

export type ToldReadings = Readonly<Partial<Record<(typeof TOLD_READINGS)[number], number>>>;

/** An incident that a node tells of while nobody leads and nothing can be recorded. */
export interface ToldIncident {
  readonly incident: string;
  /** Those that have taken it. */
  readonly channels: readonly AlertAction[];
}

/** The part of a node's metrics that it tells the others. */
export function toldReadings(metrics: Readonly<Record<string, number>>): ToldReadings {
  const known = TOLD_READINGS.flatMap((name) => {
    const value = metrics[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(known);
}
