/** Medians and quantiles, as they are printed. */

/** Of one figure over the repetitions. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** By nearest rank; `sorted` is ascending and not empty. */
function nearestRank(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
}

/** NaN for no values: a figure that is missing must not look like a good one. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN;
  return nearestRank(Float64Array.from(values).sort() as unknown as number[], q);
}

/** To three significant digits, and no more decimals than help. */
export function short(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

export function figureOf(values: readonly number[]): Figure {
  return {
    median: short(quantile(values, 0.5)),
    min: short(quantile(values, 0)),
    max: short(quantile(values, 1)),
  };
}

/** `5,120 (4,800–5,300)`. */
export function textOf({ median, min, max }: Figure): string {
  const text = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
  return min === max ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}
