/** Alerts on real daemons: real conditions, a real receiver on loopback, leaders that are killed in between. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import { HttpReceiver } from '../unit/rpc/http-receiver.ts';
import { clientOf, leaderOf, startCluster, until } from './harness.ts';

interface Posted {
  readonly groupKey: string;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly { readonly labels: { readonly alertname: string; readonly node?: string } }[];
}

async function receiver(): Promise<HttpReceiver> {
  const started = await HttpReceiver.start();
  onTestFinished(() => started.stop());
  return started;
}

/** What came of a rule, as `status key`. */
function postsOf(stub: HttpReceiver, rule: string): string[] {
  return stub.requests
    .map((request) => JSON.parse(request.body) as Posted)
    .filter((post) => post.alerts[0]?.labels.alertname === rule)
    .map((post) => `${post.status} ${post.groupKey}`);
}

/** Each kind of each incident came, none more than twice; answers the keys of the incidents. */
function expectTold(posts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const post of posts) counts.set(post, (counts.get(post) ?? 0) + 1);
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
  const keys = (status: string) =>
    [...counts.keys()].filter((p) => p.startsWith(status)).map((p) => p.split(' ')[1]);
  expect(keys('resolved').sort()).toEqual(keys('firing').sort());
  return keys('firing') as string[];
}

async function configure(cluster: DemoCluster, stub: HttpReceiver): Promise<void> {
  const text = `
notifiers: {webhook: {url: "${stub.url()}", allow_loopback: true}}
alerts:
  - {name: HighErrorRate, condition: "error_rate > 0.01", severity: critical, actions: [webhook], for: 1s}
`;
  await cluster.client().putConfig({ text });
}

/** Statements that fail, on one node, until it is called. */
function errorBurst(cluster: DemoCluster, node: string): () => Promise<void> {
  const client = clientOf(cluster, { node, failFast: true });
  let isOn = true;
  const run = async (): Promise<void> => {
    while (isOn) {
      const read = client.sql([{ sql: 'SELECT * FROM nowhere' }], { level: 'none' });
      await read.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const running = run();
  return () => {
    isOn = false;
    return running;
  };
}

describe('an alert on a real condition', () => {
  it('is told once at its begin and once at its end, across the death of the leader', async () => {
    const cluster = await startCluster(3);
    const stub = await receiver();
    await configure(cluster, stub);
    const leader = await leaderOf(cluster);
    const node = must(cluster.nodes.find((n) => n.nodeId !== leader)?.nodeId, 'a follower');
    const stopBurst = errorBurst(cluster, node);
    onTestFinished(() => stopBurst());
    const fires = (count: number) => async () => {
      const told = postsOf(stub, 'HighErrorRate').filter((post) => post.startsWith('firing'));
      return told.length >= count;
    };
    await until('the first notification', fires(1));
    await cluster.killNode(leader);
    await until('another leader', async () => (await leaderOf(cluster)) !== leader);
    const rows = async () =>
      (await cluster.client().alerts()).alerts.filter((a) => a.rule === 'HighErrorRate');
    expect(await rows()).toMatchObject([{ id: `HighErrorRate:${node}`, state: 'firing', node_id: node }]);
    await cluster.startNode(leader);
    await stopBurst();
    await until('its end', async () => postsOf(stub, 'HighErrorRate').some((p) => p.startsWith('resolved')));
    expect(expectTold(postsOf(stub, 'HighErrorRate'))).toHaveLength(1);
    expect(expectTold(postsOf(stub, 'NodeDown'))).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: 'resolved' }]);
  });
});

describe('LeaderDown', () => {
  it('is told while nobody leads, by one of those who are left, and its end by the next leader', async () => {
    const cluster = await startCluster(3);
    const stub = await receiver();
    await configure(cluster, stub);
    const leader = await leaderOf(cluster);
    const left = must(cluster.nodes.find((n) => n.nodeId !== leader)?.nodeId, 'a follower');
    const dead = cluster.nodes.map((n) => n.nodeId).filter((nodeId) => nodeId !== left);
    await Promise.all(dead.map((nodeId) => cluster.killNode(nodeId)));
    const told = await until('the notification', async () => postsOf(stub, 'LeaderDown')[0] ?? null);
    // nobody leads yet: no majority lives
    const status = await clientOf(cluster, { node: left }).status({ stale: true });
    expect(status.raft.leader_id).toBeNull();
    await Promise.all(dead.map((nodeId) => cluster.startNode(nodeId)));
    await until('its end', async () => postsOf(stub, 'LeaderDown').some((p) => p.startsWith('resolved')));
    expect(told).toMatch(/^firing .*\/LeaderDown\/term-\d+$/);
    expect(expectTold(postsOf(stub, 'LeaderDown'))).toEqual([told.split(' ')[1]]);
  });
});
