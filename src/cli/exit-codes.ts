/** What the exit status of `sqlcc` means. Codes of errors come from the error table; these are the rest. */
import type { StatusResponse } from '../client/index.ts';

export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  degraded: 3,
  critical: 4,
  unreachable: 5,
  refused: 6,
  timedOut: 7,
  notAllowed: 8,
  conflict: 9,
  invalid: 10,
  notFound: 11,
  partial: 12,
  declined: 130,
} as const;

/** As printed by `sqlcc --help`. */
export const EXIT_HELP = `Exit codes:
    0  done; healthy                     7  timed out, the operation goes on (its id is on stdout)
    1  error                             8  not allowed: certificate, token or role
    2  wrong usage, or no terminal       9  conflict: somebody else was first
       to ask on (--yes, --yes-cluster) 10  validation failed
    3  degraded                         11  not found
    4  critical: no quorum or leader    12  done in part
    5  no endpoint reachable           130  declined or interrupted
    6  refused by a safety check`;

export function exitOfHealth(health: StatusResponse['cluster']['health']): number {
  switch (health) {
    case 'healthy':
      return EXIT.ok;
    case 'degraded':
      return EXIT.degraded;
    case 'critical':
      return EXIT.critical;
  }
}
