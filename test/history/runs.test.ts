/** Two histories of real clusters under faults; `npm run history` has the others. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/index.ts';
import { plainGround } from './run/ground.ts';
import { PROCESS_NEMESES } from './run/nemesis.ts';
import { playRun, type RunResult } from './run/run.ts';
import { WORKLOADS } from './run/workloads.ts';

const SECONDS = 20;
/** Runs that do not count, on a machine that is busy with something else, before that is a failure. */
const ATTEMPTS = 5;
const TIMEOUT_MS = 600_000;

async function play(name: string, nemesis: keyof typeof PROCESS_NEMESES, seed: number): Promise<RunResult> {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-history-'));
  const workload = must(
    WORKLOADS.find((w) => w.name === name),
    name,
  );
  const ground = await plainGround(dir);
  const options = { ground, workload, nemesis: PROCESS_NEMESES[nemesis], dir, seconds: SECONDS, seed };
  const result = await playRun(options).finally(ground.leave);
  // the history, logs and data of a run that found something stay
  if (result.verdict !== 'bad') rmSync(dir, { recursive: true, force: true });
  return result;
}

async function playUntilItCounts(name: string, nemesis: keyof typeof PROCESS_NEMESES): Promise<RunResult> {
  for (let n = 1; ; n++) {
    const result = await play(name, nemesis, n);
    if (result.verdict !== 'does not count' || n === ATTEMPTS) return result;
    process.stderr.write(`repeated: ${name}/${nemesis}: ${result.objections.join('; ')}\n`);
  }
}

describe('histories of real clusters', () => {
  it(
    'compare and set, deletes and a watch are linearizable while nodes are killed',
    async () => {
      const result = await playUntilItCounts('cas', 'kill');
      expect(result.verdict, JSON.stringify(result, null, 2)).toBe('good');
      expect(result.watchEvents).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it(
    'lists in SQL rows are linearizable while nodes are paused',
    async () => {
      const result = await playUntilItCounts('append', 'pause');
      expect(result.verdict, JSON.stringify(result, null, 2)).toBe('good');
    },
    TIMEOUT_MS,
  );
});
