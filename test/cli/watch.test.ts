/** `watch`, `-w` and `--until` on lists, the fleet, and that none of them loads the screen. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { skipVisibly } from '../lab/skip.ts';
import { asNdjson, calm, event } from '../tui/recording.ts';
import { memoryTerminal } from './memory-terminal.ts';
import { SmallCluster } from './small-cluster.ts';

let cluster: SmallCluster;
let config = '';
beforeEach(async () => {
  cluster = await SmallCluster.start();
  config = await cluster.context();
});
afterEach(() => cluster.stop());

/** Starts a command; `stop` is the interrupt of a person. */
function start(line: string) {
  const terminal = memoryTerminal({ env: { SQLCC_CONFIG: config } });
  const stop = new AbortController();
  const ended = runCli({ argv: line.split(' '), terminal, interrupt: () => stop.signal });
  return { terminal, stop, ended };
}

async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('watch', () => {
  it('watch prints one object a line, and ends when the condition holds', async () => {
    cluster.events.push(event(0, 'n1', 'leader-elected', 'n1 leads'));
    const ran = start('watch --after 0 --until leader==n2 --timeout 60s');
    await until(() => ran.terminal.stdoutText().includes('"type":"event"'));
    cluster.leader = 'n2';
    expect(await ran.ended).toBe(0);
    const lines = ran.terminal
      .stdoutText()
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(lines.slice(0, -1).every((l) => l.type === 'event' && typeof l.cursor === 'string')).toBe(true);
    expect(lines.at(-1)).toMatchObject({ type: 'until', condition: 'leader==n2' });
  });

  it('watch exits 7 when the condition did not hold in time, 130 when interrupted', async () => {
    const late = start('watch --until leader==n9 --timeout 600ms');
    expect(await late.ended).toBe(7);
    expect(late.terminal.stderrText()).toContain('leader==n9 did not hold within 600ms');
    const cut = start('watch');
    cut.stop.abort();
    expect(await cut.ended).toBe(130);
    expect(await start('watch --until nonsense').ended).toBe(2);
  });
});

describe('lists', () => {
  it('node list -w prints again and again, one document a line in JSON', async () => {
    const ran = start('node list -w 100ms -o json');
    await until(() => ran.terminal.stdoutText().split('\n').length > 3);
    ran.stop.abort();
    expect(await ran.ended).toBe(0);
    const lines = ran.terminal.stdoutText().trim().split('\n');
    for (const line of lines) expect(JSON.parse(line).nodes).toHaveLength(3);
  });

  it.each(['cert list', 'cluster config pending'])('%s -w goes on though a node is gone', async (list) => {
    const ran = start(`${list} -w 100ms -o json`);
    await until(() => ran.terminal.stdoutText().split('\n').length > 3);
    ran.stop.abort();
    // as without -w: one node did not answer
    expect(await ran.ended).toBe(12);
    const lines = ran.terminal.stdoutText().trim().split('\n');
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
  });

  it('alert list --until waits without a word, then prints once', async () => {
    cluster.leader = null;
    const ran = start('op list --until leader==n3 --timeout 60s');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ran.terminal.stdoutText()).toBe('');
    cluster.leader = 'n3';
    expect(await ran.ended).toBe(0);
    expect(ran.terminal.stdoutText().match(/^ID /gm)).toHaveLength(1);
  });

  it.each([
    ['node list', 5],
    ['cluster status', 7],
  ])(
    '%s --until takes no question that its end cut short for a cluster that is gone: %i is for one never heard',
    async (list, unheard) => {
      // shorter than a question may take: each is cut short
      cluster.statusesLeft = 1;
      const late = start(`${list} --until leader==n9 --timeout 1900ms`);
      expect(await late.ended, late.terminal.stderrText()).toBe(7);
      expect(late.terminal.stderrText()).toMatch(/leader==n9 did not hold within .*\nhint: see /);
      cluster.statusesLeft = 0;
      expect(await start(`${list} --until leader==n9 --timeout 300ms`).ended).toBe(unheard);
    },
  );

  it('node list --until exits 7 when it never held, 2 on what it can not read', async () => {
    const late = start('node list --until alive>=9 --timeout 3s');
    expect(await late.ended).toBe(7);
    expect(late.terminal.stdoutText()).toBe('');
    expect(await start('node list -w soon').ended).toBe(2);
  });
});

describe('top --all-contexts', () => {
  it('top --once --all-contexts has one line a cluster, and one that is lost is a line too', async () => {
    const broken = `  gone: {endpoints: ['127.0.0.1:1'], ca: small/ca.crt, token_file: viewer.token}\n`;
    const unusable = `  empty: {endpoints: ['127.0.0.1:1'], ca: nowhere.crt, token_file: viewer.token}\n`;
    const { readFileSync } = await import('node:fs');
    writeFileSync(config, readFileSync(config, 'utf8') + broken + unusable);
    const ran = start('top --once --all-contexts --check -o json');
    expect(await ran.ended, ran.terminal.stderrText()).toBe(5);
    const { clusters, health } = JSON.parse(ran.terminal.stdoutText());
    expect(health).toBe('unreachable');
    expect(clusters.map((c: { context: string; health: string }) => `${c.context} ${c.health}`)).toEqual([
      'empty unreachable',
      'gone unreachable',
      'small healthy',
    ]);
    const table = start('top --once --all-contexts');
    expect(await table.ended).toBe(0);
    expect(table.terminal.stdoutText()).toMatch(/^small +healthy +n1 +7 +3\/3 +3\/3/m);
  });
});

/** Files that a run of the program loads, by the hooks of the module system. */
function loadedBy(args: readonly string[]): Promise<{ code: number | null; files: string }> {
  const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
  const trace = `data:text/javascript,${encodeURIComponent(
    'import { registerHooks } from "node:module";' +
      'registerHooks({ load(url, context, next) { process.stderr.write("LOADED " + url + "\\n"); return next(url, context); } });',
  )}`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', trace, main, ...args], {
      env: { PATH: process.env['PATH'], HOME: '/nowhere', SQLCC_CONFIG: config },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let files = '';
    child.stderr.on('data', (chunk) => (files += chunk));
    child.on('close', (code) => resolve({ code, files }));
  });
}

/** Runs it in a pipe of which the reader takes one line and leaves; the code is the command's own. */
function intoHead(args: readonly string[]): Promise<{ readonly code: string; readonly stderr: string }> {
  const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
  const script = '{ "$@"; echo "code $?" >&2; } | head -n 1';
  const flags = ['--disable-warning=ExperimentalWarning', main, ...args];
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', script, 'sh', process.execPath, ...flags], {
      env: { PATH: process.env['PATH'], HOME: '/nowhere', SQLCC_CONFIG: config },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('close', () => resolve({ code: /code (\d+)\n$/.exec(stderr)?.[1] ?? '', stderr }));
  });
}

const noFull = skipVisibly('output to a full device', existsSync('/dev/full') ? null : 'no /dev/full here');

it.skipIf(noFull)('output that is lost fails, and says why', async () => {
  const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
  const child = spawn('/bin/sh', ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, main, 'version'], {
    env: { PATH: process.env['PATH'], HOME: '/nowhere', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(stderr).toMatch(/^error\[internal\]: the output can't be written: .*ENOSPC.*\n$/);
  expect(code).toBe(1);
});

describe('a reader that leaves', () => {
  it.each(['watch --after 0', 'events --follow', 'node list -w 100ms'])('ends %s quietly', async (line) => {
    const tell = (): void =>
      void cluster.events.push(event(cluster.events.length, 'n1', 'leader-elected', 'n1 leads'));
    tell();
    // what comes behind the line that was taken is what meets the closed pipe
    const more = setInterval(tell, 100);
    const { code, stderr } = await intoHead(line.split(' '));
    clearInterval(more);
    expect({ code, stderr }).toEqual({ code: '0', stderr: 'code 0\n' });
  });
});

describe('the scripted modes', () => {
  it.each([
    'top --once --replay FILE',
    'top --once -o json --replay FILE',
    'top --batch -n 1 --replay FILE',
    'top --once --check --view raft',
    'top --once --all-contexts',
    'watch --until healthy --timeout 60s',
    'node list --until healthy',
    'context list',
  ])('%s loads neither Ink nor React', async (line) => {
    const recording = join(cluster.folders.dir, 'calm.ndjson');
    writeFileSync(recording, asNdjson(calm()));
    const { code, files } = await loadedBy(line.replace('FILE', recording).split(' '));
    expect(code, files.replace(/^LOADED.*\n/gm, '')).toBe(0);
    expect(files).toContain('src/cli/run.ts');
    expect(files).not.toMatch(/node_modules\/(ink|react|yoga-layout|blessed)/);
  });
});
