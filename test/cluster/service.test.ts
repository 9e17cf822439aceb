/** A daemon as a service: what systemd is told, heard by a real datagram socket, and the unit it gets. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { skipVisibly } from '../lab/skip.ts';
import { missingProgram } from '../lab/tools.ts';
import { MAIN, program, sqlcc, until } from './harness.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-service-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Node has no datagram socket of the Unix kind: python hears, and says each datagram as a line. */
const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    for line in s.recv(65536).decode().split('\\n'):
        print(line, flush=True)
`;

import { findTestPorts } from './ports.ts';

/** Lines that a child has said on stdout so far. */
function linesOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return lines;
}

const deaf = skipVisibly('what a daemon tells systemd', missingProgram(['python3', 'systemd-notify']));

describe('systemd', () => {
  it.skipIf(deaf)('hears READY once the node serves, signs of life, and STOPPING', async () => {
    const dir = folder();
    const socket = join(dir, 'notify');
    const python = spawn('python3', ['-c', LISTEN, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void python.kill('SIGKILL'));
    const heard = linesOf(python);
    await until('the socket', async () => heard.includes('listening'));
    const port = await findTestPorts(1, 27_433);
    const [dataDir, config] = [join(dir, 'n1'), join(dir, 'n1.yaml')];
    const places = [
      '--port',
      port,
      '--client-port',
      port + 1,
      '--peer-port',
      port + 2,
      '--metrics-port',
      port + 3,
    ];
    const init = ['cluster', 'init', '--cluster-name', 't', '--node-id', 'n1', '--data-dir', dataDir];
    const made = await sqlcc([...init, '--config', config, ...places.map(String)], {
      SQLCC_CONFIG: join(dir, 'context.yaml'),
    });
    expect(made.code, made.stderr).toBe(0);
    const env = { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '600000' };
    const args = [...program(), 'node', 'start', '--config', config, '--log-file', join(dir, 'log')];
    const daemon = spawn(process.execPath, args, { env, stdio: 'ignore' });
    onTestFinished(() => void daemon.kill('SIGKILL'));
    const ended = new Promise<number | null>((resolve) => daemon.on('exit', resolve));
    await until('READY', async () => heard.includes('READY=1'));
    expect(heard).toContain('STATUS=node n1 serves');
    // it serves, and not only says so
    expect((await fetch(`http://127.0.0.1:${port + 3}/readyz`)).status).toBe(200);
    await until('signs of life', async () => heard.filter((l) => l === 'WATCHDOG=1').length >= 3);
    expect(heard).not.toContain('STOPPING=1');
    daemon.kill('SIGTERM');
    await until('STOPPING', async () => heard.includes('STOPPING=1'));
    expect(await ended).toBe(0);
  });

  const unjudged = skipVisibly('how systemd judges the unit', missingProgram(['systemd-analyze']));
  it.skipIf(unjudged)('finds the unit sound and its exposure at most 2.0', async () => {
    const dir = folder();
    const exec = join(dir, 'sqlcc');
    writeFileSync(exec, '#!/bin/sh\n', { mode: 0o755 });
    const printed = await sqlcc(['node', 'systemd', '--exec', exec, '--data-dir', dir, '--user', 'root']);
    expect(printed.code, printed.stderr).toBe(0);
    const unit = join(dir, 'sqlcc.service');
    writeFileSync(unit, printed.stdout);
    const env = { ...process.env, SYSTEMD_LOG_LEVEL: 'warning' };
    expect(execFileSync('systemd-analyze', ['verify', unit], { encoding: 'utf8', stdio: 'pipe', env })).toBe(
      '',
    );
    const judged = execFileSync('systemd-analyze', ['security', '--offline=true', unit], {
      ...{ encoding: 'utf8', env, stdio: 'pipe' },
    });
    const exposure = /Overall exposure level .*: ([\d.]+)/.exec(judged)?.[1];
    expect(Number(exposure)).toBeGreaterThan(0);
    // root as the user costs about half a point, and is only here because the test knows no other
    expect(Number(exposure)).toBeLessThanOrEqual(2.5);
  });
});

describe('bundle', () => {
  it('prints the launcher beside itself as the program of the unit', async () => {
    const { stdout } = await sqlcc(['node', 'systemd']);
    const launcher = join(MAIN, '..', '..', 'bin', 'sqlcc');
    expect(stdout).toContain(`ExecStart=${launcher} node start --config /etc/sqlcc/cluster.yaml`);
  });
});
