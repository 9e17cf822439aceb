/**
 * The states of one rule about one subject. `pending` is what the node that leads has seen itself;
 * firing and resolved are records. Acknowledged, silenced and inhibited are marks, no states.
 */
export type AlertPhase = 'inactive' | 'pending' | 'firing' | 'resolved';

/**
 * What was found: the condition holds, has held for the rule's `for`, fails, can't be told, or its subject or
 * rule is gone.
 */
export type Finding = 'holds' | 'held' | 'fails' | 'unknown' | 'gone';

/** Missing data ends a wait (nobody knows that the condition went on) but no incident. */
export const ALERT_TRANSITIONS: Readonly<Record<AlertPhase, Readonly<Record<Finding, AlertPhase>>>> = {
  inactive: { holds: 'pending', held: 'firing', fails: 'inactive', unknown: 'inactive', gone: 'inactive' },
  pending: { holds: 'pending', held: 'firing', fails: 'inactive', unknown: 'inactive', gone: 'inactive' },
  firing: { holds: 'firing', held: 'firing', fails: 'resolved', unknown: 'firing', gone: 'resolved' },
  resolved: { holds: 'pending', held: 'firing', fails: 'resolved', unknown: 'resolved', gone: 'resolved' },
};
