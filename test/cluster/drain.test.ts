/** A drained node on real processes: clients go, vote and copy stay, and the SDK follows. */
import { describe, expect, it } from 'vitest';
import { followerOf, leaderOf, sharedCluster, sqlccOn, until } from './harness.ts';

const shared = sharedCluster(3);

describe('node drain', () => {
  it('of the leader moves leadership; a client that knows only that node goes on elsewhere', async () => {
    const cluster = shared();
    const node = await leaderOf(cluster);
    const client = cluster.newClient(node);
    await client.kv.put('a', '1');
    const ran = await sqlccOn(cluster, ['node', 'drain', node, '--for', '10m', '--reason', 'cable', '--yes']);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('handing-over')]);
    const next = await leaderOf(cluster);
    expect(next).not.toBe(node);
    // one loop of writes through the change, by the client that knew the drained node alone
    for (let n = 0; n < 20; n++) await client.kv.put('a', `${n}`);
    expect((await client.kv.get('a')).value).toBe('19');
    await client.close();

    const { nodes } = await cluster.client().status();
    const row = nodes.find((n) => n.node_id === node);
    expect(row).toMatchObject({ voter: true, liveness: 'alive', drain: { reason: 'cable' } });
    const status = await sqlccOn(cluster, ['cluster', 'status']);
    expect(status.stdout).toContain(`${node}: no clients`);
    const probe = await fetch(`http://127.0.0.1:${cluster.node(node).metricsPort}/replica`);
    expect(probe.status).toBe(503);

    // it is no candidate, and the last but one can't be drained with it and the third gone
    const back = await sqlccOn(cluster, ['cluster', 'failover', '--to', node, '--yes']);
    expect(back.code).toBe(6);
    expect(back.stderr).toContain('is drained');

    const off = await sqlccOn(cluster, ['node', 'undrain', node, '--yes']);
    expect(off.code).toBe(0);
    await until('load balancers ask it again', async () => {
      const answer = await fetch(`http://127.0.0.1:${cluster.node(node).metricsPort}/replica`);
      return answer.status === 200;
    });
  });

  it('sends a request for data to the leader, and ends a watch that stays', async () => {
    const cluster = shared();
    const node = await followerOf(cluster);
    const client = cluster.newClient(node);
    const seen: string[] = [];
    const gone = new AbortController();
    const watch = (async () => {
      for await (const line of client.kv.watch({ prefix: 'w', signal: gone.signal })) {
        if (line.type === 'put') seen.push(line.value ?? '');
      }
    })().catch(() => {});
    await cluster.client().kv.put('w1', 'before');
    await until('the watch', async () => seen.includes('before'));
    expect((await sqlccOn(cluster, ['node', 'drain', node, '--yes'])).code).toBe(0);
    const alone = cluster.newClient(node);
    expect((await alone.kv.get('w1')).value).toBe('before');
    await alone.close();
    await until('no client is left there', async () => {
      const { nodes } = await cluster.client().status();
      await cluster.client().kv.put('w2', 'after');
      return nodes.find((n) => n.node_id === node)?.drain != null && seen.includes('after');
    });
    gone.abort();
    await watch;
    await client.close();
    expect((await sqlccOn(cluster, ['node', 'undrain', node, '--yes'])).code).toBe(0);
  });
});
