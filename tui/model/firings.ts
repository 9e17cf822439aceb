/** Each time an alert fired: its record has the last one only, the events tell of those before. */
import type { AlertRow } from '../feed/wire.ts';
import type { Picture, Wall } from './model.ts';

export interface Firing {
  readonly from: Wall;
  /** Null while it fires. */
  readonly to: Wall | null;
  readonly value: string;
}

/** The same moment, told by an event and by the record. */
const SAME_MS = 1000;

function own(alert: AlertRow): Firing {
  const from = Date.parse(alert.fired_at ?? alert.since);
  const to = alert.state === 'resolved' ? Date.parse(alert.since) : null;
  return { from, to, value: alert.value };
}

/** Newest first; at least the one of its record. */
export function firingsOf({ events }: Pick<Picture, 'events'>, alert: AlertRow): readonly Firing[] {
  const told: Firing[] = [];
  for (const { kind, at, data } of events) {
    if ((kind !== 'alert-fired' && kind !== 'alert-resolved') || data['id'] !== alert.id) continue;
    const when = Date.parse(at);
    const value = typeof data['value'] === 'string' ? data['value'] : '';
    const open = told.at(-1);
    if (kind === 'alert-fired') told.push({ from: when, to: null, value });
    else if (open?.to === null) told[told.length - 1] = { ...open, to: when };
    // its beginning is no longer told of, but its end says when that was
    else if (typeof data['previous_since_ms'] === 'number')
      told.push({ from: data['previous_since_ms'], to: when, value });
  }
  const last = own(alert);
  const before = told.filter((f) => f.from < last.from - SAME_MS);
  // its record has the value of its end: what it fired with is in the event
  const fired = told.find((f) => Math.abs(f.from - last.from) <= SAME_MS && f.value !== '');
  const whole = alert.state === 'resolved' && fired !== undefined ? { ...last, value: fired.value } : last;
  return [...before, whole].sort((a, b) => b.from - a.from);
}
