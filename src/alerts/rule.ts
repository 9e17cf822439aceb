/** The grammar of an alert rule in YAML, and the five rules of the seed as shipped defaults. */
import * as z from 'zod';
import type { Duration } from '../base/index.ts';
import { parseDuration } from '../base/index.ts';
import type { AlertSeverity } from './alert-record.ts';

const ALERT_ACTIONS = ['email', 'slack', 'pagerduty', 'webhook'] as const;
/** A channel on which people are told. */
export type AlertAction = (typeof ALERT_ACTIONS)[number];

export interface AlertRule {
  readonly name: string;
  /** E.g. `query_latency_p95 > 1000ms`; docs/alerts.md has the whole language. */
  readonly condition: string;
  readonly severity: AlertSeverity;
  readonly actions: readonly AlertAction[];
  /** The condition must hold this long before the alert fires; 0 = at once. */
  readonly forMs: number;
}

/** The milliseconds of a `for:` as written; undefined where it is no duration. */
export function forOf(value: string | number): Duration | undefined {
  return typeof value === 'number' ? value : parseDuration(value);
}

const duration = z.union([z.string().max(32), z.number().int().min(0)]).transform((value, context) => {
  const ms = forOf(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'is no duration such as 30s' });
  return z.NEVER;
});

/** One entry of the `alerts:` block; strict, so that a mistyped key is an issue. */
export const alertRuleSchema = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, 'is no name: a letter, then letters, digits, "_"'),
    condition: z.string().min(1, 'is empty').max(500, 'is longer than 500 characters'),
    severity: z.enum(['critical', 'warning', 'info']),
    actions: z.array(z.enum(ALERT_ACTIONS)).max(16).default([]),
    for: duration.default(0),
  })
  .transform(({ for: forMs, ...rule }): AlertRule => ({ ...rule, forMs }));

/** The seed's rules. */
export const SEED_ALERT_RULES: readonly AlertRule[] = [
  {
    name: 'HighErrorRate',
    condition: 'error_rate > 0.01',
    severity: 'critical',
    actions: ['email', 'slack'],
    forMs: 0,
  },
  {
    name: 'LeaderDown',
    condition: 'leader_count == 0',
    severity: 'critical',
    actions: ['email', 'pagerduty'],
    forMs: 0,
  },
  {
    name: 'HighLatency',
    condition: 'query_latency_p95 > 1000ms',
    severity: 'warning',
    actions: ['slack'],
    forMs: 0,
  },
  {
    name: 'DiskSpaceLow',
    condition: 'disk_usage > 0.8',
    severity: 'warning',
    actions: ['email'],
    forMs: 0,
  },
  {
    name: 'NodeUnreachable',
    condition: 'healthy_nodes < total_nodes * 0.5',
    severity: 'critical',
    actions: ['email', 'pagerduty'],
    forMs: 0,
  },
];

/** What else goes wrong slowly and is measured. */
const FURTHER_RULES: readonly AlertRule[] = [
  {
    name: 'ReplicaLag',
    condition: 'sync_lag > 100MB',
    severity: 'warning',
    actions: ['slack'],
    forMs: 30_000,
  },
  {
    name: 'CertExpiry',
    condition: 'certificate_expires_in < 7d',
    severity: 'warning',
    actions: ['email'],
    forMs: 0,
  },
  {
    name: 'PersonCertExpiry',
    condition: 'person_certificates_expiring > 0',
    severity: 'warning',
    actions: ['email'],
    forMs: 0,
  },
  {
    name: 'ClockSkew',
    condition: 'clock_offset > 500ms',
    severity: 'warning',
    actions: ['slack'],
    forMs: 30_000,
  },
  {
    name: 'DiskSlow',
    condition: 'fsync > 500ms',
    severity: 'warning',
    actions: ['slack'],
    forMs: 5000,
  },
  {
    name: 'DivergedReplica',
    condition: 'diverged > 0',
    severity: 'critical',
    actions: ['email', 'pagerduty'],
    forMs: 0,
  },
  {
    name: 'MaintenanceExpiring',
    condition: 'maintenance_expiring > 0',
    severity: 'info',
    actions: ['slack'],
    forMs: 0,
  },
];

/** In force unless a configuration brings its own. */
export const DEFAULT_ALERT_RULES: readonly AlertRule[] = [...SEED_ALERT_RULES, ...FURTHER_RULES];

/** An election takes a fraction of this; longer without a leader is worth a call. */
export const LEADERLESS_ALERT_MS = 1000;

/**
 * Rules that hold whatever a configuration says; one of the same name may give them other actions. How long
 * they wait: a node is dead by the verdict of record, after which there is nothing to wait for.
 */
export const FIXED_RULES = [
  {
    ...{ name: 'LeaderDown', condition: 'leader_count == 0', severity: 'critical' },
    ...{ leastForMs: LEADERLESS_ALERT_MS, mostForMs: Number.POSITIVE_INFINITY },
  },
  {
    ...{ name: 'NodeDown', condition: 'node_up == 0', severity: 'warning' },
    ...{ leastForMs: 0, mostForMs: 0 },
  },
] as const satisfies readonly FixedRule[];

interface FixedRule extends Pick<AlertRule, 'name' | 'condition' | 'severity'> {
  readonly leastForMs: Duration;
  readonly mostForMs: Duration;
}

/** How long a condition must hold before its rule fires, whatever is written for a fixed one. */
export function forInForceMs({ name, forMs }: Pick<AlertRule, 'name' | 'forMs'>): Duration {
  const fixed = FIXED_RULES.find((rule) => rule.name === name);
  return fixed === undefined ? forMs : Math.min(fixed.mostForMs, Math.max(fixed.leastForMs, forMs));
}
