import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../../../src/cli/run.ts';
import { createAuthority } from '../../../src/pki/index.ts';
import { memoryTerminal } from '../../cli/memory-terminal.ts';

let dir = '';
let ca = '';
beforeAll(async () => {
  const clusterId = '7f1c0c52-3c3e-4a53-9d31-3c2f3a6f5a10';
  ca = (await createAuthority({ clusterId, clusterName: 't', now: Date.now() })).certPem;
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-contexts-'));
  writeFileSync(join(dir, 'ca.crt'), ca);
  writeFileSync(join(dir, 'my.token'), 'x');
  writeFileSync(join(dir, 'notes.txt'), 'no PEM\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function run(line: string, typed?: readonly string[]) {
  const env = { SQLCC_CONFIG: join(dir, 'config.yaml') };
  const terminal = memoryTerminal({ env, ...(typed === undefined ? {} : { typed }) });
  const argv = line.replaceAll('DIR', dir).split(' ');
  const code = await runCli({ argv, terminal, interrupt: () => new AbortController().signal });
  return { code, out: terminal.stdoutText(), err: terminal.stderrText() };
}

const add = (name: string, more = '') =>
  run(`context add ${name} --endpoint 10.0.0.1:5433 --ca DIR/ca.crt --token-file DIR/my.token${more}`);
const file = () => parse(readFileSync(join(dir, 'config.yaml'), 'utf8'));

describe('context', () => {
  it('context add keeps files relative to the context file, and the first one is current', async () => {
    expect((await add('prod')).code).toBe(0);
    expect((await add('lab')).code).toBe(0);
    const lab = { endpoints: ['10.0.0.1:5433'], ca: 'ca.crt', token_file: 'my.token' };
    expect(file()).toEqual({ current: 'prod', contexts: { prod: lab, lab } });
    expect((await add('third', ' --use')).out).toContain('the current one is third');
  });

  it('context add names the file that is not there, and what makes one', async () => {
    const { code, err } = await run(
      'context add x --endpoint 10.0.0.1:5433 --ca DIR/none.crt --token-file DIR/my.token',
    );
    expect(code).toBe(2);
    expect(err).toMatch(/there is no file .*none\.crt\nhint: .*"sqlcc cert issue" makes them/);
  });

  it('context list marks the current one, use moves the mark, show names what is missing', async () => {
    await add('prod');
    await add('lab');
    expect((await run('context use lab')).code).toBe(0);
    const { out } = await run('context list');
    expect(out).toMatch(/^\* +lab/m);
    expect(out).not.toMatch(/^\* +prod/m);
    expect(JSON.parse((await run('context list -o json')).out)).toMatchObject({ current: 'lab' });
    rmSync(join(dir, 'my.token'));
    expect((await run('context show')).out).toMatch(/Token file: .*my\.token \(missing\)/);
  });

  it('context remove asks, never moves the current one elsewhere by itself, and leaves files', async () => {
    await add('prod');
    await add('lab');
    await add('third');
    expect((await run('context remove prod')).code).toBe(2);
    expect((await run('context remove prod', ['n'])).code).toBe(130);
    expect((await run('context remove prod --yes')).code).toBe(0);
    expect(file()).toMatchObject({ current: null });
    expect(Object.keys(file().contexts)).toEqual(['lab', 'third']);
    expect(readFileSync(join(dir, 'ca.crt'), 'utf8')).toBe(ca);
    expect((await run('context show')).err).toContain('no context is chosen');
  });

  it.each([
    ['context use nowhere', 11, 'no context "nowhere"'],
    ['context remove nowhere --yes', 11, 'no context "nowhere"'],
    ['context add -- -x', 2, 'is no name for a context'],
    ['context add x --endpoint nowhere --ca DIR/ca.crt --token-file DIR/my.token', 2, 'is no endpoint'],
    ['context add x --endpoint a:1 --token-file DIR/my.token', 2, '--ca is missing'],
    ['context add x --endpoint a:1 --ca DIR/ca.crt', 2, 'needs --cert'],
    ['context add x --endpoint a:1 --ca DIR/no.crt --token-file DIR/my.token', 2, 'there is no file'],
    ['context add x --endpoint a:1 --ca DIR/ca.crt --cert DIR/ca.crt', 2, 'belong together'],
    [
      'context add x --endpoint a:1 --ca DIR/notes.txt --token-file DIR/my.token',
      2,
      'notes.txt is no PEM certificate',
    ],
  ])('%s is refused with a sentence, and nothing is written', async (line, code, words) => {
    await add('prod');
    const before = readFileSync(join(dir, 'config.yaml'), 'utf8');
    const ran = await run(line);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(words);
    expect(ran.err).not.toContain('    at ');
    expect(readFileSync(join(dir, 'config.yaml'), 'utf8')).toBe(before);
  });

  it('context add refuses a name that is there, unless it shall be replaced', async () => {
    await add('prod');
    expect((await add('prod')).code).toBe(9);
    expect((await add('prod', ' --replace')).code).toBe(0);
  });

  it('context list of no file says what makes one', async () => {
    const { code, err } = await run('context list');
    expect(code).toBe(0);
    expect(err).toContain('context add makes one');
  });
});
