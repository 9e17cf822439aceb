import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BROKEN_WORLDS } from './broken-worlds.ts';
import { playSeed } from './play.ts';
import { addResult, emptyTally, failuresText, tallyText } from './tally.ts';

describe('failuresText', () => {
  it('tells the end of the story, the options and the command that plays it again', () => {
    const world = BROKEN_WORLDS.find((w) => w.rule === 'FailStop');
    const result = world?.make().run();
    if (result === undefined) throw new Error('no such world');
    const tally = emptyTally();
    addResult(tally, result, 'memory');
    const lines = failuresText(tally);
    for (const line of result.story.slice(-80)) expect(lines).toContain(line);
    expect(lines).toContainEqual(expect.stringMatching(/^not calm: .*"thinkMs":20/));
    expect(lines).toContainEqual(expect.stringMatching(/^VIOLATION FailStop: n\d lives on/));
    expect(lines.at(-1)).toMatch(
      /^seed 1 \(3 nodes\): FailStop: .*: npm run sim -- --seed 1 --nodes 3 --memory$/,
    );
    expect(tallyText(tally)).toEqual(expect.arrayContaining(lines));
  });

  it('gives a command that plays the same seed', () => {
    const result = playSeed(5, 'memory', 4);
    const tally = emptyTally();
    addResult(tally, { ...result, violation: 'Rule: as if' }, 'memory');
    const [, ...args] = tally.failures[0]?.command.split(' -- ') ?? [];
    const told = execFileSync(
      process.execPath,
      [join(import.meta.dirname, 'sim.ts'), ...(args[0] ?? '').split(' ')],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    expect(told).toContain(`trace ${result.traceHash}`);
  });
});
