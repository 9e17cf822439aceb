/**
 * `sqlcc top` as it is shipped: `bin/sqlcc` and what `npm run build` made, on a recording. What only goes
 * wrong once everything is bundled shows here, and how the screen is left when the program fails.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { VIEWS } from '../../tui/model/views.ts';
import { kept, SQLCC } from './accept/kit.ts';
import { answers } from './answers.ts';
import { expectAsBefore, noting } from './left.ts';
import { Terminal, type TerminalOptions } from './pty.ts';
import { asNdjson, calmWith } from './recording.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlcc-shipped-'));
  writeFileSync(join(folder, 'calm.ndjson'), asNdjson(calmWith(answers())));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function top(flags: readonly string[], options: Partial<TerminalOptions> = {}): Terminal {
  const command = [SQLCC, 'top', '--replay', join(folder, 'calm.ndjson'), '--speed', '0', ...flags];
  const env = { SQLCC_CONFIG: join(folder, 'none.yaml'), ...options.env };
  return kept(new Terminal(noting(folder, command), { columns: 80, rows: 24, ...options, env }));
}

/** Inside of the program: does it on SIGUSR2, behind words on stderr. */
function failing(does: string): Readonly<Record<string, string>> {
  const file = join(folder, `${does.replace(/\W+/g, '-')}.mjs`);
  const code = `import { writeFileSync } from 'node:fs';
    writeFileSync('${join(folder, 'pid')}', String(process.pid));
    process.on('SIGUSR2', () => {
      process.stderr.write('kept meanwhile\\n');
      setTimeout(() => { ${does} }, 1);
    });`;
  writeFileSync(file, code);
  return { NODE_OPTIONS: `--import=${file}` };
}

describe('the shipped screen', () => {
  it('is a screen: every view, help, palette, filter and the dialog of an action, with keys and a theme of one’s own', async () => {
    const own = join(folder, 'own');
    mkdirSync(join(own, 'themes'), { recursive: true });
    writeFileSync(join(own, 'themes', 'mine.yaml'), 'tokens: {title: blue}\n');
    writeFileSync(join(own, 'keys.yaml'), 'quit: Z\n');
    const env = { SQLCC_CONFIG: join(own, 'config.yaml') };
    const terminal = top(['--theme', 'mine'], { columns: 120, rows: 36, env });
    await terminal.see('★ n1');
    for (const { key, title } of VIEWS.filter((v) => v.key !== null && v.key !== '8')) {
      terminal.type(key ?? '');
      await terminal.see(`[${key} ${title}`);
    }
    terminal.type('1?');
    await terminal.see('keys that work now');
    terminal.type('\x1b');
    await terminal.until((t) => !t.includes('keys that work now'), 'help is closed');
    terminal.type(':');
    await terminal.see('go topology');
    terminal.type('\x1b');
    await terminal.until((t) => !t.includes('go topology'), 'the palette is closed');
    terminal.type('F');
    await terminal.see('Expected write pause');
    terminal.type('\x1b');
    await terminal.until((t) => !t.includes('Expected write pause'), 'the dialog is closed');
    terminal.type('q');
    terminal.type('Z');
    expect(await terminal.exited()).toBe(0);
    expect([terminal.buffer, terminal.text().trim()]).toEqual(['normal', '']);
  });

  it('--check, --plain and YAML are the same cluster', async () => {
    const check = top(['--check']);
    const yaml = top(['--once', '-o', 'yaml'], { columns: 200 });
    const plain = top(['--plain']);
    await plain.until(() => plain.raw.includes('QUORUM'), 'the lines');
    expect(await plain.exited(), 'it ends with its recording').toBe(0);
    expect(plain.raw).not.toContain('\x1b[?1049h');
    expect(await check.exited(), 'n5 is dead').toBe(3);
    expect(check.text()).toContain('n5');
    expect(await yaml.exited()).toBe(0);
    expect(parse(yaml.raw)).toMatchObject({ schema: 'sqlcc.top/1', raft: { leader_id: 'n1' } });
  });

  it('--no-color has no colour, and shows the same', async () => {
    const grey = top(['--no-color']);
    const colourful = top([]);
    await grey.see('★ n1');
    await colourful.see('★ n1');
    await colourful.still();
    expect(await grey.settled((t) => t === colourful.text())).toBe(colourful.text());
    expect([grey.hasColour(), colourful.hasColour()]).toEqual([false, true]);
  });

  it.each([
    ["throw new Error('out of the blue')", 1, 'error[internal]: the screen failed: out of the blue'],
    ["Promise.reject(new Error('nobody cares'))", 1, 'error[internal]: the screen failed: nobody cares'],
    ['process.exit(7)', 7, ''],
  ])('%s ends with the terminal as before, and what was kept back told', async (does, code, told) => {
    const terminal = top(['--mouse'], { env: failing(does) });
    await terminal.see('★ n1');
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGUSR2');
    expect(await terminal.exited()).toBe(code);
    const text = terminal.text();
    expect(text.match(/kept meanwhile/g)).toHaveLength(1);
    expect(text).toContain(told);
    if (told !== '') expect(text).toContain('hint: a bug in sqlcc: run again with SQLCC_DEBUG=1');
    expectAsBefore(terminal, folder);
  });

  it('without the packages of the wallboard, wall says so and everything else works', async () => {
    const alone = join(folder, 'alone');
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(SQLCC, '..', '..', part), join(alone, part), { recursive: true });
    const config = join(alone, 'config.yaml');
    // nobody is called: the packages are missed first
    writeFileSync(join(alone, 'ca.crt'), rootCertificates[0] ?? '');
    writeFileSync(join(alone, 'token'), 'sqlcc1-none', { mode: 0o600 });
    writeFileSync(
      config,
      "current: a\ncontexts:\n  a: {endpoints: ['127.0.0.1:9'], ca: ca.crt, token_file: token}\n",
      {
        mode: 0o600,
      },
    );
    const run = (words: readonly string[]): Terminal => {
      const env = { SQLCC_CONFIG: config, SQLCC_NODE: process.execPath };
      const options = { columns: 120, rows: 36, env };
      return kept(new Terminal([join(alone, 'bin', 'sqlcc'), ...words], options));
    };
    const wall = run(['wall']);
    expect(await wall.exited(), wall.text()).toBe(10);
    expect(wall.text()).toContain('the wallboard needs the packages blessed and blessed-contrib');
    expect(wall.text()).toContain('everything else works without');
    expect(wall.buffer).toBe('normal');
    const once = run(['top', '--once', '--replay', join(folder, 'calm.ndjson')]);
    expect(await once.exited(), once.text()).toBe(0);
    expect(once.text()).toContain('n5');
    const screen = run(['top', '--replay', join(folder, 'calm.ndjson'), '--speed', '0']);
    await screen.see('★ n1');
    screen.type('q');
    expect(await screen.exited()).toBe(0);
  });
});
