import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PINNED } from '../sim/pinned.ts';
import { plant, uproot } from './plant.ts';

/** What the simulation says in `folder`, whatever it ends with. */
function play(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((done) => {
    const options = { cwd: folder, maxBuffer: 1 << 26, timeout: 600_000 };
    execFile(process.execPath, ['test/sim/sim.ts', ...args], options, (_, stdout) => done(stdout));
  });
}

describe('pinned plays', () => {
  it.each(PINNED)('$seed finds its bug when it is back ($was)', async ({ seed, options, rule, bug }) => {
    const folder = plant([bug]);
    try {
      const told = await play(folder, ['--seed', String(seed), '--options', JSON.stringify(options)]);
      const verdict = told.split('\n').find((line) => /^(VIOLATION|no violation)/.test(line));
      expect(verdict?.slice(0, 'VIOLATION '.length + rule.length)).toBe(`VIOLATION ${rule}`);
    } finally {
      uproot(folder);
    }
  });
});
