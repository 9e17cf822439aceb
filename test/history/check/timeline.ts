/**
 * Real time against revisions: who had an answer before somebody else's call must have
 * the lower revision. Sorted once, one pass.
 */

/** One thing with a place in the order of revisions. */
export interface Placed {
  readonly call: number;
  /** When its revision was known to somebody; Infinity if nobody was told. */
  readonly ret: number;
  readonly rev: number;
  /** A write's revision is its own; what reads shares one. What is stale may lie behind. */
  readonly kind: 'write' | 'read' | 'stale';
  readonly text: () => string;
}

/** The place of a `value` in sorted `values`: how many are at most `value`. */
export function countUpTo(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Timeline {
  readonly #placed: readonly Placed[];
  /** Instants of answers, ascending, and the highest revision told up to each. */
  readonly #rets: number[] = [];
  readonly #told: number[] = [];
  /** Revisions, ascending, and the earliest answer among those at or above each. */
  readonly #revs: number[] = [];
  readonly #soonest: number[] = [];
  /** Instants of calls, ascending, and the highest revision that comes before all that was called from then on. */
  readonly #calls: number[] = [];
  readonly #lowest: number[] = [];

  constructor(placed: readonly Placed[]) {
    this.#placed = placed;
    const answered = placed.filter((p) => p.ret !== Number.POSITIVE_INFINITY);
    let highest = 0;
    for (const { ret, rev } of answered.toSorted((a, b) => a.ret - b.ret)) {
      highest = Math.max(highest, rev);
      this.#rets.push(ret);
      this.#told.push(highest);
    }
    let soonest = Number.POSITIVE_INFINITY;
    for (const { ret, rev } of answered.toSorted((a, b) => b.rev - a.rev)) {
      soonest = Math.min(soonest, ret);
      this.#revs.push(rev);
      this.#soonest.push(soonest);
    }
    this.#revs.reverse();
    this.#soonest.reverse();
    let lowest = Number.POSITIVE_INFINITY;
    const fresh = placed.filter((p) => p.kind !== 'stale');
    for (const { call, rev, kind } of fresh.toSorted((a, b) => b.call - a.call)) {
      lowest = Math.min(lowest, kind === 'write' ? rev - 1 : rev);
      this.#calls.push(call);
      this.#lowest.push(lowest);
    }
    this.#calls.reverse();
    this.#lowest.reverse();
  }

  /** The highest revision that anybody knew before `at`. */
  toldBefore(at: number): number {
    // an answer at the very instant of the call overlaps it
    let n = countUpTo(this.#rets, at);
    while (n > 0 && this.#rets[n - 1] === at) n--;
    return this.#told[n - 1] ?? 0;
  }

  /** When the first answer came that shows `rev` or a later one; what has `rev` must have been called by then. */
  firstToldOf(rev: number): number {
    return this.#soonest[countUpTo(this.#revs, rev - 1)] ?? Number.POSITIVE_INFINITY;
  }

  /** What ended at `at` stood at this revision at the highest: everything called later came behind it. */
  lowestCalledAfter(at: number): number {
    return this.#lowest[countUpTo(this.#calls, at)] ?? Number.POSITIVE_INFINITY;
  }

  /** Everything that stands behind what was known before its call. */
  violations(): string[] {
    return this.#placed.flatMap((p) => {
      if (p.kind === 'stale') return [];
      const told = this.toldBefore(p.call);
      const isBehind = p.kind === 'write' ? p.rev <= told : p.rev < told;
      return isBehind ? [`revision ${told} was known before the call of ${p.text()}`] : [];
    });
  }
}
