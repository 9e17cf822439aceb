/** Time without service, as real daemons count it: failovers of milliseconds, stalls, a lost majority. */
import { expect, it, vi } from 'vitest';
import type { DemoCluster, DemoNode } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import { followerOf, leaderOf, sqlccOn, startCluster, until } from './harness.ts';
import { INSPECTABLE, stallMainThread } from './inspector.ts';
import { coreWaits } from './stopwatch.ts';

interface Counted {
  readonly observedMs: number;
  readonly downtimeMs: number;
}

async function countedBy(cluster: DemoCluster, node: string): Promise<Counted> {
  const { availability } = await cluster.client().status({ node, stale: true });
  const { observed_ms, downtime_ms } = must(availability, 'the availability');
  return { observedMs: observed_ms, downtimeMs: downtime_ms };
}

/** Until the node has counted what was before this call: it reports once a second. */
async function settled(cluster: DemoCluster, node: string): Promise<Counted> {
  const before = (await countedBy(cluster, node)).observedMs;
  return until(`${node} to count on`, async () => {
    const now = await countedBy(cluster, node);
    return now.observedMs > before + 1500 ? now : null;
  });
}

const isSilent = (node: DemoNode): Promise<boolean> =>
  fetch(`http://127.0.0.1:${node.metricsPort}/livez`, { signal: AbortSignal.timeout(300) }).then(
    () => false,
    () => true,
  );

it('downtime is what an election took, also on a node whose main thread stood still meanwhile', async () => {
  for (const [name, value] of Object.entries(INSPECTABLE)) vi.stubEnv(name, value);
  const cluster = await startCluster(3);
  vi.unstubAllEnvs();
  const client = cluster.client();
  await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
  const [leader, stalled] = [await leaderOf(cluster), await followerOf(cluster)];
  for (const { nodeId } of cluster.nodes) expect((await settled(cluster, nodeId)).downtimeMs).toBe(0);
  const waitedMs = coreWaits();
  const stall = stallMainThread(cluster.node(stalled), 3000);
  await until('the stall', () => isSilent(cluster.node(stalled)));
  await cluster.killNode(leader);
  await stall;
  const after = await until('another leader', async () => {
    const status = await client.status();
    const { leader_id, term } = status.raft;
    // it leads before its first entry, which records the election, is applied where one asks
    const isRecorded = status.elections.at(-1)?.term === term;
    return leader_id !== null && leader_id !== leader && isRecorded ? status : null;
  });
  const busyMs = waitedMs();
  const election = must(after.elections.at(-1), 'the election');
  const tookMs = (election.detect_ms ?? 0) + election.election_ms;
  // who it was and why stands in the history, and in the events of every node
  expect(election.cause).toMatch(new RegExp(`^${leader} (connection|heartbeat) lost$`));
  expect(election.why).toMatch(/; [23] of 3 votes$/);
  const rows = election.candidates ?? [];
  expect(rows.map((row) => row.node_id)).toEqual(['n1', 'n2', 'n3']);
  expect(rows.find((row) => row.node_id === election.node_id)?.reasons[0]).toMatch(
    new RegExp(`^won: ${leader} (connection|heartbeat) lost, `),
  );
  expect(rows.find((row) => row.node_id === leader)).toMatchObject({ eligible: false });
  const asked = `127.0.0.1:${cluster.node(stalled).port}`;
  const argv = ['events', '--types', 'leader-elected', '-o', 'jsonl', '--endpoint', asked];
  const { stdout, stderr } = await sqlccOn(cluster, argv);
  expect(stdout, stderr).toContain(JSON.stringify(election.why));
  const survivors = cluster.nodes.map((n) => n.nodeId).filter((id) => id !== leader);
  for (const nodeId of survivors) {
    const { downtimeMs, observedMs } = await settled(cluster, nodeId);
    expect(downtimeMs, `${nodeId} of ${tookMs} ms`).toBeGreaterThan(tookMs / 2);
    expect(downtimeMs, `${nodeId} of ${tookMs} ms`).toBeLessThan(tookMs + 300 + busyMs);
    const { metrics, cluster: whole, series } = await client.metrics({ node: nodeId });
    expect(metrics['error_budget']).toBeCloseTo(259.2 - downtimeMs / 1000, 2);
    expect(whole.cluster_availability).toBeCloseTo(1 - downtimeMs / observedMs, 2);
    expect(metrics['leader_changes_total']).toBeGreaterThanOrEqual(2);
    const failovers = series.filter((s) => s.id === 'failover_total');
    const gaps = must(
      series.find((s) => s.id === 'write_gap'),
      'the histogram of gaps',
    );
    if (nodeId !== after.raft.leader_id) {
      expect([failovers, gaps.count]).toEqual([[], 0]);
      continue;
    }
    expect(failovers).toEqual([
      { id: 'failover_total', labels: { cause: expect.stringMatching(/^(hint|timeout)$/) }, value: 1 },
    ]);
    expect(gaps.count).toBe(1);
    expect((gaps.sum ?? 0) * 1000).toBeGreaterThan(tookMs * 0.9);
    expect((gaps.sum ?? 0) * 1000).toBeLessThan(tookMs + 3500 + busyMs);
  }
});

it('time in which a node was stopped counts neither way; without a majority all of it is lost', async () => {
  const cluster = await startCluster(3);
  const stopped = await followerOf(cluster);
  const { child } = cluster.node(stopped);
  const before = await settled(cluster, stopped);
  const began = performance.now();
  child?.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const waitedMs = coreWaits();
  child?.kill('SIGCONT');
  const after = await settled(cluster, stopped);
  const elapsedMs = performance.now() - began;
  // what it took to find the leader again counts, the 6 s do not
  expect(after.observedMs - before.observedMs).toBeLessThan(elapsedMs - 4000);
  expect(after.downtimeMs - before.downtimeMs).toBeLessThan(1500 + waitedMs());
  const [leader, alone] = [await leaderOf(cluster), stopped];
  const counted = await settled(cluster, alone);
  const unseenMs = coreWaits();
  for (const { nodeId } of cluster.nodes) if (nodeId !== alone) await cluster.killNode(nodeId);
  const lost = await until('5 s without service', async () => {
    const now = await countedBy(cluster, alone);
    return now.observedMs > counted.observedMs + 5000 ? now : null;
  });
  expect(leader).not.toBe(alone);
  const span = lost.observedMs - counted.observedMs;
  const down = lost.downtimeMs - counted.downtimeMs;
  expect(down).toBeGreaterThan(span - 2500 - unseenMs());
  // four sums, each rounded to a millisecond by itself
  expect(down).toBeLessThanOrEqual(span + 2);
  const { metrics } = await cluster.client().metrics({ node: alone });
  expect(metrics['cluster_availability']).toBeLessThan(1);
});
