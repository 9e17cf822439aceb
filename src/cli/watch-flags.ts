/** What every command that lists something takes beside its own flags; watching.ts does it. */
import type { CommandSpec, FlagSpec } from './command-spec.ts';

const WATCH_FLAGS: readonly FlagSpec[] = [
  {
    flags: '-w, --watch [interval]',
    text: 'again and again, default every 2s, until interrupted or --until holds',
  },
  {
    flags: '--until <condition>',
    text: 'wait for it, e.g. healthy or alive>=3,leader!=n1; --timeout then limits the wait (default 60s)',
  },
];

/** The flags of the command itself, with those that lists have. */
export function flagsOf(spec: CommandSpec): readonly FlagSpec[] {
  return [...(spec.flags ?? []), ...(spec.watchable === true ? WATCH_FLAGS : [])];
}
