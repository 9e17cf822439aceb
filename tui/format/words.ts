/** Numbers and times as the screen writes them: short, fixed in form, unit last. */

/** `1204551` → `1 204 551` with narrow gaps a reader can count by. */
export function count(n: number | null): string {
  if (n === null) return '—';
  const digits = String(Math.round(Math.abs(n)));
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, ' ');
  return n < 0 ? `-${grouped}` : grouped;
}

/** `0.312` → `31.2`; a missing value is a dash. */
export function percent(ratio: number | null, digits = 1): string {
  return ratio === null ? '—' : (ratio * 100).toFixed(digits);
}

/** Milliseconds, with a decimal below ten: `1.2`, `38`, `1 204`. */
export function millis(ms: number | null): string {
  if (ms === null) return '—';
  return ms < 9.95 ? ms.toFixed(1) : count(ms);
}

/** An age in the largest two units: `4s`, `6m30s`, `1h24m`, `3d4h`. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h${two(Math.floor((s % 3600) / 60))}m`;
  return `${Math.floor(s / 86_400)}d${Math.floor((s % 86_400) / 3600)}h`;
}

/** An age in its largest unit, where seconds are noise: `40s`, `12m`, `3h`. */
export function rough(ms: number): string {
  const text = age(ms);
  return /^\d+[smhd]/.exec(text)?.[0] ?? text;
}

/** Time that runs on the screen: tenths below a minute, `25.6 s`, then as ages, `2m17s`. */
export function running(ms: number): string {
  return ms < 59_950 ? `${(ms / 1000).toFixed(1)} s` : age(Math.max(60_000, ms));
}

/** From so many ms on nobody counts them: words of nodes have seconds there as everything else has. */
const MANY_MS = /\b(\d{5,12})(?:\.\d+)? ms\b/g;

/** What a node tells in ms alone, as lengths of time are written here: `139802 ms` is `2m19s`. */
export function withLengths(words: string): string {
  return words.replace(MANY_MS, (_, ms: string) => span(Number(ms)));
}

/** A length of time that was measured: `180 ms`, `2.31 s`, `1m05s`. */
export function span(ms: number | null): string {
  if (ms === null) return '—';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(2)} s` : age(ms);
}

/**
 * A point in time among others of one event, to the ms wherever it lies: `139 ms`, `12.345 s`, `2m19.797s`.
 * Below 0 = before what is counted from.
 */
export function offset(ms: number): string {
  const whole = Math.round(Math.abs(ms));
  const sign = ms < 0 && whole > 0 ? '-' : '';
  if (whole < 10_000) return `${sign}${count(whole)} ms`;
  const rest = whole % 60_000;
  if (whole < 60_000) return `${sign}${(rest / 1000).toFixed(3)} s`;
  return `${sign}${Math.floor(whole / 60_000)}m${(rest / 1000).toFixed(3).padStart(6, '0')}s`;
}

/** `local`: the zone of this machine; null = UTC without a word, for scripts. */
export type Zone = 'local' | 'utc';
let zone: Zone | null = null;

/** How all times are written from now on; told once, before anything is drawn. */
export function takeZone(wanted: Zone | null): void {
  zone = wanted;
}

/** ` UTC` where a person asked for it, beside a clock; the zone of one's own machine needs no word. */
export function zoneMark(): string {
  return zone === 'utc' ? ' UTC' : '';
}

/** `2026-03-04T12:04:31.120` in the chosen zone; the one place where a time becomes text. */
function wallText(time: number): string {
  const shift = zone === 'local' ? new Date(time).getTimezoneOffset() * 60_000 : 0;
  return new Date(time - shift).toISOString().slice(0, 23);
}

/** The day, as `2026-03-04`. */
export function dayOf(at: string): string {
  const time = Date.parse(at);
  return Number.isFinite(time) ? wallText(time).slice(0, 10) : '—';
}

/** Wall time in the chosen zone: `12:04:31`, with milliseconds on demand. */
export function clockTime(at: number | string, withMillis = false): string {
  const time = typeof at === 'number' ? at : Date.parse(at);
  if (!Number.isFinite(time)) return '--:--:--';
  return wallText(time).slice(11, withMillis ? 23 : 19);
}

/** Times of a list in one column. */
export interface Moments {
  readonly cells: number;
  /** In exactly as many cells: the clock, and of another day also which. */
  readonly text: (at: string) => string;
}

/** Where all are of today their clocks, else the day beside them; short: no seconds, or the day alone. */
export function momentsIn(all: readonly string[], now: number, isShort = false): Moments {
  const wall = (at: string): string => {
    const time = Date.parse(at);
    return Number.isFinite(time) ? wallText(time) : '';
  };
  const today = wallText(now);
  const isToday = (text: string): boolean => text.slice(0, 10) === today.slice(0, 10);
  const isAllToday = all.map(wall).every((text) => text === '' || isToday(text));
  const cells = isShort ? 5 : isAllToday ? 8 : 11;
  const words = (text: string): string => {
    if (text === '') return '--:--:--'.slice(0, cells);
    if (isToday(text)) return text.slice(11, 11 + Math.min(cells, 8));
    // of another year the hour says nothing
    if (text.slice(0, 4) !== today.slice(0, 4)) return isShort ? text.slice(2, 7) : text.slice(0, 10);
    return isShort ? text.slice(5, 10) : `${text.slice(5, 10)} ${text.slice(11, 16)}`;
  };
  return { cells, text: (at) => words(wall(at)).padEnd(cells) };
}

/** A time as the person wants it: clock, how long ago, or with its date. */
export function timeWords(
  at: string,
  format: 'clock' | 'age' | 'date',
  now: number,
  withMillis = false,
): string {
  if (format === 'clock') return clockTime(at, withMillis);
  const time = Date.parse(at);
  if (!Number.isFinite(time)) return '--:--:--';
  if (format === 'age') return `${age(Math.max(0, now - time))} ago`.padStart(withMillis ? 12 : 8);
  return wallText(time).slice(0, 19).replace('T', ' ');
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
