import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { memoryTerminal } from '../../cli/memory-terminal.ts';
import { asNdjson, calm } from '../../tui/recording.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlcc-top-'));
  writeFileSync(join(folder, 'calm.ndjson'), asNdjson(calm()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function top(...flags: string[]) {
  const terminal = memoryTerminal({ env: { HOME: folder } });
  // what lines are left by; the other modes read nothing
  (terminal.stdin as unknown as PassThrough).write('q\n');
  const argv = ['top', '--replay', join(folder, 'calm.ndjson'), ...flags];
  const code = await runCli({ argv, terminal, interrupt: () => AbortSignal.abort() });
  await new Promise((resolve) => setImmediate(resolve));
  return { code, out: terminal.stdoutText(), err: terminal.stderrText() };
}

describe('top without a terminal', () => {
  it('top into a pipe says that it is one picture, on stderr', async () => {
    const { code, out, err } = await top();
    expect(code).toBe(0);
    expect(out).toContain('QUORUM');
    expect(err).toMatch(/^hint: the output is no terminal[^\n]*--once[^\n]*--batch[^\n]*\n$/);
  });

  it('top --plain into a pipe is lines, and no hint to another mode', async () => {
    const { code, out, err } = await top('--plain');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^What changes is told in a line each, to the end of the recording/);
    expect(out).toContain('QUORUM');
  });

  it('top refuses what lines would not heed, and takes an empty recording for the file of a person', async () => {
    const { code, out, err } = await top('--plain', '--filter', 'state:!ok');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/: --filter goes with --once and --batch here\nhint: add --once/);
    expect((await top('--plain', '--columns', 'lag')).err).toContain('--columns goes with --once');
    writeFileSync(join(folder, 'empty.ndjson'), '');
    const empty = await top('--plain', '--replay', join(folder, 'empty.ndjson'));
    expect(empty.code).toBe(2);
    expect(empty.err).toContain('empty.ndjson is empty\nhint: give --replay a file');
  });

  it.each([['--once'], ['--batch', '-n', '1'], ['-o', 'json']])(
    'top %s was asked for, and says nothing',
    async (...flags) => {
      const { code, out, err } = await top(...flags);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('n5');
    },
  );
});
