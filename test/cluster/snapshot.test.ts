/**
 * Nodes that are too far behind for the log: brought up by a snapshot of tens of MB while
 * writes go on, one that was away and one that has just joined.
 */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../daemon/data-dir.ts';
import type { DemoCluster, DemoNode } from '../../daemon/demo-cluster.ts';
import { systemClock } from '../../daemon/system-clock.ts';
import { LIMITS } from '../../src/base/index.ts';
import type { SqlccClient } from '../../src/client/index.ts';
import { NodeDisk, openDurableStorage } from '../../src/wal/index.ts';
import { clientOf, followerOf, leaderOf, startCluster, until, untilEqual } from './harness.ts';
import { LateMachine } from './late-machine.ts';

/** Text that does not compress: a snapshot of all keys has about their size. */
const fresh = (key: string, n: number): string => `${key} ${n} ${randomBytes(52_000).toString('base64')}`;
const WRITERS = 16;
const KEYS_PER_WRITER = 25;
/** A snapshot so large must not disturb the detector. */
const LARGE_BYTES = 64 * 1024 * 1024;
/** Twenty seconds of work on two idle cores, and a busy machine is no failure. */
const PATIENCE_MS = 60_000;
/** Neighbours hear each other so often, up to five of them. */
const PROBE_PERIOD_MS = 100;
const LATE_MS = 50;
const CALM_MS = 1500;
/** So many nodes join, one after the other, until one has joined while the machine did not stand still. */
const JOINS = 3;
const VERDICTS = ['member-suspect', 'member-failed'];

/** Writers that put their keys in turn until they are stopped, each write exactly once. */
class Load {
  /** The newest acknowledged value of each key. */
  readonly acknowledged = new Map<string, string>();
  writes = 0;
  bytes = 0;
  readonly #writers: Promise<void>[];
  #running = true;
  #failure: Error | null = null;

  constructor(cluster: DemoCluster) {
    this.#writers = Array.from({ length: WRITERS }, (_, w) =>
      this.#write(cluster, w).catch((error: Error) => {
        this.#failure ??= error;
      }),
    );
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#writers);
    if (this.#failure !== null) throw this.#failure;
  }

  async #write(cluster: DemoCluster, writer: number): Promise<void> {
    const session = await cluster.client().openSession({ timeoutMs: 30_000 });
    for (let n = 0; this.#running; n++) {
      const key = `w${writer}-${n % KEYS_PER_WRITER}`;
      const value = fresh(key, n);
      await session.put(key, value, { timeoutMs: 30_000 });
      this.acknowledged.set(key, value);
      this.writes++;
      this.bytes += value.length;
    }
  }
}

/** Indexes (or sizes) that a node says when it did something with a snapshot. */
async function snapshots(client: SqlccClient, node: string, kind: string, what: 'index' | 'size' = 'index') {
  const found: number[] = [];
  for await (const event of client.events({ after: '0', follow: false })) {
    if (event.kind === kind && event.node_id === node) found.push(Number(event.data[what]));
  }
  return found;
}

/** Writes keys that nobody writes again until the snapshot is large enough. */
async function grow(client: SqlccClient, isEnough: () => Promise<boolean>): Promise<void> {
  const session = await client.openSession({ timeoutMs: 30_000 });
  let n = 0;
  for (const deadline = performance.now() + 2 * PATIENCE_MS; !(await isEnough()); ) {
    expect(performance.now(), 'the snapshot grows').toBeLessThan(deadline);
    const keys = Array.from({ length: WRITERS }, () => `more-${n++}`);
    await Promise.all(keys.map((key) => session.put(key, fresh(key, 0), { timeoutMs: 30_000 })));
  }
}

function quantile(ascending: readonly number[], q: number): number {
  return ascending[Math.floor(ascending.length * q)] ?? Number.POSITIVE_INFINITY;
}

interface Silence {
  readonly atMs: number;
  readonly ms: number;
  readonly who: string;
}

/** How long ago the other members were heard, as each of `viewers` says, again and again until `over`. */
async function silences(cluster: DemoCluster, viewers: readonly string[], over: Promise<unknown>) {
  const found: Silence[] = [];
  let isOver = false;
  const ended = over.finally(() => {
    isOver = true;
  });
  const view = async (node: string): Promise<void> => {
    const client = clientOf(cluster, { node });
    while (!isOver) {
      const { nodes } = await client.nodes({ stale: true });
      const atMs = LateMachine.nowMs();
      for (const row of nodes)
        if (row.node_id !== node && viewers.includes(row.node_id))
          found.push({ atMs, ms: row.last_heartbeat_ms ?? 0, who: `${node} of ${row.node_id}` });
      await new Promise((resolve) => setTimeout(resolve, 7));
    }
  };
  await Promise.all([ended, ...viewers.map(view)]);
  return found;
}

const ascending = (found: readonly Silence[]): number[] => found.map((s) => s.ms).sort((a, b) => a - b);

/** What the members have said of each other, in words; nothing of who is still joining. */
async function verdicts(cluster: DemoCluster, viewers: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const node of viewers)
    for await (const event of clientOf(cluster, { node }).events({ after: '0', follow: false }))
      if (VERDICTS.includes(event.kind) && viewers.includes(event.node_id))
        if (event.message.startsWith(`${node} sees`)) said.push(event.message);
  return said;
}

/**
 * While `over` goes on, nobody doubts a neighbour or loses the leader, and what is heard of the neighbours is no
 * more than LATE_MS later than before it. What is heard while the machine itself stood still says nothing: false
 * where that is most of it, and nothing was judged.
 */
async function isJudgedUndisturbed(
  cluster: DemoCluster,
  viewers: readonly string[],
  over: () => Promise<unknown>,
): Promise<boolean> {
  const client = cluster.client();
  const { raft } = await client.status();
  const saidBefore = await verdicts(cluster, viewers);
  const calm = new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const before99 = quantile(ascending(await silences(cluster, viewers, calm)), 0.99);
  const machine = new LateMachine();
  const all = await silences(cluster, viewers, over());
  const wasLate = await machine.stop();

  expect(await verdicts(cluster, viewers)).toEqual(saidBefore);
  expect((await client.status()).raft.term).toBe(raft.term);
  expect(all.length).toBeGreaterThan(300);
  const judged = all.filter((s) => !wasLate(s.atMs, 2 * PROBE_PERIOD_MS));
  if (judged.length < all.length / 2) {
    process.stderr.write(
      `not judged: the machine stood still too often (${judged.length} of ${all.length})\n`,
    );
    return false;
  }
  // a machine that is busy with something else is late without a snapshot too
  const boundMs = Math.max(PROBE_PERIOD_MS, before99) + LATE_MS;
  const late = judged.filter((s) => s.ms >= boundMs).map((s) => `${s.who} ${s.ms} ms at ${s.atMs.toFixed()}`);
  const whole = `${late.length} of ${judged.length} later than ${boundMs} ms: ${late.slice(0, 40).join(', ')}`;
  expect(quantile(ascending(judged), 0.99), whole).toBeLessThan(boundMs);
  return true;
}

/** Where the log of a stopped node begins, by recovering a copy of it. */
function firstIndexOf(node: DemoNode): number {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-log-'));
  try {
    cpSync(join(node.dataDir, 'wal'), dir, { recursive: true });
    const identity = JSON.parse(readFileSync(join(node.dataDir, 'identity.json'), 'utf8')) as Identity;
    const { storage } = openDurableStorage({
      ...{ disk: new NodeDisk(), dir, clock: systemClock, schedule: setImmediate },
      ...{ clusterId: identity.clusterId, nodeId: identity.nodeId, instanceId: identity.instanceId },
    });
    const first = storage.firstIndex();
    storage.close();
    return first;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

describe('nodes that the log can not bring up', () => {
  it('install a snapshot under load, one that was away and one that joins, and agree', {
    timeout: 480_000,
  }, async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const away = await followerOf(cluster);
    await cluster.killNode(away);
    const load = new Load(cluster);
    // the second snapshot cuts away what came before the first, and that is more than the node had
    const leader = await leaderOf(cluster);
    const ofLeader = clientOf(cluster, { node: leader });
    const made = async () => (await snapshots(ofLeader, leader, 'snapshot-made')).length >= 2;
    await until('two snapshots of the leader', made, PATIENCE_MS);
    expect(load.bytes).toBeGreaterThan(2 * LIMITS.trailingBytes);
    const before = load.writes;

    const joining = cluster.addNode();
    await Promise.all([joining, cluster.startNode(away)]);
    const { nodeId: joined } = await joining;
    for (const node of [away, joined]) {
      const ofNode = clientOf(cluster, { node });
      const installed = async () => (await snapshots(ofNode, node, 'snapshot-installed')).at(0) ?? null;
      expect(await until(`${node} installs a snapshot`, installed, PATIENCE_MS)).toBeGreaterThan(1000);
    }
    // both follow the log from here on
    const behind = load.writes;
    await until('more is written', async () => load.writes > behind + 100, PATIENCE_MS);
    expect(behind).toBeGreaterThan(before);
    await load.stop();
    const votes = async () => (await client.status()).raft.voters.includes(joined);
    await until('the fourth voter', votes, PATIENCE_MS);
    await untilEqual(cluster);
    for (const [key, value] of load.acknowledged) {
      const { value: found } = await client.kv.get(key, { level: 'none', node: joined });
      expect(found === value, key).toBe(true);
    }
    const sizes = () => snapshots(ofLeader, leader, 'snapshot-made', 'size');
    await grow(client, async () => ((await sizes()).at(-1) ?? 0) > LARGE_BYTES);
    await untilEqual(cluster);
    // one more, and nothing else to do: probes of the others come on time while 64 MiB go to it
    let isJudged = false;
    for (let n = 0; !isJudged && n < JOINS; n++) {
      const viewers = cluster.nodes.map((node) => node.nodeId);
      let last = '';
      isJudged = await isJudgedUndisturbed(cluster, viewers, async () => {
        last = (await cluster.addNode()).nodeId;
      });
      expect(await snapshots(clientOf(cluster, { node: last }), last, 'snapshot-installed')).toHaveLength(1);
    }
    expect(isJudged, `one of ${JOINS} joins on a machine that runs`).toBe(true);

    // a log that begins behind a snapshot starts again, also after a kill
    await cluster.killNode(away);
    await cluster.startNode(away);
    await cluster.untilHealthy();
    await untilEqual(cluster);

    await cluster.stop();
    for (const node of cluster.nodes) expect(firstIndexOf(node), node.nodeId).toBeGreaterThan(1);
  });
});
