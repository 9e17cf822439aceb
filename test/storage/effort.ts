/**
 * How much of a matrix is tried: `npm test` takes every so many cases, `npm run storage`
 * all of them. And what came of them, as a table at the end of each file.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFailed, onTestFinished } from 'vitest';
import { type Random, seededRandom } from '../../src/base/index.ts';

/** All cases instead of a sample. */
export const WHOLE = process.env['SQLCC_STORAGE'] === 'whole';

/** `whole` when everything is tried, else the sample's number. */
export function amount(sample: number, whole: number): number {
  return WHOLE ? whole : sample;
}

/** Every `step`-th of the numbers from `from` to before `to`, or all of them. */
export function sampled(from: number, to: number, step: number): number[] {
  const by = WHOLE ? 1 : step;
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / by)) }, (_, n) => from + n * by);
}

/** Of this run: another one each time, or the one that is asked for. */
const SEED = Number(process.env['SQLCC_STORAGE_SEED'] ?? Date.now() % 1e9);

/** The chance of one test, the same for the same seed; if the test fails it says which. Clocks are no part of it. */
export function chance(): Random {
  onTestFailed(({ task }) => {
    process.stderr.write(`failed: ${task.name}: SQLCC_STORAGE_SEED=${SEED} draws the same again\n`);
  });
  return seededRandom(SEED);
}

/** Where files are real and syncs cost nothing, for tests in which no power is cut. */
const MEMORY = '/dev/shm';

/** A folder that goes when the test ends. */
export function temporaryFolder(kind: 'disk' | 'memory' = 'disk'): string {
  const under = kind === 'memory' && existsSync(MEMORY) ? MEMORY : tmpdir();
  const dir = mkdtempSync(join(under, 'sqlcc-storage-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const counts = new Map<string, Map<string, number>>();

/** One case of a kind ended so. */
export function tally(kind: string, outcome: string): void {
  const row = counts.get(kind) ?? new Map<string, number>();
  row.set(outcome, (row.get(outcome) ?? 0) + 1);
  counts.set(kind, row);
}

/** Prints what was tallied when all tests of the file have run. */
export function reportAtEnd(): void {
  afterAll(() => {
    for (const [kind, row] of counts) {
      const cases = [...row.values()].reduce((a, b) => a + b, 0);
      const outcomes = [...row].map(([outcome, n]) => `${n} ${outcome}`).join(', ');
      console.log(`${kind}: ${cases} cases: ${outcomes}`);
    }
  });
}

/** True when the command ends well. */
export function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
