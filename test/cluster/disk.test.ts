/**
 * Disks that fail under a running daemon: a sync that fails once, and a disk without a byte
 * left. A node that can't keep its promise must be gone within a second, having promised
 * nothing more; what it had promised is there when it comes back.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DemoCluster, DemoNode } from '../../daemon/demo-cluster.ts';
import { LIMITS } from '../../src/base/index.ts';
import { skipVisibly } from '../lab/skip.ts';
import { missingMount } from '../lab/tools.ts';
import {
  clientOf,
  closeClients,
  followerOf,
  leaderOf,
  refusal,
  sqlccOn,
  startCluster,
  until,
  untilAdminKnown,
  untilEqual,
} from './harness.ts';
import { coreWaits } from './stopwatch.ts';
import { OFTEN_MS } from './took.ts';

const MIB = 1024 * 1024;
/** From a daemon's word to the test that reads it, without its waits for a core. */
const READ_LATER_MS = 50;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  /** Wall clock, ms. */
  readonly at: number;
}

/** How the daemon of a node ends. */
function endOf(node: DemoNode): Promise<Ended> {
  return new Promise((resolve) => {
    node.child?.once('exit', (code, signal) => resolve({ code, signal, at: Date.now() }));
  });
}

/** The last words of a daemon. */
function failStopOf(node: DemoNode): { at: string; where: string; reason: string } {
  const lines = readFileSync(`${node.log}.stderr`, 'utf8').trim().split('\n');
  return JSON.parse(lines.findLast((line) => line.includes('fail-stop')) ?? '{}');
}

interface Write {
  readonly key: string;
  readonly began: number;
  readonly acknowledged: number;
  /** What somebody of the test had waited for a core when it was acknowledged, ms. */
  readonly waitedMs: number;
}

/** Writers that go on, each with new keys, until they are stopped. A refused write is not repeated. */
class Load {
  readonly writes: Write[] = [];
  readonly waitedMs = coreWaits(OFTEN_MS);
  #running = true;
  readonly #writers: Promise<void>[];

  constructor(cluster: DemoCluster, bytes: number) {
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; this.#running; n++) {
        const key = `w${writer}-${n}`;
        const began = Date.now();
        try {
          await cluster.client().kv.put(key, key.padEnd(bytes, '.'), { timeoutMs: 3000 });
          this.writes.push({ key, began, acknowledged: Date.now(), waitedMs: this.waitedMs() });
        } catch {
          // no promise, nothing to keep; no need to hurry
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    };
    this.#writers = Array.from({ length: 8 }, (_, w) => write(w));
    onTestFinished(() => this.stop());
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#writers);
  }
}

/** Keys that were promised and are not there. */
async function missing(cluster: DemoCluster, writes: readonly Write[]): Promise<string[]> {
  const lost: string[] = [];
  for (let at = 0; at < writes.length; at += 100) {
    const keys = writes.slice(at, at + 100).map((w) => w.key);
    const answer = await cluster.client().kv.batch(keys);
    expect(answer.truncated).toBe(false);
    lost.push(...answer.missing);
  }
  return lost;
}

/** Restarts a node so that creating the file makes its next sync fail, once. */
async function withFailingSync(cluster: DemoCluster, node: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-sync-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const flag = join(dir, 'fail');
  await cluster.killNode(node, 'SIGTERM');
  vi.stubEnv('NODE_OPTIONS', `--import=${join(import.meta.dirname, 'failing-sync.ts')}`);
  vi.stubEnv('SQLCC_TEST_FAIL_SYNC', flag);
  await cluster.startNode(node);
  vi.unstubAllEnvs();
  return flag;
}

describe('a sync that fails once', () => {
  it('ends a lone node within a second, and nothing is acknowledged behind it', async () => {
    const cluster = await startCluster(1);
    const flag = await withFailingSync(cluster, 'n1');
    const load = new Load(cluster, 1000);
    await until('a load', async () => load.writes.length > 200);
    const node = cluster.node('n1');
    const ending = endOf(node);
    const [waitedMs, before] = [coreWaits(), load.waitedMs()];
    writeFileSync(flag, '');
    const ended = await ending;
    await load.stop();
    const failedAt = Number(readFileSync(`${flag}.failed`, 'utf8'));
    expect(ended.at - failedAt - waitedMs()).toBeLessThan(1000);
    expect(ended.signal).toBe('SIGKILL');
    const words = failStopOf(node);
    expect(words.where).toBe('wal');
    // of whichever comes next, the segment's or that of what is known to be durable
    expect(words.reason).toMatch(/^sync .*\/n1\/wal\/(.*\.wal|watermark): EIO/);
    expect(load.writes.filter((w) => w.began > failedAt)).toEqual([]);
    // one that was under way: what the daemon had acknowledged before may be read here a little later
    const behindMs = (w: Write): number => w.acknowledged - failedAt - (w.waitedMs - before);
    expect(load.writes.filter((w) => behindMs(w) > READ_LATER_MS)).toEqual([]);
    await cluster.startNode('n1');
    await cluster.untilHealthy();
    expect(await missing(cluster, load.writes)).toEqual([]);
  });

  it('ends a leader; the others go on, and it comes back equal', async () => {
    const cluster = await startCluster(3);
    const victim = await followerOf(cluster);
    const flag = await withFailingSync(cluster, victim);
    await cluster.untilHealthy();
    const moved = await sqlccOn(cluster, ['cluster', 'failover', '--to', victim, '--yes', '-o', 'json']);
    expect(moved.stderr).toBe('');
    await until('it leads', async () => (await leaderOf(cluster)) === victim);
    const load = new Load(cluster, 1000);
    await until('a load', async () => load.writes.length > 200);
    const ending = endOf(cluster.node(victim));
    const waitedMs = coreWaits();
    writeFileSync(flag, '');
    const ended = await ending;
    const failedAt = Number(readFileSync(`${flag}.failed`, 'utf8'));
    expect(ended.at - failedAt - waitedMs()).toBeLessThan(1000);
    expect(failStopOf(cluster.node(victim)).reason).toContain('EIO');
    const before = load.writes.length;
    await until('writes go on', async () => load.writes.length > before + 100);
    await load.stop();
    await cluster.startNode(victim);
    await cluster.untilHealthy();
    await untilEqual(cluster);
    expect(await missing(cluster, load.writes)).toEqual([]);
  });
});

/** Puts the data folder of a stopped node on a small disk of its own. Linux and root only. */
function moveToSmallDisk(node: DemoNode, mib: number): void {
  const old = `${node.dataDir}.old`;
  renameSync(node.dataDir, old);
  mkdirSync(node.dataDir, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700`, 'tmpfs', node.dataDir]);
  onTestFinished(() => void execFileSync('umount', ['-l', node.dataDir]));
  execFileSync('cp', ['-a', `${old}/.`, node.dataDir]);
  rmSync(old, { recursive: true });
}

function freeBytes(node: DemoNode): number {
  const { bavail, bsize } = statfsSync(node.dataDir);
  return bavail * bsize;
}

/** Takes all but `leave` bytes of the node's disk, and never gives any back meanwhile. */
function fill(node: DemoNode, leave: number): void {
  const fd = openSync(join(node.dataDir, 'filler'), 'a', 0o600);
  try {
    for (let size = MIB; size >= 4096; ) {
      const excess = freeBytes(node) - leave;
      if (excess < size) size /= 16;
      else writeSync(fd, Buffer.alloc(size, 1));
    }
  } catch (error) {
    // the daemon wrote too: no byte is left
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(fd);
  }
}

function makeRoom(node: DemoNode): void {
  rmSync(join(node.dataDir, 'filler'), { force: true });
}

/** A cluster in which `node` has a disk of `mib` MiB. */
async function onSmallDisk(cluster: DemoCluster, nodeId: string, mib: number): Promise<DemoNode> {
  const node = cluster.node(nodeId);
  await cluster.killNode(nodeId, 'SIGTERM');
  moveToSmallDisk(node, mib);
  await cluster.startNode(nodeId);
  await cluster.untilHealthy();
  return node;
}

const skip = skipVisibly('full disks of daemons', missingMount());

describe.skipIf(skip)('a full disk', () => {
  it('ends a follower with the reason; the others go on, and with room it comes back equal', async () => {
    const cluster = await startCluster(3);
    const node = await onSmallDisk(cluster, await followerOf(cluster), 256);
    const load = new Load(cluster, 20_000);
    await until('a load', async () => load.writes.length > 50);
    const ending = endOf(node);
    const waitedMs = coreWaits();
    fill(node, 0);
    const ended = await ending;
    expect(ended.signal).toBe('SIGKILL');
    const words = failStopOf(node);
    expect(words.where).toMatch(/^(wal|state)$/);
    expect(words.reason).toMatch(/ENOSPC|disk is full/);
    expect(ended.at - Date.parse(words.at) - waitedMs()).toBeLessThan(1000);
    const before = load.writes.length;
    await until('writes go on', async () => load.writes.length > before + 50);
    await load.stop();
    makeRoom(node);
    await cluster.startNode(node.nodeId);
    await cluster.untilHealthy();
    await untilEqual(cluster);
    expect(await missing(cluster, load.writes)).toEqual([]);
  });

  it('makes a lone node refuse writes while some room is left, and take them again with more', async () => {
    const cluster = await startCluster(1);
    const node = await onSmallDisk(cluster, 'n1', 256);
    const client = cluster.client();
    await client.kv.put('k', 'before');
    // an entry of the node's own is not refused, and would find no room behind the second filling
    await untilAdminKnown(cluster);
    fill(node, LIMITS.minFreeDiskBytes / 2);
    const refused = await until('a refusal', async () => {
      const error = await client.kv.put('k', 'during', { timeoutMs: 1000 }).then(
        () => null,
        (e: unknown) => e as { code: string; message: string },
      );
      return error;
    });
    expect(refused).toMatchObject({ code: 'storage_failed', message: expect.stringContaining('MB left') });
    fill(node, 0);
    // a patient client asks on until its deadline, and may have no answer to the last try
    const once = clientOf(cluster, { failFast: true });
    expect((await refusal(once.kv.put('k', 'full'))).code).toBe('storage_failed');
    await closeClients();
    const { value } = await client.kv.get('k');
    expect(value).toMatch(/before|during/);
    makeRoom(node);
    await until('writes are taken again', async () => (await client.kv.put('k', 'after')).version > 0);
    expect((await client.kv.get('k')).value).toBe('after');
  });

  it('that fills up at once under load costs a lone node nothing that it had acknowledged', async () => {
    const cluster = await startCluster(1);
    const node = await onSmallDisk(cluster, 'n1', 256);
    const load = new Load(cluster, 20_000);
    await until('a load', async () => load.writes.length > 50);
    fill(node, 0);
    const filledAt = Date.now();
    // whatever is met first: the log, the state, or the refusal of writes
    await until('it takes no more', async () => (load.writes.at(-1)?.began ?? 0) < Date.now() - 3000, 60_000);
    await load.stop();
    const stopped = node.child === null || node.child.exitCode !== null || node.child.signalCode !== null;
    if (stopped) expect(failStopOf(node).reason).toMatch(/ENOSPC|disk is full/);
    expect(load.writes.some((w) => w.began < filledAt)).toBe(true);
    makeRoom(node);
    if (stopped) await cluster.startNode('n1');
    await cluster.untilHealthy();
    expect(await missing(cluster, load.writes)).toEqual([]);
  });
});
