/** The scripted modes as a script runs them: no terminal, exit codes, text and JSON. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectScreen } from './golden.ts';
import { buildProgram, type Program, replaying } from './pty.ts';
import { calm } from './recording.ts';

let program: Program;
let recording: string;

beforeAll(async () => {
  program = await buildProgram();
  recording = program.recording(calm());
});
afterAll(() => program.remove());

function run(...flags: string[]) {
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', COLUMNS: '120' };
  return spawnSync(process.execPath, [program.file, recording, ...flags], { encoding: 'utf8', env });
}

describe('runOnce', () => {
  it('runOnce prints the picture without escape sequences', async () => {
    const { stdout, status } = run('--once');
    expect(status).toBe(0);
    expect(stdout).not.toContain('\x1b');
    expectScreen(stdout, 'once-120');
  });

  it('runOnce --check makes the health the exit code', () => {
    expect(run('--once', '--check').status).toBe(3);
  });

  it('runOnce as JSON is one document with observer and time', () => {
    const document = JSON.parse(run('--once', '--json').stdout);
    expect(document).toMatchObject({
      schema: 'sqlcc.top/1',
      schemaVersion: 1,
      observer: 'n1',
      as_of: '2026-03-04T12:04:31.000Z',
    });
    expect(document.nodes).toHaveLength(6);
    expect(document.alert_list).toHaveLength(2);
  });

  it('runOnce loads neither Ink nor React: they lie in the chunk of the screen', () => {
    const chunks = readdirSync(program.folder).filter((f) => f.endsWith('.mjs'));
    const heavy = chunks.filter((f) =>
      readFileSync(join(program.folder, f), 'utf8').includes('react.transitional'),
    );
    const entry = readFileSync(program.file, 'utf8');
    expect(heavy.length).toBeGreaterThan(0);
    for (const chunk of heavy) expect(entry).not.toMatch(new RegExp(`from "\\./${chunk}"`));
  });
});

describe('a closed pipe', () => {
  it('ends --batch quietly: whoever has read enough is no error', () => {
    const line = '"$0" "$@" | head -n 3; echo "code $PIPESTATUS"';
    const argv = ['--norc', '-c', line, process.execPath, program.file, recording, '--batch=0'];
    const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', COLUMNS: '120' };
    const { stdout, stderr } = spawnSync('/bin/bash', argv, { encoding: 'utf8', env, timeout: 100_000 });
    expect(stdout.trim().split('\n')).toHaveLength(4);
    expect(stdout).toMatch(/code 0\n$/);
    expect(stderr).toBe('');
  });
});

describe('runTop without a terminal', () => {
  it('runTop prints one picture and a hint when the output is no terminal', () => {
    const { stdout, stderr, status } = run();
    expect(status).toBe(0);
    expect(stdout).toContain('QUORUM');
    expect(stderr).toContain('hint:');
  });

  it('runTop refuses when the input is no terminal', async () => {
    const terminal = replaying(program, recording, { columns: 80, rows: 24, noInput: true });
    expect(await terminal.exited()).toBe(2);
    expect(terminal.raw).toContain('hint: sqlcc top --once');
    expect(terminal.raw).not.toContain('\x1b[?1049h');
  });

  it('runTop --plain writes lines, no screen', async () => {
    const terminal = replaying(program, recording, { columns: 80, rows: 24, flags: ['--plain'] });
    await terminal.until(() => terminal.raw.includes('QUORUM'), 'the first picture');
    expect(terminal.raw).not.toMatch(/\x1b\[\?1049h|[─│█]/);
    terminal.type('q\r');
    expect(await terminal.exited()).toBe(0);
  });
});
