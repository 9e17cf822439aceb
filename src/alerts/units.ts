/**
 * Units of numbers in conditions and dimensions of metrics. Inside an expression time is in seconds, an
 * amount of data in bytes, a share is a plain number.
 */

import { formatDuration, formatSize } from '../base/index.ts';
import type { Metric } from '../metrics/index.ts';

/** Powers of bytes and of seconds: a rate of bytes is {bytes: 1, time: -1}, a plain number {0, 0}. */
export interface Dimension {
  readonly bytes: number;
  readonly time: number;
}

export const PLAIN: Dimension = { bytes: 0, time: 0 };
const TIME: Dimension = { bytes: 0, time: 1 };
const BYTES: Dimension = { bytes: 1, time: 0 };

interface Unit {
  readonly dimension: Dimension;
  /** Times this; a number below 1 is a divisor's, so that `100ms` is exactly 100 / 1000. */
  readonly factor: number;
  readonly divisor: number;
}

function unit(dimension: Dimension, factor: number, divisor = 1): Unit {
  return { dimension, factor, divisor };
}

/** Units that a number may carry; `/s` may follow each of them and stands alone too. */
export const UNITS: ReadonlyMap<string, Unit> = new Map([
  ['%', unit(PLAIN, 1, 100)],
  ['ms', unit(TIME, 1, 1000)],
  ['s', unit(TIME, 1)],
  ['m', unit(TIME, 60)],
  ['h', unit(TIME, 3600)],
  ['d', unit(TIME, 86_400)],
  ['B', unit(BYTES, 1)],
  ['KB', unit(BYTES, 1e3)],
  ['MB', unit(BYTES, 1e6)],
  ['GB', unit(BYTES, 1e9)],
  ['TB', unit(BYTES, 1e12)],
  ['KiB', unit(BYTES, 1024)],
  ['MiB', unit(BYTES, 1024 ** 2)],
  ['GiB', unit(BYTES, 1024 ** 3)],
  ['TiB', unit(BYTES, 1024 ** 4)],
]);

/** A number as written with its unit → value and dimension. */
export function quantity(
  number: number,
  text: string,
): { readonly value: number; readonly dimension: Dimension } {
  const isRate = text.endsWith('/s');
  const { dimension, factor, divisor } = UNITS.get(isRate ? text.slice(0, -2) : text) ?? unit(PLAIN, 1);
  const value = (number * factor) / divisor;
  return { value, dimension: isRate ? { ...dimension, time: dimension.time - 1 } : dimension };
}

const OF_METRIC: Readonly<Record<Metric['unit'], Dimension>> = {
  '': PLAIN,
  ratio: PLAIN,
  bytes: BYTES,
  'bytes/s': { bytes: 1, time: -1 },
  'per second': { bytes: 0, time: -1 },
  seconds: TIME,
  ms: TIME,
};

export function dimensionOf(metric: Metric): Dimension {
  return OF_METRIC[metric.unit];
}

/** A metric's reading as an expression counts it. */
export function canonical(metric: Metric, reading: number): number {
  return metric.unit === 'ms' ? reading / 1000 : reading;
}

export function sameDimension(a: Dimension, b: Dimension): boolean {
  return a.bytes === b.bytes && a.time === b.time;
}

/** What a value of this dimension is called. */
export function dimensionName({ bytes, time }: Dimension): string {
  if (bytes === 0 && time === 0) return 'a number';
  if (bytes === 0 && time === 1) return 'a time';
  if (bytes === 1 && time === 0) return 'an amount of data';
  if (bytes === 1 && time === -1) return 'a rate of data';
  if (bytes === 0 && time === -1) return 'a rate';
  return `of the unit bytes^${bytes} · s^${time}`;
}

/** How a number of this dimension may be written. */
export function dimensionExample({ bytes, time }: Dimension): string {
  if (bytes === 0 && time === 1) return '1000ms or 5s';
  if (bytes === 1 && time === 0) return '100MB or 1GiB';
  if (bytes === 1 && time === -1) return '10MB/s';
  if (bytes === 0 && time === -1) return '100/s';
  return '0.5 or 50%';
}

function plainText(value: number): string {
  return `${Number(value.toPrecision(4))}`;
}

/** A value for people: `1.2s`, `340ms`, `83 MB`, `0.82`. */
export function formatValue(value: number, { bytes, time }: Dimension): string {
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (bytes === 0 && time === 1) return sign + formatDuration(size * 1000);
  if (bytes === 1 && time === 0) return sign + formatSize(Math.round(size));
  if (bytes === 1 && time === -1) return `${sign}${formatSize(Math.round(size))}/s`;
  if (bytes === 0 && time === -1) return `${plainText(value)}/s`;
  return plainText(value);
}
