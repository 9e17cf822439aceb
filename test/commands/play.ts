/** Types commands on three daemons of its own, each a process, and keeps what they answered. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAEMON_ENV, DAEMON_FLAGS, findPorts } from '../../daemon/demo-cluster.ts';
import { assert } from '../../src/base/index.ts';
import { Mask } from './mask.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'main.js');
/** As the design document writes them: peers and management, clients, consensus, metrics of the first node. */
const SHOWN_PORTS = [5433, 5434, 5435, 9090];
/** So many further are those of the next node. */
const NEXT_PORTS = [10, 10, 10, 1];
const PORTS = [SHOWN_PORTS[0] ?? 0, 27_433];

export interface Played {
  readonly line: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Stage {
  readonly dir = mkdtempSync(join(tmpdir(), 'sqlcc-commands-'));
  readonly mask = new Mask();
  readonly #children: ChildProcess[] = [];
  /** Between the ports of the document and those in use. */
  #shift = 0;

  async open(): Promise<void> {
    const [shown = 0, elsewhere = 0] = PORTS;
    // those of the document where nobody has them; a longer number would move the columns
    const isFree = (await findPorts(3, shown)) === shown;
    this.#shift = isFree ? 0 : (await findPorts(3, elsewhere)) - shown;
    this.mask.replace(this.dir, '/var/lib/sqlcc');
    for (let node = 1; node <= 3; node++) {
      for (const kind of [0, 1, 2, 3]) {
        const real = this.port(node, kind);
        if (!isFree) this.mask.replace(String(real), String(real - this.#shift));
      }
    }
  }

  /** Of node 1 to 3: 0 = peers and management, 1 = clients, 2 = consensus, 3 = metrics. */
  port(node: number, kind: number): number {
    return (SHOWN_PORTS[kind] ?? 0) + (NEXT_PORTS[kind] ?? 0) * (node - 1) + this.#shift;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text, { mode: 0o600 });
    return this.path(name);
  }

  /** The flags of node `n` that say where it listens and lives. */
  place(node: number): string {
    const [port, client, , metrics] = [0, 1, 2, 3].map((kind) => this.port(node, kind));
    const id = `node-00${node}`;
    const ports = `--port ${port} --client-port ${client} --metrics-port ${metrics}`;
    return `--node-id ${id} --host 127.0.0.1 ${ports} --data-dir ${this.path(id)} --config ${this.path(`${id}.yaml`)}`;
  }

  #spawn(line: string, flags: readonly string[] = []): ChildProcess {
    const env = { ...process.env, ...DAEMON_ENV, SQLCC_CONFIG: this.path('context.yaml'), NO_COLOR: '1' };
    return spawn(process.execPath, [...flags, MAIN, ...line.split(' ')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs a command to its end. */
  run(line: string): Promise<Played> {
    const child = this.#spawn(line);
    const out = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk) => {
      out.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      out.stderr += chunk;
    });
    const killed = setTimeout(() => child.kill('SIGKILL'), 30_000);
    return new Promise((resolve) => {
      child.on('close', (code) => {
        clearTimeout(killed);
        resolve({ line, code, ...out });
      });
    });
  }

  /** Starts a daemon and answers when it serves, with the beginning of its log. */
  async daemon(line: string, node: number, logLines: number): Promise<Played> {
    const child = this.#spawn(line, DAEMON_FLAGS);
    this.#children.push(child);
    let stderr = '';
    let stdout = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    const ready = `http://127.0.0.1:${this.port(node, 3)}/readyz`;
    for (let tries = 0; tries < 300; tries++) {
      const answer = await fetch(ready).catch(() => null);
      if (answer?.status === 200) {
        const log = stderr.split('\n').slice(0, logLines).join('\n');
        return { line, code: null, stdout, stderr: `${log}\n` };
      }
      await sleep(100);
    }
    assert(false, `node ${node} does not serve: ${stderr.slice(-500)}`);
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        if (child.exitCode !== null) return null;
        const gone = new Promise((resolve) => child.on('close', resolve));
        child.kill('SIGTERM');
        const killed = setTimeout(() => child.kill('SIGKILL'), 10_000);
        return gone.finally(() => clearTimeout(killed));
      }),
    );
    rmSync(this.dir, { recursive: true, force: true });
  }
}
