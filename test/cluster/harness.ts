/**
 * Real clusters for tests: daemons as processes of their own, run from the bundle, on
 * loopback. Everything that was started ends with the test, also a failing one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DemoCluster, findPorts } from '../../daemon/demo-cluster.ts';
import { assert } from '../../src/base/index.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
/** The program under test: the bundle, or another one named by `SQLCC_TEST_MAIN`. */
export const MAIN = process.env['SQLCC_TEST_MAIN'] ?? join(ROOT, 'dist', 'main.js');

/** Ports of the tests lie above those of a demo that a person may be running. */
const FIRST_TEST_PORT = 25_433;

export function program(): string[] {
  assert(existsSync(MAIN), `${MAIN} is missing: run "npm run build" first`);
  return [MAIN];
}

/** A cluster of `nodes` voters that is healthy; stopped and removed when the test ends. */
export async function startCluster(nodes: number, logLevel = 'INFO'): Promise<DemoCluster> {
  const basePort = await findPorts(nodes + 2, FIRST_TEST_PORT);
  const cluster = await DemoCluster.start({ nodes, dir: null, basePort, logLevel, program: program() });
  onTestFinished(async () => {
    await cluster.stop();
    cluster.remove();
  });
  return cluster;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs `sqlcc` to its end, without a terminal. */
export function sqlcc(
  args: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = 30_000,
): Promise<Ran> {
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr, ms: performance.now() - began });
    });
  });
}

/** The same with the cluster's own context. */
export function sqlccOn(cluster: DemoCluster, args: readonly string[], timeoutMs?: number): Promise<Ran> {
  return sqlcc(args, { SQLCC_CONFIG: cluster.contextFile }, timeoutMs);
}

/** Polls until `probe` answers something true; fails with `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | false | null>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last = '';
  while (performance.now() < deadline) {
    try {
      const answer = await probe();
      if (answer !== false && answer !== null) return answer;
    } catch (error) {
      last = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert(false, `${what} did not come within ${timeoutMs} ms ${last}`);
}
