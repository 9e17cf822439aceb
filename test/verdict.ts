/** How a program ends that plays what it can: one that could not play all never ends as if it had. */

/** Nothing failed, but something was left out because this machine or user can't. */
const NOT_ALL_PLAYED = 3;

export interface Plays {
  /** What was to be played. */
  readonly asked: number;
  /** What was left out. */
  readonly skipped: number;
  readonly failed: number;
}

/** 1 when anything failed or nothing was asked for, 3 when anything was left out, else 0. */
export function exitCodeOf({ asked, skipped, failed }: Plays): 0 | 1 | typeof NOT_ALL_PLAYED {
  if (failed > 0 || asked === 0) return 1;
  return skipped > 0 ? NOT_ALL_PLAYED : 0;
}

/** The last line of the report, or null when all was played. */
export function notPlayed({ asked, skipped }: Plays): string | null {
  return skipped > 0 ? `${skipped} of ${asked} not played: see the lines that begin with skipped` : null;
}
