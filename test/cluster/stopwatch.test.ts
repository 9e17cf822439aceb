import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { skipVisibly } from '../lab/skip.ts';
import { missingProgram } from '../lab/tools.ts';
import { coreWaits, longestStretch, othersShare, stopwatch } from './stopwatch.ts';

const skip = skipVisibly('a stopwatch that stands', missingProgram(['taskset', 'timeout', 'sh']));

describe('stopwatch', () => {
  it.skipIf(skip)(
    'stands while somebody of the test waits for a core, and runs while all only sleep',
    async () => {
      const core = /Cpus_allowed_list:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
      const [ranMs, waitedMs, stretchMs, others] = [
        stopwatch(),
        coreWaits(),
        longestStretch(),
        othersShare(),
      ];
      const began = performance.now();
      // four of them on one core: three always wait
      const four = Array.from({ length: 4 }, () =>
        spawn('taskset', ['-c', core, 'timeout', '1', 'sh', '-c', 'while :; do :; done'], {
          stdio: 'ignore',
        }),
      );
      await Promise.all(four.map((child) => once(child, 'exit')));
      const [ran, waited, wall] = [ranMs(), waitedMs(), performance.now() - began];
      expect(waited).toBeGreaterThan(500);
      // three quarters of the time between two looks
      expect(stretchMs()).toBeGreaterThan(25);
      // whatever others took, four that never stop had some of the machine
      expect(others()).toBeLessThan(0.99);
      expect(ran).toBeLessThan(wall - 500);
      expect(ran).toBeGreaterThanOrEqual(0);
      const [sleepMs, noMs] = [stopwatch(), coreWaits()];
      await new Promise((resolve) => setTimeout(resolve, 1000));
      // whatever this thread itself waited, it did not work and nobody else did
      expect(sleepMs() + noMs()).toBeGreaterThan(990);
      expect(sleepMs()).toBeGreaterThan(0);
    },
  );
});
