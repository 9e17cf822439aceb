/** A configuration on trial: how long it still has, and what is said when it was taken back. */
import type { StatusResponse } from '../feed/wire.ts';
import type { Mono, Toast, Wall } from './model.ts';

type Configuration = StatusResponse['config'];

/** Both clocks are others' too: an end so near to its time is called the end of the time. */
const NEAR_MS = 2000;
const SAID_MS = 15_000;

/** Ms until what is on trial is taken back; null = nothing is on trial. */
export function trialLeft({ tentative }: Configuration, now: Wall): number | null {
  return tentative == null ? null : Math.max(0, Date.parse(tentative.expires) - now);
}

/** What was on trial before and is not in force any more, and why; null = nothing of the kind. */
export function takenBack(
  before: Configuration | undefined,
  after: Configuration,
  { now, mono }: { readonly now: Wall; readonly mono: Mono },
): Toast | null {
  const trial = before?.tentative;
  // kept, it is in force under its own number
  if (trial == null || after.tentative != null || after.version === trial.version) return null;
  const isOver = Date.parse(trial.expires) - now <= NEAR_MS;
  const why = isOver ? 'nobody kept it in its time' : 'another change ended its trial';
  const again = isOver ? `what v${trial.previous} says is in force again` : `v${after.version} is in force`;
  const text = `v${trial.version} was taken back, ${why}: ${again}`;
  return { text, level: 'warning', until: mono + SAID_MS };
}
