/** Which alert makes another one not worth telling: its cause is known and told already. */
import type { AlertRecord } from './alert-record.ts';

const ROOTS: ReadonlySet<string> = new Set(['LeaderDown', 'NodeDown']);

/**
 * The firing alert of which `alert` is a consequence: whatever began while nobody leads follows from that,
 * and what is measured on a node that is down follows from that.
 */
export function inhibitorOf(alert: AlertRecord, alerts: readonly AlertRecord[]): AlertRecord | undefined {
  if (ROOTS.has(alert.rule)) return undefined;
  return alerts.find((other) => {
    if (other.state !== 'firing') return false;
    if (other.rule === 'LeaderDown') return alert.firedAt >= other.firedAt;
    return other.rule === 'NodeDown' && alert.nodeId !== null && other.nodeId === alert.nodeId;
  });
}
