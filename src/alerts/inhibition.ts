/** Which alert makes another one not worth telling: its cause is known and told already. */
import type { Duration, Timestamp } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { AlertRecord } from './alert-record.ts';
import { checkCondition } from './check.ts';
import { SPOILED_WITHOUT_LEADER } from './vocabulary.ts';

const ROOTS: ReadonlySet<string> = new Set(['LeaderDown', 'NodeDown']);
const SPOILED: ReadonlySet<string> = new Set(SPOILED_WITHOUT_LEADER);

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

/** What a condition reads. One that can't be read follows from nothing: better told twice than never. */
function metricsOf({ condition }: AlertRecord): readonly string[] {
  const checked = checkCondition(condition);
  return checked.ok ? checked.condition.metrics : [];
}

/** Whoever asks for `node_up` asks about this very death, and may wait longer than NodeDown. */
function isOfDeadNode(alert: AlertRecord, down: AlertRecord): boolean {
  if (alert.nodeId === null || alert.nodeId !== down.nodeId) return false;
  return !metricsOf(alert).includes('node_up');
}

/**
 * The alert of which `alert` is a consequence: what reads something that a missing leader spoils and began
 * while nobody leads, or shortly after, follows from it; what is measured on a dead node from its NodeDown.
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
      return isNear && alert.firedAt >= other.firedAt && metricsOf(alert).some((name) => SPOILED.has(name));
    }
    return other.rule === 'NodeDown' && other.state === 'firing' && isOfDeadNode(alert, other);
  });
}

/**
 * The alert for which nobody was told of `alert`, which is over: it began and ended while it followed from
 * that one. `wasTold`: its beginning is in the outbox.
 */
export function inhibitorOfEnded(
  alert: AlertRecord,
  alerts: readonly AlertRecord[],
  wasTold: boolean,
): AlertRecord | undefined {
  if (alert.state !== 'resolved' || wasTold) return undefined;
  const { firedAt, since } = alert;
  const asThen = alerts
    .filter((other) => other.firedAt <= firedAt)
    .map((other): AlertRecord => {
      const fired = other.rule === 'NodeDown' && other.since >= since;
      return fired ? { ...other, state: 'firing' } : other;
    });
  return inhibitorOf(alert, asThen, since);
}

/** After how long inhibition ends by time alone, ms; null = it ends only with a change of the record. */
export function inhibitionEndsIn(alerts: readonly AlertRecord[], now: Timestamp): Duration | null {
  const longest = Math.max(0, ...alerts.map((alert) => aftermathMs(alert, now)));
  return longest === 0 ? null : longest;
}
