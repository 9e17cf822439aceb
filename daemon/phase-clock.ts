/**
 * How long this leader has seen an operation in its phase, by its own monotonic clock. The record says when a
 * phase began by the wall clock of whoever led then: compared with this machine's, a wait would end early or
 * late by the difference of the two. Who leads next begins anew: what waits is waited for longer, never less.
 */
import type { Duration, Instant } from '../src/base/index.ts';
import type { Standing } from './operation-refusals.ts';

export class PhaseClock {
  #seen: (Standing & { readonly since: Instant }) | null = null;

  /** 0 when it is seen for the first time. */
  inPhaseMs({ id, phase, term }: Standing, now: Instant): Duration {
    const seen = this.#seen;
    if (seen !== null && seen.id === id && seen.phase === phase && seen.term === term)
      return now - seen.since;
    this.#seen = { id, phase, term, since: now };
    return 0;
  }
}
