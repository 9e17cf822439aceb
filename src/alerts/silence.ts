/** Silences: who asked that some alerts are not told of, until when, and which. */
import type { NodeId, Timestamp } from '../base/index.ts';
import type { AlertRecord, AlertSeverity } from './alert-record.ts';

/** What an alert must be to be silenced; null = whatever. */
export interface SilenceMatchers {
  readonly rule: string | null;
  readonly nodeId: NodeId | null;
  readonly severity: AlertSeverity | null;
}

export interface Silence {
  readonly id: string;
  readonly matchers: SilenceMatchers;
  readonly created: Timestamp;
  readonly until: Timestamp;
  readonly by: string;
  readonly reason: string;
}

/** What of an alert silences look at. */
export type SilenceSubject = Pick<AlertRecord, 'rule' | 'nodeId' | 'severity'>;

function matches({ rule, nodeId, severity }: SilenceMatchers, alert: SilenceSubject): boolean {
  return (
    (rule === null || rule === alert.rule) &&
    (nodeId === null || nodeId === alert.nodeId) &&
    (severity === null || severity === alert.severity)
  );
}

/**
 * The silence that holds for `alert` longest; undefined = it is told of. A silence holds while it is on
 * record, whatever the time: when it ends is for the leader to say, once, by the clock of most voters.
 */
export function silenceOf(alert: SilenceSubject, silences: readonly Silence[]): Silence | undefined {
  return silences
    .filter((silence) => matches(silence.matchers, alert))
    .reduce<Silence | undefined>((a, b) => (a === undefined || b.until > a.until ? b : a), undefined);
}

/** `rule LeaderDown, node n2`; `everything` without any. */
export function matchersText({ rule, nodeId, severity }: SilenceMatchers): string {
  const parts = [
    ...(rule === null ? [] : [`rule ${rule}`]),
    ...(nodeId === null ? [] : [`node ${nodeId}`]),
    ...(severity === null ? [] : [`severity ${severity}`]),
  ];
  return parts.length === 0 ? 'everything' : parts.join(', ');
}
