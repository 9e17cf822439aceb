/** Comparison with stored rows: what a change of the detector moves by more than a tenth must be meant. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row, Spread } from './row.ts';
import { rowKey } from './targets.ts';

const FILE = join(import.meta.dirname, 'baseline.json');
const TOLERATED = 0.1;

type Stored = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

/** The numbers of a row that must stay, each with what is too little to matter. */
function figures(row: Row): Record<string, readonly [value: number | null, slack: number]> {
  const worst = (spread: Spread | null): number | null => spread?.max ?? null;
  return {
    firstSuspectMs: [worst(row.firstSuspectMs), 50],
    firstFailedMs: [worst(row.firstFailedMs), 50],
    allKnowMs: [worst(row.allKnowMs), 100],
    unknown: [row.unknown, 0],
    falseFailed: [row.falseFailed, 0],
    falseSuspectPerNodeHour: [row.falseSuspectPerNodeHour, 5],
    healedMs: [worst(row.healedMs), 250],
    bytesPerS: [row.bytesPerS.mean, 100],
    messagesPerS: [row.messagesPerS, 1],
    neighboursMax: [row.neighboursMax, 1],
  };
}

/** The key holds what a row depends on: other seeds or lengths are another row. */
function keyOf(row: Row): string {
  return `${rowKey(row)} ${row.seeds} seeds ${row.virtualS} s`;
}

function read(): Stored {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Stored;
  } catch {
    return {};
  }
}

export interface Comparison {
  /** One line a figure that moved. */
  readonly lines: string[];
  /** Rows that are not stored: with what should they be compared? */
  readonly missing: string[];
}

export function differences(rows: readonly Row[]): Comparison {
  const stored = read();
  const lines: string[] = [];
  const missing: string[] = [];
  for (const row of rows) {
    const before = stored[keyOf(row)];
    if (before === undefined) {
      missing.push(`${keyOf(row)}: not compared, no such row is stored`);
      continue;
    }
    for (const [name, [value, slack]] of Object.entries(figures(row))) {
      const old = before[name] ?? null;
      if (
        old === null || value === null
          ? old !== value
          : Math.abs(value - old) > Math.max(slack, TOLERATED * old)
      ) {
        lines.push(`${rowKey(row)}: ${name} was ${old}, is ${value}`);
      }
    }
  }
  return { lines, missing };
}

/** Stores rows beside those that are there. */
export function store(rows: readonly Row[]): void {
  const all: Record<string, Readonly<Record<string, number | null>>> = { ...read() };
  for (const row of rows) {
    all[keyOf(row)] = Object.fromEntries(
      Object.entries(figures(row)).map(([name, [value]]) => [name, value]),
    );
  }
  const sorted = Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const lines = sorted.map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`);
}
