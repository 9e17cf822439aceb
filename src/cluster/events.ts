/**
 * The one vocabulary of the event stream, the TUI, watches and audit. Replicated
 * events carry the index of the entry that made them and are the same on each node;
 * a node's own events (votes, suspicion) carry null.
 */
import type { LogIndex, NodeId, Timestamp } from '../base/index.ts';

export const EVENT_KINDS = [
  'cluster-created',
  'node-admitted',
  'node-start-step',
  'node-started',
  'node-stopped',
  'node-removed',
  'node-updated',
  'node-dead',
  'node-alive',
  'node-seat-moved',
  'node-readmitted',
  'member-suspect',
  'member-failed',
  'member-alive',
  'member-left',
  'role-changed',
  'campaign-started',
  'pre-vote',
  'vote',
  'leader-elected',
  'leader-lost',
  'membership-changed',
  'maintenance-enabled',
  'maintenance-disabled',
  'cluster-paused',
  'cluster-resumed',
  'schedule-added',
  'schedule-started',
  'schedule-skipped',
  'schedule-cancelled',
  'hand-over-recorded',
  'hand-over-held',
  'drain-enabled',
  'drain-disabled',
  'operation-started',
  'operation-phase',
  'operation-ended',
  'config-changed',
  'config-confirmed',
  'config-reverted',
  'token-created',
  'token-revoked',
  'user-changed',
  'user-revoked',
  'certificate-revoked',
  'alert-fired',
  'alert-resolved',
  'alert-acknowledged',
  'alert-unacknowledged',
  'notification-delivered',
  'notification-dead',
  'silence-created',
  'silence-ended',
  'snapshot-made',
  'snapshot-installed',
  'replica-diverged',
  'replica-verified',
  'partition-suspected',
  'partition-healed',
  'health-changed',
  'progress',
  'gap',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

export interface ClusterEvent {
  readonly kind: EventKind;
  readonly severity: 'info' | 'warning' | 'critical';
  /** The node that it is about, or null. */
  readonly nodeId: NodeId | null;
  readonly at: Timestamp;
  readonly index: LogIndex | null;
  /** One sentence for people. */
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}
