/** Figures of a running cluster: writes, hand-over under load, stalls, idle cost. Everything is measured from outside. */
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { longestGap, spread } from '../../daemon/drill.ts';
import type { ClientSession } from '../../src/client/index.ts';
import { stallMainThread } from '../cluster/inspector.ts';
import { childrenOf, cpuMs, stealMs } from './process-figures.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const row = (id: number) => ({
  sql: 'INSERT INTO bench (id, body) VALUES (?, ?)',
  params: [id, 'x'.repeat(100)],
});

export interface WriteFigures {
  readonly callers: number;
  readonly share: 'one client' | 'own clients';
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

let nextId = 1;

/**
 * Committed single-row writes over the SDK by `callers` at once, each waiting for its own answer: all of one client with
 * 8 sessions (an application's server), or each with a client, connection and session of its own (64 processes).
 */
export async function measureWrites(
  cluster: DemoCluster,
  callers: number,
  ms: number,
  share: 'one client' | 'own clients' = 'one client',
): Promise<WriteFigures> {
  const clients = share === 'own clients' ? Array.from({ length: callers }, () => cluster.newClient()) : [];
  const client = cluster.client();
  await client.sql([{ sql: 'CREATE TABLE IF NOT EXISTS bench (id INTEGER PRIMARY KEY, body TEXT)' }]);
  const openers =
    share === 'own clients' ? clients : Array.from({ length: Math.min(8, callers) }, () => client);
  const sessions = await Promise.all(openers.map((c) => c.openSession()));
  const latencies: number[] = [];
  const run = async (session: ClientSession, until: number, record: boolean): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now();
      await session.sql([row(nextId++)]);
      if (record) latencies.push(performance.now() - began);
    }
  };
  const all = (until: number, record: boolean): Promise<unknown> =>
    Promise.all(
      Array.from({ length: callers }, (_, i) =>
        run(sessions[i % sessions.length] as ClientSession, until, record),
      ),
    );
  await all(performance.now() + 1500, false);
  const began = performance.now();
  await all(began + ms, true);
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(clients.map((c) => c.close()));
  latencies.sort((a, b) => a - b);
  const at = (q: number): number =>
    Math.round((latencies[Math.floor(q * (latencies.length - 1))] ?? 0) * 100) / 100;
  return {
    callers,
    share,
    perSecond: Math.round(latencies.length / seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

/** `cluster failover` again and again while a session writes: the pause that the writer felt, and writes that failed. */
export async function measureHandOver(cluster: DemoCluster, rounds: number) {
  const client = cluster.client();
  const session = await client.openSession();
  const times: number[] = [];
  let failed = 0;
  let running = true;
  const writing = (async () => {
    while (running) {
      await session.sql([row(nextId++)]).then(
        () => times.push(performance.now()),
        () => failed++,
      );
    }
  })();
  const gaps: number[] = [];
  for (let n = 0; n < rounds; n++) {
    await sleep(400);
    const began = performance.now();
    const from = (await client.leader()).leader_id;
    const operation = await client.runOperation({ kind: 'failover', reason: 'bench' });
    await client.waitOperation(operation.id, { timeoutMs: 5000 });
    await sleep(200);
    if ((await client.leader()).leader_id === from) failed++;
    gaps.push(longestGap(times, began, performance.now() - 100));
  }
  running = false;
  await writing;
  return { rounds, failed, gapMs: spread(gaps) };
}

/** A 2 s stall of the leader's and of a follower's main thread, and a 10 s query: terms must stay. */
export async function measureStalls(cluster: DemoCluster) {
  const client = cluster.client();
  const before = await client.leader();
  const steal = stealMs();
  const follower = cluster.nodes.find((n) => n.nodeId !== before.leader_id);
  const leaderStallMs = await stallMainThread(cluster.node(before.leader_id ?? ''), 2000);
  const followerStallMs = await stallMainThread(cluster.node(follower?.nodeId ?? ''), 2000);
  const slow = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';
  const began = performance.now();
  await client.sql([{ sql: slow }], { timeoutMs: 10_000 }).catch(() => {});
  const queryMs = performance.now() - began;
  const after = await client.leader();
  return {
    leaderStallMs: Math.round(leaderStallMs),
    followerStallMs: Math.round(followerStallMs),
    queryMs: Math.round(queryMs),
    termChanges: after.term - before.term,
    stolenMs: stealMs() - steal,
  };
}

/** What an idle node costs: the mean over nodes of CPU over 10 s, resident memory, and child processes. */
export async function measureIdle(cluster: DemoCluster) {
  await sleep(12_000); // readers end when idle
  const pids = cluster.nodes.map((n) => n.child?.pid ?? 0);
  const before = pids.map(cpuMs);
  const began = performance.now();
  await sleep(10_000);
  const wall = performance.now() - began;
  const used = pids.map((pid, i) => ((cpuMs(pid) - (before[i] ?? 0)) / wall) * 100);
  return {
    cpuPercent: used.map((u) => Math.round(u * 100) / 100),
    rssMb: cluster.rssMbPerNode(),
    readers: pids.reduce((n, pid) => n + childrenOf(pid).length, 0),
  };
}
