/** What disks remember: all killed at once under load, torn and damaged logs, a node wiped and joined anew. */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Identity } from '../../daemon/data-dir.ts';
import type { DemoCluster, DemoNode } from '../../daemon/demo-cluster.ts';
import { assert, must } from '../../src/base/index.ts';
import { batchBytes, findBatchHeaders, IdentityPrint } from '../../src/wal/frame.ts';
import { FIRST_BATCH_AT } from '../../src/wal/segment.ts';
import { followerOf, leaderOf, sqlccOn, startCluster, until, untilEqual } from './harness.ts';
import { coreWaits } from './stopwatch.ts';
import { inWords, type Moment, OFTEN_MS, type Took, verdict } from './took.ts';

const LEAVE = ['node', 'leave', '--yes-cluster', 'demo', '-o', 'json'];

/** The segments of a stopped node's log, oldest first. */
function segments(node: DemoNode): string[] {
  const dir = join(node.dataDir, 'wal');
  const names = readdirSync(dir).filter((name) => /^\d+.*\.(wal|log|seg)$/.test(name));
  return names.toSorted().map((name) => join(dir, name));
}

/** Where `needle` stands in the file; -1 if nowhere. */
function find(file: string, needle: string): number {
  return readFileSync(file).indexOf(needle);
}

/** Where the last whole batch of a segment ends. */
function endOfLog(node: DemoNode, file: string): number {
  const identity = JSON.parse(readFileSync(join(node.dataDir, 'identity.json'), 'utf8')) as Identity;
  const print = new IdentityPrint(identity);
  const found = [...findBatchHeaders(readFileSync(file), FIRST_BATCH_AT, print)].at(-1);
  const { at, header } = must(found, 'a batch');
  return at + batchBytes(header.length);
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}

function flipBit(file: string, at: number): void {
  const fd = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0x10;
  writeSync(fd, byte, 0, 1, at);
  closeSync(fd);
}

async function count(cluster: DemoCluster, table: string): Promise<unknown> {
  const { results } = await cluster
    .client()
    .sql([{ sql: `SELECT count(*), count(DISTINCT n) FROM ${table}` }]);
  return results[0]?.rows[0];
}

/** Kills of all at once; `SQLCC_RESTARTS=50` plays more of them. */
const RESTARTS = Number(process.env['SQLCC_RESTARTS'] ?? 3);

/** From when the second of three spoke to others until one of them led, wall clock in ms; of their last start. */
function leaderless(cluster: DemoCluster): { from: number; to: number } {
  const starts = cluster.nodes.map(({ log }) => {
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as { at: string; event: string; role?: string });
    return entries.slice(entries.findLastIndex((e) => e.event === 'gossip-started'));
  });
  const instantOf = (is: (entry: { event: string; role?: string }) => boolean): number[] =>
    starts.flatMap((entries) => entries.find(is) ?? []).map((entry) => Date.parse(entry.at));
  const up = instantOf((e) => e.event === 'gossip-started').toSorted((a, b) => a - b);
  const led = instantOf((e) => e.event === 'raft-role-changed' && e.role === 'leader');
  const from = must(up[1], 'two that started');
  return { from, to: Math.max(from, Math.min(...led)) };
}

describe('a cluster whose processes all die at once', () => {
  it('keeps every acknowledged write, applies none twice, and agrees, again and again', {
    timeout: 60_000 + RESTARTS * 30_000,
  }, async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const acknowledged: number[] = [];
    let next = 0;
    let running = true;
    const write = async (): Promise<void> => {
      const session = await client.openSession({ timeoutMs: 60_000 });
      while (running) {
        const n = next++;
        await session.sql([{ sql: 'INSERT INTO t VALUES (?)', params: [n] }], { timeoutMs: 60_000 });
        acknowledged.push(n);
      }
    };
    const writers = Array.from({ length: 8 }, write);
    const found: Took[] = [];
    const waitedMs = coreWaits(OFTEN_MS);
    const looks: Moment[] = [];
    const looking = setInterval(() => looks.push({ atMs: Date.now(), waitedMs: waitedMs() }), OFTEN_MS);
    onTestFinished(() => clearInterval(looking));
    const waitedUntil = (atMs: number): number => looks.findLast((m) => m.atMs <= atMs)?.waitedMs ?? 0;
    for (let round = 0; round < RESTARTS; round++) {
      const before = acknowledged.length;
      await until('writes', async () => acknowledged.length > before + 100);
      await Promise.all(cluster.nodes.map((n) => cluster.killNode(n.nodeId)));
      // a node alone has no quorum and is not ready: start all, then wait
      await Promise.all(cluster.nodes.map((n) => cluster.startNode(n.nodeId)));
      await cluster.untilHealthy();
      const { from, to } = leaderless(cluster);
      found.push({ ms: to - from, waitedMs: waitedUntil(to) - waitedUntil(from) });
    }
    const before = acknowledged.length;
    await until('writes go on', async () => acknowledged.length > before + 20);
    running = false;
    await Promise.all(writers);
    // every write was waited for until its outcome was known: what is there is what was acknowledged
    expect(await count(cluster, 't')).toEqual([acknowledged.length, acknowledged.length]);
    await untilEqual(cluster);
    const sorted = found.map(({ ms }) => ms).toSorted((x, y) => x - y);
    process.stdout.write(
      `${RESTARTS} restarts of all, ${acknowledged.length} writes; second up → leader: ${sorted[RESTARTS >> 1]} ms; ${inWords(found)}\n`,
    );
    // a second is promised (docs/faults.md); in whole runs of all tests, beside two other files, 1.7 to 2.2 s were found
    const said = found.map((took) => verdict([took], 4000));
    expect(said, inWords(found)).not.toContain('long');
    expect(said, `a restart that can be judged: ${inWords(found)}`).toContain('good');
  });
});

describe('a damaged log', () => {
  it('with a torn tail starts, keeps the torn bytes aside, and catches up', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const victim = cluster.node(await followerOf(cluster));
    for (const tear of ['garbage', 'half a record'] as const) {
      const session = await client.openSession();
      for (let n = 0; n < 20; n++) await session.sql([{ sql: 'INSERT INTO t VALUES (?)', params: [n] }]);
      await cluster.killNode(victim.nodeId);
      const newest = must(segments(victim).at(-1), 'a segment');
      const end = endOfLog(victim, newest);
      if (tear === 'garbage') overwrite(newest, end, Buffer.alloc(100, 0xa5));
      else overwrite(newest, end, Buffer.from(readFileSync(newest).subarray(end - 80, end - 20)));
      await cluster.startNode(victim.nodeId);
      await cluster.untilHealthy();
    }
    const files = readdirSync(join(victim.dataDir, 'wal'), { recursive: true }).map(String);
    expect(files.filter((name) => name.includes('.broken')).length).toBeGreaterThan(0);
    expect(await count(cluster, 't')).toEqual([40, 20]);
    await untilEqual(cluster);
  });

  it('with a flipped bit in what was acknowledged is refused with file and offset; others serve; wipe, join', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n TEXT)' }]);
    for (let n = 0; n < 30; n++) await client.kv.put(`k${n}`, `canary-value-${n}`);
    await untilEqual(cluster);
    const victim = cluster.node(await followerOf(cluster));
    await cluster.killNode(victim.nodeId);
    const file = must(
      segments(victim).find((f) => find(f, 'canary-value-3') >= 0),
      'the segment',
    );
    flipBit(file, find(file, 'canary-value-3'));
    const said = await cluster.startNode(victim.nodeId).then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(said).toContain(file);
    expect(said).toMatch(/error\[storage_failed\]: .*(offset|byte)\D*\d+/);
    expect(victim.child?.exitCode).toBe(1);
    victim.child = null;
    await client.kv.put('after', 'damage');
    expect((await client.kv.get('k3')).value).toBe('canary-value-3');

    const leave = await sqlccOn(cluster, [...LEAVE, victim.nodeId]);
    expect(leave.stderr).toBe('');
    expect(leave.code).toBe(0);
    rmSync(victim.dataDir, { recursive: true });
    rmSync(victim.configFile);
    assert(!existsSync(victim.dataDir), 'the folder is gone');
    await rejoin(cluster, victim);
    await until('three voters', async () => {
      const { voters } = (await client.status()).raft;
      return voters.length === 3 && voters.includes(victim.nodeId);
    });
    await untilEqual(cluster);
    await cluster.killNode(await leaderOf(cluster));
    const isServed = async () => (await client.kv.get('after')).value === 'damage';
    await until('a quorum with the new disk', isServed);
  });
});

/** `node join` under the old name, with a new token and an empty disk. */
async function rejoin(cluster: DemoCluster, node: DemoNode): Promise<void> {
  const made = await sqlccOn(cluster, ['token', 'create', '--join', '--node', node.nodeId, '-o', 'json']);
  const { token } = JSON.parse(made.stdout) as { token: string };
  const seed = cluster.nodes.find((n) => n.nodeId !== node.nodeId);
  const joined = await sqlccOn(cluster, [
    ...['node', 'join', '--seed-node', `127.0.0.1:${seed?.port}`, '--node-id', node.nodeId, '--no-start'],
    ...['--host', '127.0.0.1', '--port', `${node.port}`, '--client-port', `${node.clientPort}`],
    ...['--metrics-port', `${node.metricsPort}`, '--data-dir', node.dataDir, '--config', node.configFile],
    ...['--token', token],
  ]);
  assert(joined.code === 0, `node join: ${joined.stderr}`);
  await cluster.startNode(node.nodeId);
}
