/** An alert as the cluster remembers it: one record a rule and subject, the same on every node. */
import type { NodeId, Timestamp } from '../base/index.ts';

export type AlertSeverity = 'critical' | 'warning' | 'info';

export interface AlertRecord {
  /** Rule and subject, e.g. `NodeDown:n2`; also the key under which receivers drop repetitions. */
  readonly id: string;
  readonly rule: string;
  readonly nodeId: NodeId | null;
  readonly severity: AlertSeverity;
  readonly state: 'firing' | 'resolved';
  /** When it last changed between firing and resolved. */
  readonly since: Timestamp;
  /** What was measured, for people. */
  readonly value: string;
  readonly acknowledgedBy: string | null;
}

/** A change of state to propose; time and acknowledgement are filled in where it is applied. */
export type AlertTransition = Omit<AlertRecord, 'since' | 'acknowledgedBy'>;
