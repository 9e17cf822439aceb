/** Two of three disks are gone for good: the last voter goes on alone, by hand, and the others stay out. */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { type Ran, sqlcc, startCluster, until } from './harness.ts';

const recover = (cluster: DemoCluster, nodeId: string, more: readonly string[]): Promise<Ran> =>
  sqlcc(['cluster', 'recover', '--data-dir', cluster.node(nodeId).dataDir, '-o', 'json', ...more]);

const killAll = (cluster: DemoCluster): Promise<unknown> =>
  Promise.all(cluster.nodes.map((n) => cluster.killNode(n.nodeId)));

it('a survivor becomes the only voter: its log stays, old disks are refused, new nodes join', async () => {
  const cluster = await startCluster(3);
  const client = cluster.client();
  await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
  for (let n = 0; n < 20; n++) await client.sql([{ sql: 'INSERT INTO t VALUES (?)', params: [n] }]);
  // others find the cluster at n1; as a follower it may not know of its last entries that they are committed
  const [left, gone, back] = ['n1', 'n2', 'n3'] as const;
  if ((await client.leader()).leader_id === left) {
    const { id } = await client.runOperation({ kind: 'failover', to: gone });
    await client.waitOperation(id);
  }

  const refusals: Ran[] = [];
  refusals.push(await recover(cluster, left, ['--yes-cluster', 'demo']));
  await cluster.killNode(left);
  refusals.push(await recover(cluster, left, ['--yes-cluster', 'demo']));
  await killAll(cluster);
  refusals.push(await recover(cluster, left, ['--yes-cluster', 'prod']));
  refusals.push(await recover(cluster, left, []));
  expect(refusals.map((r) => [r.code, r.stdout])).toEqual([
    [9, ''],
    [6, ''],
    [6, ''],
    [2, ''],
  ]);
  expect(refusals.map((r) => r.stderr)).toEqual([
    expect.stringContaining('is in use by process'),
    expect.stringMatching(/other nodes are running: n\d/),
    expect.stringContaining('this is the cluster "demo", not "prod"'),
    expect.stringContaining('no terminal'),
  ]);

  const plan = await recover(cluster, left, ['--dry-run']);
  expect(plan.code, plan.stderr).toBe(0);
  const planned = JSON.parse(plan.stdout);
  expect(planned).toMatchObject({ done: false, node_id: left, removed: [gone, back].sort() });
  const oldDisk = `${cluster.node(back).dataDir}.old`;
  onTestFinished(() => rmSync(oldDisk, { recursive: true, force: true }));
  renameSync(cluster.node(back).dataDir, oldDisk);
  rmSync(cluster.node(gone).dataDir, { recursive: true });

  const done = await recover(cluster, left, ['--yes-cluster', 'demo', '--reason', 'two disks burnt']);
  expect(done.code, done.stderr).toBe(0);
  // looking changed nothing
  expect(JSON.parse(done.stdout)).toEqual({ ...planned, done: true });
  expect((await recover(cluster, left, ['--yes-cluster', 'demo'])).stderr).toContain(
    'the only voter already',
  );

  await cluster.startNode(left);
  await until('a leader', async () => (await client.leader()).leader_id === left);
  const { results } = await client.sql([{ sql: 'SELECT count(*), count(DISTINCT n) FROM t' }]);
  expect(results[0]?.rows[0]).toEqual([20, 20]);
  const status = await client.status();
  expect(status.nodes.map((n) => n.node_id)).toEqual([left]);
  const { records } = await client.audit();
  expect(records.find((r) => r.action === 'cluster-recover')).toMatchObject({
    ...{
      target: left,
      reason: 'two disks burnt',
      actor: expect.stringContaining(`on the machine of ${left}`),
    },
  });

  // one old disk alone has no majority; it asks, is told, and stops
  renameSync(oldDisk, cluster.node(back).dataDir);
  await cluster.startNode(back).catch(() => {});
  await until('the old node stops', async () => cluster.node(back).child?.exitCode !== null);
  expect(readFileSync(`${cluster.node(back).log}.stderr`, 'utf8')).toContain('was removed from this cluster');
  await cluster.addNode();
  await client.sql([{ sql: 'INSERT INTO t VALUES (20)' }]);
  await until('two voters', async () => (await client.status()).nodes.filter((n) => n.voter).length === 2);
});
