/**
 * Loaded before a daemon: its wall clock is behind by as much as the query says, until the file that it names
 * is there. `--import set-clock.ts?behind=MS&until=FILE`. What is 40 minutes ago needs no 40 minutes then.
 */
import { existsSync } from 'node:fs';

const query = new URL(import.meta.url).searchParams;
const until = query.get('until') ?? '';
let behindMs = Number(query.get('behind'));

const RealDate = Date;
class SetDate extends RealDate {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(SetDate.now());
    else super(...(args as [number]));
  }

  static override now(): number {
    return RealDate.now() - behindMs;
  }
}
globalThis.Date = SetDate as DateConstructor;

// in each thread by itself, all within one step of it
const timer = setInterval(() => {
  if (!existsSync(until)) return;
  behindMs = 0;
  clearInterval(timer);
}, 10);
timer.unref();
