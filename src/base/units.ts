/**
 * Sizes and durations as people write them: `100MB`, `30s`, `1h`, `80%`. Inside the walls there are only
 * bytes, ms and ratios.
 */
import type { Bytes } from './numbers.ts';
import type { Duration } from './time.ts';

const SIZE: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
  TIB: 1024 ** 4,
};
const TIME: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `100MB` → 100,000,000; `1MiB` → 1,048,576; a bare number is bytes. Undefined when it is no size. */
export function parseSize(text: string): Bytes | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  if (!match) return undefined;
  const unit = match[2] === '' ? 1 : SIZE[(match[2] as string).toUpperCase()];
  if (unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * `30s` → 30000, `1h` → 3600000, `250ms` → 250. A bare number is of `bareUnit`, or with null no duration.
 * Undefined when it is no duration.
 */
export function parseDuration(text: string, bareUnit: 'ms' | 's' | null = 'ms'): Duration | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim());
  const unit = match?.[2] ?? bareUnit;
  if (!match || unit === null) return undefined;
  const ms = Number(match[1]) * (TIME[unit] as number);
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : undefined;
}

/** Shortest honest form: `340ms`, `2.3s`, `6m30s`, `3h20m`, `12d4h`. */
export function formatDuration(ms: Duration): string {
  // the limits are where rounding would fill the unit: 999.7 ms is 1s, 59.97 s is 1m
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${trim((ms / 1000).toFixed(1))}s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return two(Math.floor(s / 60), 'm', s % 60, 's');
  if (s < 86_400) return two(Math.floor(s / 3600), 'h', Math.floor((s % 3600) / 60), 'm');
  return two(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3600), 'h');
}

/** For a flag, in whole seconds and one unit, so that nothing is rounded away: `1h`, `90s`. */
export function flagDuration(ms: Duration): string {
  const s = Math.ceil(ms / 1000);
  return s % 3600 === 0 ? `${s / 3600}h` : s % 60 === 0 ? `${s / 60}m` : `${s}s`;
}

/** Decimal size with one digit: `1.2 GB`. */
export function formatSize(bytes: Bytes): string {
  const steps: [number, string][] = [
    [1e12, 'TB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'KB'],
  ];
  for (const [unit, name] of steps) {
    // from here on one digit rounds up to a full unit; KB begins at 1000, because bytes are not rounded
    const from = unit === 1e3 ? unit : unit * 0.99995;
    if (bytes >= from) return `${trim((bytes / unit).toFixed(1))} ${name}`;
  }
  return `${bytes} B`;
}

function two(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a}${unitA}` : `${a}${unitA}${b}${unitB}`;
}

function trim(text: string): string {
  return text.replace(/\.0$/, '');
}

/** `1 node`, `3 nodes`; `many` where an s does not make it. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
