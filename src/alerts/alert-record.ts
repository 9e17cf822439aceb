/** An alert as the cluster remembers it: one record a rule and subject, the same on every node. */
import type { NodeId, Timestamp } from '../base/index.ts';

export type AlertSeverity = 'critical' | 'warning' | 'info';

export interface AlertRecord {
  /** Rule and subject, e.g. `NodeDown:n2`. */
  readonly id: string;
  readonly rule: string;
  readonly nodeId: NodeId | null;
  readonly severity: AlertSeverity;
  readonly state: 'firing' | 'resolved';
  /** When it last changed between firing and resolved. */
  readonly since: Timestamp;
  /** Which incident: with `id` what receivers drop repetitions by. The time when it fired, or a name. */
  readonly incident: string;
  /** When this incident began. */
  readonly firedAt: Timestamp;
  /** The condition that held. */
  readonly condition: string;
  /** What was measured, for people. */
  readonly value: string;
  readonly acknowledgedBy: string | null;
}

/**
 * A change of state to propose; times and acknowledgement are filled in where it is applied. `incident` only
 * where it was told of before it could be recorded.
 */
export type AlertTransition = Omit<AlertRecord, 'since' | 'firedAt' | 'incident' | 'acknowledgedBy'> & {
  readonly incident?: string;
};

/** The record that a transition makes of what was known before. */
export function recordOf(
  { incident, ...transition }: AlertTransition,
  previous: AlertRecord | undefined,
  at: Timestamp,
): AlertRecord {
  const isNew = transition.state === 'firing' || previous === undefined;
  return {
    ...transition,
    since: at,
    incident: isNew ? (incident ?? String(at)) : previous.incident,
    firedAt: isNew ? at : previous.firedAt,
    // a new incident wants a new acknowledgement
    acknowledgedBy: isNew ? null : previous.acknowledgedBy,
  };
}

/** The id of a rule's alert about a node, or about the cluster. */
export function alertId(rule: string, nodeId: NodeId | null): string {
  return nodeId === null ? rule : `${rule}:${nodeId}`;
}
