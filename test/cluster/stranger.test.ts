/** A node that comes back to a leader which joined while it was away: its own log does not know that node. */
import { expect, it } from 'vitest';
import { clientOf, startCluster, until, untilEqual } from './harness.ts';

it('a node that was away answers a leader that it never heard of, and catches up', async () => {
  const cluster = await startCluster(3);
  const client = cluster.client();
  await cluster.killNode('n3');
  const { nodeId: newcomer } = await cluster.addNode();
  const votes = async () => (await client.status()).raft.voters.includes(newcomer);
  await until('the newcomer votes', votes);
  const wish = { kind: 'failover', to: newcomer, reason: 'test' } as const;
  await until('a settled membership', async () => (await client.planOperation(wish)).allowed);
  const { id } = await client.runOperation(wish);
  await client.waitOperation(id);
  await client.kv.put('while away', 'yes');
  expect((await client.leader()).leader_id).toBe(newcomer);

  await cluster.startNode('n3');
  const ofNode = clientOf(cluster, { node: 'n3' });
  const caughtUp = async () => (await ofNode.kv.get('while away', { level: 'none' })).value === 'yes';
  await until('it has what was written meanwhile', () => caughtUp().catch(() => null));
  await untilEqual(cluster);
});
