/**
 * A planted bug: the smallest change of the product that breaks one rule. The suite that
 * must notice it is named, so a bug that nobody notices is a blind suite, not a statistic.
 */

/** One replacement in one file; `find` must stand there exactly once, or the run fails. */
export interface Edit {
  /** From the root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly id: string;
  /** The rule that is broken, as the wrong program would have it. */
  readonly sentence: string;
  /** Several only where the product guards a rule twice and one guard alone changes nothing. */
  readonly edits: readonly Edit[];
  /** `sim`: the simulation's seeds; `suite:<path>`: a test file. */
  readonly by: 'sim' | `suite:${string}`;
  /** The row of docs/tests.md that tells of it: a test that it names fails with this bug (by-row.ts). */
  readonly row?: string;
  /** Rules of the oracle that count as finding it; any, unless given. */
  readonly rules?: readonly string[];
}

/** What became of the search for one planted bug. */
export interface Verdict {
  readonly id: string;
  readonly by: Mutant['by'];
  readonly sentence: string;
  /** First seed that shows it; null for a suite, and when no seed did. */
  readonly seed: number | null;
  /** The violated invariant, or the failing test; null = it survived. */
  readonly found: string | null;
  /** What was said when it was found, one line. */
  readonly text: string;
  readonly seconds: number;
}
