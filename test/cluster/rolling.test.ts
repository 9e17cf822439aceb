/** What an operator does every week, and what a busy host does every day: nothing of it may show. */
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { assert } from '../../src/base/index.ts';
import { followerOf, leaderOf, startCluster, until, untilEqual } from './harness.ts';

/** Writers that number what they write, each write waited for until its outcome is known. */
function writing(cluster: DemoCluster, writers: number) {
  const client = cluster.client();
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
  const all = Array.from({ length: writers }, write);
  return {
    acknowledged,
    stop: async () => {
      running = false;
      await Promise.all(all);
    },
  };
}

describe('a rolling restart under load', () => {
  it('of all nodes, one after the other, loses and doubles nothing', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const load = writing(cluster, 6);
    const { acknowledged } = load;
    for (const { nodeId } of cluster.nodes) {
      const before = acknowledged.length;
      await until('writes', async () => acknowledged.length > before + 50, 30_000);
      const child = cluster.node(nodeId).child;
      await cluster.killNode(nodeId, 'SIGTERM');
      expect(child?.exitCode).toBe(0);
      const during = acknowledged.length;
      await until('writes without the node', async () => acknowledged.length > during + 20, 30_000);
      await cluster.startNode(nodeId);
      await cluster.untilHealthy();
    }
    await load.stop();
    const { results } = await client.sql([{ sql: 'SELECT count(*), count(DISTINCT n) FROM t' }]);
    expect(results[0]?.rows[0]).toEqual([acknowledged.length, acknowledged.length]);
    await untilEqual(cluster);
  });
});

describe('a follower that stands still for 400 ms', () => {
  it('changes no term, five times in a row', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const leader = await leaderOf(cluster);
    const follower = await followerOf(cluster);
    const { term } = await client.leader();
    const { child } = cluster.node(follower);
    assert(child !== null, 'a running follower');
    for (let round = 0; round < 5; round++) {
      child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 400));
      child.kill('SIGCONT');
      // it took its timers and its sockets in the right order when it answers and follows
      await until('the follower to apply', async () => {
        const { index } = await client.sql([{ sql: 'INSERT INTO t VALUES (1)' }]);
        return (await client.stateHash(follower)).index >= (index ?? 0);
      });
    }
    expect(await client.leader()).toMatchObject({ leader_id: leader, term });
  });
});
