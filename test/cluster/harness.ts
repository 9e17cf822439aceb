/**
 * Real clusters for tests: daemons as processes of their own, run from the bundle, on
 * loopback. Everything that was started ends with the test, also a failing one.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { DemoCluster } from '../../daemon/demo-cluster.ts';
import { assert, must, SqlccError } from '../../src/base/index.ts';
import { SqlccClient } from '../../src/client/index.ts';
import { findTestPorts } from './ports.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
/** The program under test: the bundle, or another one named by `SQLCC_TEST_MAIN`. */
export const MAIN = process.env['SQLCC_TEST_MAIN'] ?? join(ROOT, 'dist', 'main.js');

/** Ports of the tests lie above those of a demo that a person may be running. */
const FIRST_TEST_PORT = 25_433;
/** So many nodes a test may add, whose ports are looked for before. */
const MAY_JOIN = 4;

/**
 * How long a test waits for what must come. A wait says that something never came: how soon it has to come is
 * judged by what is measured, where that is promised.
 */
const PATIENCE_MS = 60_000;

export function program(): string[] {
  assert(existsSync(MAIN), `${MAIN} is missing: run "npm run build" first`);
  return [MAIN];
}

async function form(nodes: number, logLevel: string): Promise<DemoCluster> {
  const basePort = await findTestPorts(nodes + MAY_JOIN, FIRST_TEST_PORT);
  return DemoCluster.start({ nodes, dir: null, basePort, logLevel, program: program() });
}

async function takeAway(cluster: DemoCluster): Promise<void> {
  await closeClients();
  await cluster.stop();
  cluster.remove();
}

/** A cluster of `nodes` voters that is healthy; stopped and removed when the test ends. */
export async function startCluster(nodes: number, logLevel = 'INFO'): Promise<DemoCluster> {
  const cluster = await form(nodes, logLevel);
  onTestFinished(() => takeAway(cluster));
  return cluster;
}

/** One cluster for all tests of a `describe`, for tests that leave it healthy. */
export function sharedCluster(nodes: number, logLevel = 'INFO'): () => DemoCluster {
  let cluster: DemoCluster | null = null;
  beforeAll(async () => {
    cluster = await form(nodes, logLevel);
  });
  afterAll(async () => {
    if (cluster !== null) await takeAway(cluster);
  });
  return () => must(cluster, 'the shared cluster');
}

/** Equal hashes at one index on all nodes; answers the hash. */
export async function untilEqual(cluster: DemoCluster): Promise<string> {
  const client = cluster.client();
  const answers = await until('equal state', async () => {
    const all = await Promise.all(cluster.nodes.map((n) => client.stateHash(n.nodeId)));
    return new Set(all.map((a) => a.index)).size === 1 ? all : null;
  });
  const hashes = [...new Set(answers.map((a) => a.state_hash))];
  assert(hashes.length === 1, `states differ at index ${answers[0]?.index}`);
  return hashes[0] as string;
}

/** The id of the node that leads, by a quorum's word. */
export async function leaderOf(cluster: DemoCluster): Promise<string> {
  return until('a leader', async () => (await cluster.client().leader()).leader_id);
}

/** Some node that follows. */
export async function followerOf(cluster: DemoCluster): Promise<string> {
  const leader = await leaderOf(cluster);
  return must(cluster.nodes.find((n) => n.nodeId !== leader)?.nodeId, 'a follower');
}

/**
 * Until the administrator's certificate is on record, which a node tells of seconds after it was shown: so
 * that no entry comes behind which the test did not write.
 */
export async function untilAdminKnown(cluster: DemoCluster): Promise<void> {
  const node = await leaderOf(cluster);
  await until('the certificate of the administrator on record', async () => {
    const { certificates } = await cluster.client().people.certificates({ node });
    const persons = certificates.filter((c) => c.kind === 'person');
    return persons.length > 0 && persons.every((c) => c.where.includes('record'));
  });
}

/** What a call was refused with: its code, and what else the error says. */
export async function refusal(work: Promise<unknown>): Promise<SqlccError> {
  const error = await work.then(
    () => null,
    (e: unknown) => e,
  );
  assert(error instanceof SqlccError, `refused by an SqlccError, not ${String(error)}`);
  return error;
}

/** How a client of a test differs from the administrator's patient one. */
export interface Special {
  /** Only this node's address. */
  readonly node?: string;
  /** A bearer token in place of the certificate. */
  readonly token?: string;
  /** Says the first refusal instead of trying on until the deadline. */
  readonly failFast?: boolean;
}

const specialClients: SqlccClient[] = [];

/** A client of its own; closed by `closeClients`. */
export function clientOf(cluster: DemoCluster, special: Special): SqlccClient {
  const pem = (file: string): string => readFileSync(join(cluster.dir, 'demo', file), 'utf8');
  const nodes = cluster.nodes.filter((n) => special.node === undefined || n.nodeId === special.node);
  const client = new SqlccClient({
    endpoints: nodes.map((n) => `127.0.0.1:${n.port}`),
    ca: pem('ca.crt'),
    ...(special.token === undefined
      ? { cert: pem('admin.crt'), key: pem('admin.key') }
      : { token: special.token }),
    failFast: special.failFast ?? false,
  });
  specialClients.push(client);
  return client;
}

export async function closeClients(): Promise<void> {
  await Promise.all(specialClients.splice(0).map((client) => client.close()));
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
  timeoutMs = 90_000,
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
  timeoutMs = PATIENCE_MS,
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
