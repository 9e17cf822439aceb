/** What became of one seed. */
import type { SimOptions } from './options.ts';

export interface SimResult {
  readonly seed: number;
  readonly options: SimOptions;
  readonly simulatedMs: number;
  readonly steps: number;
  readonly checks: number;
  readonly committed: number;
  readonly acked: number;
  readonly reads: number;
  readonly terms: number;
  readonly snapshots: number;
  /** Whatever happened, and how often: faults that struck, answers, retries. */
  readonly counts: Readonly<Record<string, number>>;
  /** Numbers of the faults that were planned, in order of time. */
  readonly faults: readonly number[];
  /** SHA-256 over the whole story, and over every byte where there was a trace: equal for equal seeds. */
  readonly traceHash: string;
  readonly violation: string | null;
  readonly story: readonly string[];
}
