/** Comparison with stored rows: what a change of the detector moves by more than a tenth must be meant. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOfCi } from './plan.ts';
import { type Row, type Spread, stepMs } from './row.ts';
import { rowKey } from './targets.ts';

const FILE = join(import.meta.dirname, 'baseline.json');
const TOLERATED = 0.1;

export type Stored = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

/** The numbers of a row that must stay, each with what is too little to matter. */
function figures(row: Row): Record<string, readonly [value: number | null, slack: number]> {
  const times = (name: string, spread: Spread | null, slack: number) =>
    (['p50', 'p99', 'max'] as const).map(
      (part) => [`${name} ${part}`, [spread?.[part] ?? null, slack]] as const,
    );
  const { bytesPerS } = row;
  return {
    ...Object.fromEntries([
      ...times('firstSuspectMs', row.firstSuspectMs, 5),
      ...times('firstFailedMs', row.firstFailedMs, 5),
      ...times('allKnowMs', row.allKnowMs, 5),
      // looked at each so often
      ...times('healedMs', row.healedMs, stepMs(row)),
    ]),
    unknown: [row.unknown, 0],
    falseFailed: [row.falseFailed, 0],
    falseSuspectPerNodeHour: [row.falseSuspectPerNodeHour, 1],
    refutations: [row.refutations, 1],
    unstableS: [row.unstableS, 0.2],
    'bytesPerS mean': [bytesPerS.mean, 20],
    'bytesPerS p99': [bytesPerS.p99, 20],
    'bytesPerS max': [bytesPerS.max, 20],
    bytesPeak: [row.bytesPeak, 100],
    newsPeak: [row.newsPeak, 100],
    messagesPerS: [row.messagesPerS, 0.2],
    queueMax: [row.queueMax, 1],
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
  /** Rows that `npm test` plays and that are not stored: with what should they be compared? */
  readonly missing: string[];
  /** What else is compared with nothing: other rows, and figures that a stored row lacks. */
  readonly notStored: string[];
}

/** `asInCi`: the rows were played with the seeds and lengths of `npm test`. */
export function differences(rows: readonly Row[], asInCi = true, stored: Stored = read()): Comparison {
  const lines: string[] = [];
  const missing: string[] = [];
  const notStored: string[] = [];
  for (const row of rows) {
    const before = stored[keyOf(row)];
    if (before === undefined) {
      const isDue = asInCi && isOfCi(row);
      (isDue ? missing : notStored).push(`${keyOf(row)}: not stored, compared with nothing`);
      continue;
    }
    const lacking: string[] = [];
    for (const [name, [value, slack]] of Object.entries(figures(row))) {
      const old = before[name];
      if (old === undefined) {
        lacking.push(name);
        continue;
      }
      if (
        old === null || value === null
          ? old !== value
          : Math.abs(value - old) > Math.max(slack, TOLERATED * old)
      ) {
        lines.push(`${rowKey(row)}: ${name} was ${old}, is ${value}`);
      }
    }
    const isDue = asInCi && isOfCi(row);
    if (lacking.length > 0)
      (isDue ? missing : notStored).push(`${keyOf(row)}: not stored: ${lacking.join(', ')}`);
  }
  return { lines, missing, notStored };
}

/** What is stored of a row. */
export function figuresOf(row: Row): Record<string, number | null> {
  return Object.fromEntries(Object.entries(figures(row)).map(([name, [value]]) => [name, value]));
}

/** Stores rows beside those that are there. */
export function store(rows: readonly Row[]): void {
  const all: Record<string, Readonly<Record<string, number | null>>> = { ...read() };
  for (const row of rows) all[keyOf(row)] = figuresOf(row);
  const sorted = Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const lines = sorted.map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`);
}
