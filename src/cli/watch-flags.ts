/** What every command that lists something takes beside its own flags; watching.ts does it. */
import type { FlagSpec } from './command-spec.ts';

export const WATCH_FLAGS: readonly FlagSpec[] = [
  {
    flags: '-w, --watch [interval]',
    text: 'again and again, default every 2s, until interrupted or --until holds',
  },
  {
    flags: '--until <condition>',
    text: 'wait for it, e.g. healthy or alive>=3,leader!=n1; --timeout then limits the wait (default 60s)',
  },
];
