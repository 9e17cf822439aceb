/**
 * The part of the endurance run that every change is tested with: partitions, what is told of one, and one disk. All others
 * are played by `npm run endurance`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/index.ts';
import { runScenario } from '../endurance/run.ts';
import { BRIEF, SCENARIOS } from '../endurance/scenarios.ts';
import { play, type Scenario } from '../endurance/stage.ts';
import { Lab } from './index.ts';
import { skipVisibly } from './skip.ts';

/** The play among the children of a run, which also asks programs what this machine has. */
function playOf(run: number): string | undefined {
  const children = readFileSync(`/proc/${run}/task/${run}/children`, 'utf8').split(' ').filter(Boolean);
  return children.find((pid) => {
    const file = `/proc/${pid}/cmdline`;
    return existsSync(file) && readFileSync(file, 'utf8').includes('play.ts');
  });
}

describe('endurance', () => {
  for (const name of ['one-way', 'minority', 'leader-down', 'failing-disk']) {
    const scenario = must(
      SCENARIOS.find((s) => s.name === name),
      name,
    );
    const skip = skipVisibly(`the scenario ${name}`, Lab.missing() ?? scenario.missing());
    it.skipIf(skip)(`${name}: ${scenario.about}`, async () => {
      const report = await runScenario(scenario, { minutes: 0, seed: 1, quiet: true });
      expect(report.error).toBeNull();
      expect(report.claims.filter((claim) => !claim.ok)).toEqual([]);
      expect(report).toMatchObject({ ok: true, skipped: null });
    });
  }
});

describe('an endurance run that is ended', () => {
  const skip = skipVisibly('the end of an endurance run', Lab.missing());
  it.skipIf(skip)('ends its play too, which takes away its daemons and networks', async () => {
    const main = join(import.meta.dirname, '..', 'endurance', 'main.ts');
    const run = spawn(process.execPath, [main, '--only', 'soak', '--minutes', '1'], { stdio: 'pipe' });
    const ended = once(run, 'exit');
    await once(run.stderr, 'data');
    const found = (): string | undefined => playOf(run.pid ?? 0);
    while (found() === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    const child = found();
    run.kill('SIGTERM');
    expect((await ended)[1]).toBe('SIGTERM');
    expect(existsSync(`/proc/${child}`)).toBe(false);
  });
});

describe('BRIEF', () => {
  it('names scenarios, a soak among them, each once', () => {
    const names = SCENARIOS.map((s) => s.name);
    expect(BRIEF.filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(BRIEF).size).toBe(BRIEF.length);
    expect(BRIEF).toContain('soak');
  });
});

describe('play', () => {
  const options = { minutes: 0, seed: 1, say: () => {} };
  const scenario = (work: Scenario['play'], missing: string | null = null): Scenario => ({
    ...{ name: 's', about: '', missing: () => missing, play: work },
  });

  it('a claim that does not hold fails the scenario, which goes on and clears away', async () => {
    const said: string[] = [];
    const report = await play(
      scenario(async (stage) => {
        stage.onEnd(() => said.push('first made'));
        stage.onEnd(() => said.push('last made'));
        stage.atMost('a figure', 3, 2);
        stage.atMost('nothing measured', null, 2);
        stage.equal('terms', 0, 0);
      }),
      options,
    );
    expect(report).toMatchObject({ ok: false, error: null });
    expect(report.claims.map((c) => c.ok)).toEqual([false, false, true]);
    expect(said).toEqual(['last made', 'first made']);
  });

  it('an error fails it, so does a scenario that claims nothing; what is missing skips it', async () => {
    const broken = await play(
      scenario(async () => Promise.reject(new TypeError('broken'))),
      options,
    );
    expect(broken).toMatchObject({ ok: false, error: expect.stringContaining('broken') });
    const empty = await play(
      scenario(async () => {}),
      options,
    );
    expect(empty.ok).toBe(false);
    const skipped = await play(
      scenario(async () => {}, 'no root'),
      options,
    );
    expect(skipped).toMatchObject({ ok: true, skipped: 'no root', claims: [] });
  });
});
