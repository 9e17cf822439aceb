/** What is told to people about one incident: the same record for every channel. */
import type { NodeId, Timestamp } from '../base/index.ts';
import type { AlertSeverity } from './alert-record.ts';

export interface Notification {
  /**
   * The same for all kinds of one incident: `<clusterId>/<alertId>/<since>`; receivers drop repetitions by
   * it.
   */
  readonly key: string;
  readonly kind: 'firing' | 'acknowledged' | 'resolved';
  readonly alertId: string;
  readonly rule: string;
  readonly nodeId: NodeId | null;
  readonly severity: AlertSeverity;
  readonly condition: string;
  readonly value: string;
  /** Begin of the incident. */
  readonly since: Timestamp;
  /** When this was decided. */
  readonly at: Timestamp;
  readonly clusterName: string;
  readonly clusterId: string;
  /** Who acknowledged it. */
  readonly by: string | null;
}
