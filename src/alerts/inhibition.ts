/** Which alert makes another one not worth telling: its cause is known and told already. */
import type { Duration, Timestamp } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { AlertRecord } from './alert-record.ts';

const ROOTS: ReadonlySet<string> = new Set(['LeaderDown', 'NodeDown']);

/**
 * How long what follows from this time without a leader is still held back, ms; 0 = no longer. Rules are
 * looked at by leaders, so all that such a time leaves behind begins after it, and readings of the last
 * minute hold it for that long. A clock that was set back holds nothing back beyond that.
 */
function aftermathMs({ rule, state, since }: AlertRecord, now: Timestamp): Duration {
  if (rule !== 'LeaderDown' || state !== 'resolved') return 0;
  const agoMs = now - since;
  return Math.abs(agoMs) < LIMITS.leaderDownAftermathMs ? LIMITS.leaderDownAftermathMs - agoMs : 0;
}

/**
 * The alert of which `alert` is a consequence: whatever began while nobody leads, or shortly after, follows
 * from that, and what is measured on a node that is down follows from that.
 */
export function inhibitorOf(
  alert: AlertRecord,
  alerts: readonly AlertRecord[],
  now: Timestamp,
): AlertRecord | undefined {
  if (ROOTS.has(alert.rule)) return undefined;
  return alerts.find((other) => {
    if (other.rule === 'LeaderDown') {
      const isNear = other.state === 'firing' || aftermathMs(other, now) > 0;
      return isNear && alert.firedAt >= other.firedAt;
    }
    const isDown = other.rule === 'NodeDown' && other.state === 'firing';
    return isDown && alert.nodeId !== null && other.nodeId === alert.nodeId;
  });
}

/** After how long inhibition ends by time alone, ms; null = it ends only with a change of the record. */
export function inhibitionEndsIn(alerts: readonly AlertRecord[], now: Timestamp): Duration | null {
  const longest = Math.max(0, ...alerts.map((alert) => aftermathMs(alert, now)));
  return longest === 0 ? null : longest;
}
