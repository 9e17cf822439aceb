/** Values as people read them, and the tone that a state word gets. */
import { formatDuration, formatSize } from '../../base/index.ts';
import type { Cell, Tone } from './table.ts';

const TONES: Readonly<Record<string, Tone>> = {
  healthy: 'good',
  HEALTHY: 'good',
  alive: 'good',
  done: 'good',
  pass: 'good',
  ok: 'good',
  LEADER: 'good',
  degraded: 'warn',
  DEGRADED: 'warn',
  suspect: 'warn',
  warn: 'warn',
  warning: 'warn',
  running: 'warn',
  CANDIDATE: 'warn',
  critical: 'bad',
  UNHEALTHY: 'bad',
  dead: 'bad',
  fail: 'bad',
  failed: 'bad',
  firing: 'bad',
  unknown: 'bad',
  left: 'dim',
  UNKNOWN: 'dim',
  cancelled: 'dim',
  resolved: 'dim',
  info: 'dim',
};

/** The word in the tone that it has everywhere. */
export function state(word: string | null): Cell {
  if (word === null) return null;
  const tone = TONES[word];
  return tone === undefined ? word : { text: word, tone };
}

export function duration(ms: number | null): string | null {
  return ms === null ? null : formatDuration(ms);
}

export function percent(ratio: number | null): string | null {
  return ratio === null ? null : `${Math.round(ratio * 100)}%`;
}

export function size(bytes: number | null): string | null {
  return bytes === null ? null : formatSize(bytes);
}

export function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** `2026-11-25T12:03:04.123Z` → `2026-11-25 12:03:04`, UTC as the API gives it. */
export function time(text: string | null): string | null {
  if (text === null) return null;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? text.slice(0, 19).replace('T', ' ') : text;
}

/** How the answer was read: `quorum`, or `stale, 1.2s old`; always with the node. */
export function readWords(read: { mode: string; age_ms: number; node_id: string }): string {
  const how = read.mode === 'quorum' ? 'quorum' : `stale, ${formatDuration(read.age_ms)} old`;
  return `${how} (by ${read.node_id})`;
}
