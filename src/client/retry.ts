/**
 * Whether a failed attempt is made again. Pure: error × rule × time left → verdict.
 *
 * The one idea: an attempt that may have taken effect is repeated only if repeating
 * is harmless, because it only reads or because the cluster recognises the number it
 * carries. A plain write whose answer is lost ends as `outcome_unknown`, never as a
 * second write and never as "failed".
 */
import { ERROR_TABLE, type ErrorCode } from '../base/index.ts';

/**
 * `free`: reads, and what may happen twice even with other writers in between. `keyed`: carries session and
 * number. `guarded`: bound to a version or a state that it itself ends, so that a second one is refused.
 * `once`: everything else.
 */
export type Repeat = 'free' | 'keyed' | 'guarded' | 'once';

/** `unsent`: never left. `answered`: the server said no. `silent`: it left and nothing came back. */
export type Reach = 'unsent' | 'answered' | 'silent';

export interface Failure {
  readonly code: ErrorCode;
  readonly reach: Reach;
}

export interface Trial {
  readonly repeat: Repeat;
  /** Attempts made so far, the failed one included. */
  readonly attempt: number;
  /** Redirects followed since the last wait. */
  readonly hops: number;
  readonly remainingMs: number;
  /** A number in [0, 1) that spreads clients apart. */
  readonly chance: number;
}

export type Verdict =
  | { readonly kind: 'again'; readonly waitMs: number }
  | { readonly kind: 'follow' }
  /** `code` replaces the error's own: what the caller has to believe. */
  | { readonly kind: 'give-up'; readonly code: ErrorCode };

/** Redirects followed in a row before the client waits for the cluster to agree on its leader. */
export const MAX_HOPS = 3;

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 250;
const OVERLOAD_FACTOR = 8;

/** Half to full of a wait that grows by half with each attempt. */
export function waitBefore(attempt: number, chance: number): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 1.5 ** Math.max(0, attempt - 1));
  return full * (0.5 + chance / 2);
}

/** True when this failure leaves open whether the request took effect. */
export function isDoubtful(failure: Failure): boolean {
  if (failure.reach === 'unsent') return false;
  return failure.reach === 'silent' || ERROR_TABLE[failure.code].retry === 'unknown';
}

export function judge(failure: Failure, trial: Trial): Verdict {
  if (isDoubtful(failure)) {
    if (trial.repeat === 'once') return { kind: 'give-up', code: 'outcome_unknown' };
    // the server's own bug repeats itself
    if (failure.code === 'internal' && failure.reach === 'answered')
      return { kind: 'give-up', code: 'internal' };
  } else if (failure.reach === 'answered' && ERROR_TABLE[failure.code].retry === 'no') {
    return { kind: 'give-up', code: failure.code };
  }
  if (failure.code === 'not_leader' && trial.hops < MAX_HOPS && trial.remainingMs > 0)
    return { kind: 'follow' };
  const factor = failure.code === 'overloaded' ? OVERLOAD_FACTOR : 1;
  const waitMs = waitBefore(trial.attempt, trial.chance) * factor;
  if (waitMs >= trial.remainingMs) return { kind: 'give-up', code: failure.code };
  return { kind: 'again', waitMs };
}
