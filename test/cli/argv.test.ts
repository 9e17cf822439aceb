import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { COMMANDS, GROUPS } from '../../src/cli/tree/commands.ts';
import { NodeFolders } from '../unit/rpc/node-folders.ts';
import { expectGolden, sqlcc, transcript } from './harness.ts';
import { memoryTerminal } from './memory-terminal.ts';

let dir = '';
let dead: string[] = [];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-argv-'));
  const folders = await NodeFolders.create();
  for (const [name, pem] of Object.entries(await folders.person('ann', 'admin')))
    writeFileSync(join(dir, name), pem);
  folders.remove();
  // port 1 is nobody's
  dead = [
    '-e',
    '127.0.0.1:1',
    '--ca',
    join(dir, 'ca'),
    '--cert',
    join(dir, 'cert'),
    '--key',
    join(dir, 'key'),
  ];
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function help(words: readonly string[]): Promise<string> {
  const terminal = memoryTerminal();
  const code = await runCli({
    argv: [...words, '--help'],
    terminal,
    interrupt: () => new AbortController().signal,
  });
  return `$ sqlcc ${[...words, '--help'].join(' ')}\n${terminal.stdoutText()}${terminal.stderrText()}exit ${code}\n`;
}

describe('sqlcc --help', () => {
  it('sqlcc explains itself, each group and each command', async () => {
    const paths = ['', ...Object.keys(GROUPS), ...COMMANDS.map((c) => c.path)];
    const texts: string[] = [];
    for (const path of paths) texts.push(await help(path === '' ? [] : path.split(' ')));
    expectGolden('help', texts.join('\n'));
  });

  it('sqlcc --help lists the exit codes that the error table uses', async () => {
    const text = await help([]);
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 130])
      expect(text).toMatch(new RegExp(`\\b${code}  `));
  });
});

describe('sqlcc without a cluster', () => {
  const CASES: [name: string, args: string[], code: number][] = [
    ['no-command', [], 2],
    ['group-alone', ['cluster'], 2],
    ['unknown-command', ['clutser'], 2],
    ['unknown-subcommand', ['cluster', 'stats'], 2],
    ['subcommand-elsewhere', ['config', 'update', 'sqlcc.yaml'], 2],
    ['subcommand-of-another', ['node', 'failover', 'n2', '--yes'], 2],
    ['subcommand-of-many', ['list'], 2],
    ['nothing-like-it', ['frobnicate'], 2],
    ['unknown-flag', ['node', 'list', '--sort', 'name'], 2],
    ['forced-failover', ['cluster', 'failover', '--force'], 2],
    ['lossy-switchover', ['cluster', 'switchover', '--to', 'n2', '--accept-data-loss'], 2],
    ['events-watched', ['events', '-w'], 2],
    ['events-watched-slowly', ['events', '--types', 'leader-elected', '--watch=5s'], 2],
    ['contexts-watched', ['context', 'list', '--until', 'healthy'], 2],
    ['connection-before', ['-e', '127.0.0.1:1', 'top'], 2],
    ['json-of-top', ['top', '--once', '--json'], 2],
    ['wide-of-top', ['top', '--once', '--wide'], 2],
    ['text-of-watch', ['watch', '--text'], 2],
    ['watch-replayed', ['watch', '--replay', 'r.ndjson'], 2],
    ['wall-replayed', ['wall', '--replay', 'r.ndjson'], 2],
    ['no-delay', ['top', '--once', '--delay', '0'], 2],
    ['no-delay-batch', ['top', '--batch', '-d', '50ms'], 2],
    ['no-delay-wall', ['wall', '--delay', '0'], 2],
    ['missing-argument', ['op', 'show'], 2],
    ['excess-argument', ['node', 'leader', 'n1'], 2],
    ['bad-format', ['node', 'list', '-o', 'xml'], 2],
    ['bad-choice', ['kv', 'get', 'a', '--level', 'strong'], 2],
    ['no-context', ['cluster', 'status'], 2],
    ['bad-endpoint', ['cluster', 'status', '-e', 'nowhere'], 2],
    ['bad-timeout', ['cluster', 'status', '--timeout', 'soon'], 2],
    ['bare-timeout', ['cluster', 'status', '--timeout', '30'], 2],
    ['short-delay', ['top', '--once', '-d', '0.05'], 2],
    ['bad-until', ['cluster', 'status', '--until', 'happy'], 2],
    ['failover-no-tty', ['cluster', 'failover'], 2],
    ['leave-no-tty', ['node', 'leave', 'n3'], 2],
    ['leave-nobody', ['node', 'leave', '--yes'], 2],
    ['restore-yes-alone', ['cluster', 'config', 'restore', 'backup.yaml', '--yes'], 2],
    ['recover-no-tty', ['cluster', 'recover', '--data-dir', '/nowhere'], 2],
    ['maintenance-nobody', ['node', 'maintenance', 'enable', '--yes'], 2],
    ['maintenance-end-nobody', ['node', 'maintenance', 'disable', '-o', 'json'], 2],
    ['join-no-token', ['node', 'join', '--seed-node', '127.0.0.1:1', '--node-id', 'n2'], 2],
    ['join-no-seed', ['node', 'join', '--node-id', 'n2'], 2],
    ['init-no-name', ['cluster', 'init', '--node-id', 'n1'], 2],
    ['init-bad-port', ['cluster', 'init', '--cluster-name', 't', '--node-id', 'n1', '--port', '99999'], 2],
    ['token-of-what', ['token', 'create'], 2],
    ['token-of-both', ['token', 'create', '--join', '--role', 'viewer'], 2],
    ['sql-nothing', ['sql'], 2],
    ['watch-nothing', ['kv', 'watch'], 2],
    ['config-no-file', ['cluster', 'config', 'update', '/nowhere/x.yaml'], 11],
    ['completion-of-what', ['completion', 'tcsh'], 2],
    ['demo-of-four', ['demo', '--nodes', '4'], 2],
  ];
  const told: string[] = [];
  it.each(CASES)('sqlcc says what is wrong and what to do: %s', async (name, args, code) => {
    const result = await sqlcc(args);
    told.push(transcript(args, result));
    expect(result.code).toBe(code);
    if (name === 'no-command' || name === 'group-alone') return;
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(/^error\[[a-z_]+\]: .+\n(.*\n)*hint: .+\n$/);
  });

  it('sqlcc words its refusals as before', () => {
    expect(told).toHaveLength(CASES.length);
    expectGolden('refusals', told.join('\n'));
  });

  it('sqlcc exits 5 when no endpoint can be reached, and leaves stdout empty', async () => {
    for (const args of [
      ['cluster', 'status', '-o', 'json'],
      ['kv', 'get', 'a'],
      ['events'],
      ['top', '--once'],
    ]) {
      const result = await sqlcc([...args, ...dead]);
      expect(result, args.join(' ')).toMatchObject({ code: 5, stdout: '' });
      expect(result.stderr).toContain('error[unavailable]: 127.0.0.1:1 cannot be reached');
      expect(result.stderr, args.join(' ')).toContain(
        'hint: no other node is known here: give one with --endpoint',
      );
    }
  });

  it('sqlcc version is one line for people and one document for programs', async () => {
    expect((await sqlcc(['version'])).stdout).toMatch(/^sqlcc \d+\.\d+\.\d+ \(protocol 1, node 2\d\..*\)\n$/);
    expect((await sqlcc(['--version'])).stdout).toMatch(/^sqlcc /);
    expect(JSON.parse((await sqlcc(['version', '-o', 'json'])).stdout)).toMatchObject({
      schemaVersion: 1,
      protocol: 1,
    });
  });
});
