/** Runs as rows of text. */
import type { RunResult } from './run.ts';

const COLUMNS: readonly (readonly [string, number, (r: RunResult) => string])[] = [
  ['workload', 9, (r) => r.workload],
  ['nemesis', 10, (r) => r.nemesis],
  ['ops', 7, (r) => `${r.ops}`],
  ['unknown', 8, (r) => `${r.unknown}`],
  ['failed', 7, (r) => `${r.failed}`],
  ['writes/s', 9, (r) => `${r.writesPerSecond}`],
  ['foreign', 8, (r) => `${Math.round(r.foreignReads * 100)}%`],
  ['terms', 6, (r) => `${r.terms}`],
  ['watched', 8, (r) => `${r.watchEvents}`],
  ['values', 10, (r) => r.values],
  ['revisions', 10, (r) => r.revisions],
  ['ms', 6, (r) => `${r.checkMs}`],
  ['verdict', 15, (r) => r.verdict],
  [
    'faults',
    0,
    (r) =>
      Object.entries(r.faults)
        .map(([kind, n]) => `${kind} ${n}`)
        .join(', ') || '-',
  ],
];

export const TABLE_HEAD = COLUMNS.map(([head, width]) => head.padEnd(width)).join(' ');

export function rowOf(result: RunResult): string {
  return COLUMNS.map(([, width, text]) => text(result).padEnd(width)).join(' ');
}
