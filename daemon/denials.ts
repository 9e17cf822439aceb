/**
 * Refusals of callers and peers, kept on this node and never in the replicated log: a
 * stranger must not be able to write there. Told the first time at once and from then
 * on once a minute with the number, however many there are.
 */
import { LIMITS } from '../src/base/index.ts';

const PERIOD_MS = 60_000;
/** Stands for everybody beyond the rows that are kept. */
const OTHERS = 'others';

export interface Denial {
  /** An identity, or `nobody` for somebody without a good one. */
  readonly who: string;
  /** Address; empty where it is not known. */
  readonly from: string;
  /** What was refused, and why. */
  readonly what: string;
  /** Times since the last line about it. */
  readonly count: number;
}

interface Row {
  readonly who: string;
  readonly from: string;
  readonly what: string;
  count: number;
  readonly since: number;
}

export class Denials {
  readonly #tell: (denial: Denial) => void;
  readonly #rows = new Map<string, Row>();
  #total = 0;

  constructor(tell: (denial: Denial) => void) {
    this.#tell = tell;
  }

  /** All refusals since the start. */
  get total(): number {
    return this.#total;
  }

  /** Counts one; `now` is monotonic ms. */
  note({ who, from }: Pick<Denial, 'who' | 'from'>, what: string, now: number): void {
    this.#total++;
    this.flush(now);
    const key = `${who}\n${from}\n${what}`;
    const row = this.#rows.get(key);
    if (row !== undefined) row.count++;
    else if (this.#rows.size < LIMITS.maxDenialRows) this.#begin(key, { who, from, what, now });
    else if (who !== OTHERS) this.#noteOthers(now);
  }

  /** Tells what a minute has gathered; to be called now and then, also when nobody is refused. */
  flush(now: number): void {
    for (const [key, row] of this.#rows) {
      // in order of their beginnings: what follows is younger
      if (now - row.since < PERIOD_MS) return;
      this.#rows.delete(key);
      if (row.count > 0) this.#begin(key, { ...row, now }, row.count);
    }
  }

  #noteOthers(now: number): void {
    const row = this.#rows.get(OTHERS);
    if (row !== undefined) row.count++;
    else this.#begin(OTHERS, { who: OTHERS, from: '', what: 'more than this node keeps apart', now });
  }

  #begin(key: string, at: { who: string; from: string; what: string; now: number }, count = 1): void {
    const { who, from, what, now } = at;
    this.#rows.set(key, { who, from, what, count: 0, since: now });
    this.#tell({ who, from, what, count });
  }
}
