import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launcher } from '../../../src/cli/commands/demo.ts';
import { findConnection } from '../../../src/cli/connection.ts';
import { Flags } from '../../../src/cli/flags.ts';
import { runningDemo } from '../../../src/cli/running-demo.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-running-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** More than Linux ever gives. */
const NOBODY = 2 ** 30;

function demo(name: string, pid: number | null, hasContext = true): string {
  const folder = join(dir, `sqlcc-demo-${name}`);
  mkdirSync(folder);
  const file = join(folder, 'config.yaml');
  if (hasContext) writeFileSync(file, 'contexts: {}\n');
  writeFileSync(join(folder, 'demo.json'), JSON.stringify({ context_file: file, nodes: [{ pid }] }));
  return file;
}

describe('runningDemo', () => {
  it('is the context file of a demo whose daemons live', () => {
    demo('gone', NOBODY);
    demo('stopped', null);
    demo('half', process.pid, false);
    mkdirSync(join(dir, 'sqlcc-demo-starting'));
    expect(runningDemo(dir)).toBeNull();
    const file = demo('lives', process.pid);
    expect(runningDemo(dir)).toBe(file);
    expect(runningDemo(join(dir, 'nowhere'))).toBeNull();
  });

  it('is named to whoever has no context; else how one is started', async () => {
    const env = { SQLCC_CONFIG: join(dir, 'none.yaml'), TMPDIR: dir };
    const hint = () =>
      findConnection(new Flags({}), env).then(
        () => '',
        (error: { hint: string }) => error.hint,
      );
    expect(await hint()).toMatch(/^give --context .* sqlcc demo starts a cluster to look at$/);
    const file = demo('lives', process.pid);
    expect(await hint()).toContain(`a demo runs: put SQLCC_CONFIG=${file} before the command; or give`);
  });
});

describe('launcher', () => {
  it('is the one of the checkout where one stands in it, else the name', () => {
    expect(launcher('/home/a/sqlcc', '/home/a/sqlcc/dist/main.js')).toBe('bin/sqlcc');
    expect(launcher('/home/a', '/home/a/my sqlcc/dist/main.js')).toBe("'my sqlcc/bin/sqlcc'");
    expect(launcher('/home/a', '/usr/lib/node_modules/sqlcc/dist/main.js')).toBe('sqlcc');
    expect(launcher('/home/a', '/home/a/node_modules/sqlcc/dist/main.js')).toBe('sqlcc');
  });
});
