/** What scrapers, load balancers and people are told by real daemons: metrics, probes, alerts, configuration in force. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { LIMITS } from '../../src/base/index.ts';
import {
  clientOf,
  followerOf,
  leaderOf,
  refusal,
  sharedCluster,
  sqlccOn,
  startCluster,
  until,
} from './harness.ts';

interface Told {
  readonly status: number;
  readonly text: string;
}

async function plain(cluster: DemoCluster, nodeId: string, path: string, method = 'GET'): Promise<Told> {
  const answer = await fetch(`http://127.0.0.1:${cluster.node(nodeId).metricsPort}${path}`, { method });
  return { status: answer.status, text: await answer.text() };
}

describe('a running cluster', () => {
  const shared = sharedCluster(3);

  it('leads load balancers to the node that they look for', async () => {
    const cluster = shared();
    const leader = await leaderOf(cluster);
    const follower = await followerOf(cluster);
    const statuses = async (nodeId: string, method = 'GET') => {
      const paths = [
        '/primary',
        '/read-write',
        '/replica',
        '/read-only',
        '/quorum',
        '/asynchronous',
        '/readiness',
      ];
      return Promise.all(paths.map(async (path) => (await plain(cluster, nodeId, path, method)).status));
    };
    const ofLeader = [200, 200, 503, 200, 503, 503, 200];
    const ofFollower = [503, 503, 200, 200, 200, 503, 200];
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(await statuses(leader, method)).toEqual(ofLeader);
      expect(await statuses(follower, method)).toEqual(ofFollower);
    }
    const near = await until('a lag that is known', async () => {
      const told = await plain(cluster, follower, '/replica?lag=100MB');
      return told.status === 200 ? told : null;
    });
    expect(JSON.parse(near.text)).toMatchObject({
      node_id: follower,
      role: 'replica',
      leader_id: leader,
      lag_bytes: 0,
    });
    expect((await plain(cluster, leader, '/primary', 'POST')).status).toBe(405);
  });

  it('gives every metric of the seed that has a value, with labels, on all three ways', async () => {
    const cluster = shared();
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    await client.kv.put('m/a', 'x'.repeat(100_000));
    const values = await until('all values', async () => {
      const { metrics } = await client.metrics({ node: leader });
      return metrics['replication_rate'] !== undefined && metrics['replica_count'] === 3 ? metrics : null;
    });
    expect(values).toMatchObject({ sync_lag: 0, node_count: 3, leader_count: 1, alerts_firing: 0 });
    expect(values['heartbeat_count']).toBeGreaterThan(10);
    // a follower is measured from its first answer on
    const scraped = await until('both followers measured', async () => {
      const { text } = await plain(cluster, leader, '/metrics');
      return text.split('sqlcc_append_rtt_seconds_count{').length === 3 ? text : null;
    });
    const printed = await sqlccOn(cluster, ['metrics', '--node', leader, '-o', 'prometheus']);
    expect(printed.code).toBe(0);
    const shape = (text: string): string => text.replace(/ [-0-9.e+]+$/gm, ' #');
    expect(shape(printed.stdout)).toBe(shape(scraped));
    expect(printed.stdout).toContain(`sqlcc_replica_count{cluster="demo",node="${leader}"} 3\n`);
    expect(printed.stdout).toContain('# TYPE sqlcc_query_latency_seconds histogram\n');
    const open = await sqlccOn(cluster, ['metrics', '-o', 'openmetrics']);
    expect(open.stdout.endsWith('# EOF\n')).toBe(true);
    expect(await refusal(clientOf(cluster, {}).metricsText('xml' as 'prometheus'))).toMatchObject({
      code: 'invalid_argument',
    });
  });

  it('cuts lists and batches of keys at a size and says so', async () => {
    const client = shared().client();
    const session = await client.openSession();
    const value = 'v'.repeat(LIMITS.maxValueBytes);
    const keys = Array.from({ length: 40 }, (_, n) => `large/${String(n).padStart(2, '0')}`);
    for (const key of keys) await session.put(key, value, { timeoutMs: 30_000 });
    const list = await client.kv.list({ prefix: 'large/' });
    expect(list.truncated).toBe(true);
    expect(list.items.length).toBe(23);
    const batch = await client.kv.batch(['none', ...keys], { timeoutMs: 30_000 });
    expect(batch).toMatchObject({ truncated: true, missing: ['none'] });
    expect(batch.items.map((i) => i.key)).toEqual(keys.slice(0, batch.items.length));
    const rest = keys.slice(batch.items.length);
    expect(await client.kv.batch(rest, { timeoutMs: 30_000 })).toMatchObject({
      truncated: false,
      missing: [],
    });
    for (const key of keys) await session.delete(key);
  });

  it('refuses a secret in its configuration and does not repeat it', async () => {
    const client = shared().client();
    const text = 'notifiers: {pagerduty: {routing_key: R0UT1NGKEY}}';
    const error = await refusal(client.putConfig({ text }));
    expect(error.code).toBe('config_invalid');
    expect(JSON.stringify([error.message, error.details])).not.toContain('R0UT1NGKEY');
  });
});

describe('a changed configuration', () => {
  it('is in force at once on every node, and on one that joins later', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const text = 'cluster: {raft: {heartbeat_interval_ms: 60, election_timeout_ms: 240}}';
    expect((await client.putConfig({ text, reason: 'slow network' })).applied).toBe(true);
    const beat = async (node: string) =>
      (await client.status({ node, stale: true })).raft.heartbeat_interval_ms;
    for (const { nodeId } of cluster.nodes)
      await until(`${nodeId} to follow`, async () => (await beat(nodeId)) === 60);
    // the timeout in force is what the consensus thread last reported (five times a second)
    await until('the consensus thread to follow', async () => {
      return (await client.status()).raft.election_timeout_ms >= 240;
    });
    // samples too: a node tells of itself with each, five a second now instead of one
    await client.putConfig({ text: 'cluster: {monitoring: {sample_interval_ms: 200}}' });
    const [asked, watched] = cluster.nodes.map((n) => n.nodeId) as [string, string];
    const checks = new Set<number>();
    // by the node's own clock, and not all in a row: whoever looks late misses some
    const quick = () => [...checks].filter((at, n, all) => at - (all[n - 1] ?? 0) < 600);
    await until('samples less than 600 ms apart', async () => {
      const { nodes } = await client.nodes({ node: asked, stale: true });
      checks.add(Date.parse(nodes.find((n) => n.node_id === watched)?.last_check ?? ''));
      return quick().length >= 4;
    });
    // without metrics there are still the probes, on the same port
    await client.putConfig({ text: 'cluster: {monitoring: {enable_metrics: false}}' });
    await until('no metrics', async () => (await plain(cluster, asked, '/metrics')).status === 404);
    expect((await plain(cluster, await leaderOf(cluster), '/primary')).status).toBe(200);
    const joined = await cluster.addNode();
    expect(readFileSync(joined.configFile, 'utf8')).toContain('heartbeat_interval_ms: 60');
    expect(await beat(joined.nodeId)).toBe(60);
    const told: unknown[] = [];
    for await (const event of client.events({ after: '0', follow: false, types: ['config-changed'] }))
      told.push(event.data);
    expect(told).toMatchObject([{ version: 2, reason: 'slow network' }, { version: 3 }, { version: 4 }]);
  });
});

describe('a cluster without a leader', () => {
  it('says LeaderDown once wherever it is asked, and no longer than that', async () => {
    const cluster = await startCluster(3);
    const [alone, ...others] = cluster.nodes.map((n) => n.nodeId) as [string, string, string];
    const client = clientOf(cluster, { node: alone });
    for (const nodeId of others) await cluster.killNode(nodeId);
    const firing = await until('the alert', async () => {
      const { alerts } = await client.alerts();
      const found = alerts.filter((a) => a.rule === 'LeaderDown');
      return found.some((a) => a.state === 'firing') ? found : null;
    });
    expect(firing).toHaveLength(1);
    const status = await client.status({ stale: true });
    expect(status.alerts.firing).toBeGreaterThanOrEqual(1);
    expect(status.cluster.reasons).toContain('alert LeaderDown is firing');
    expect(await client.leader({ stale: true })).toMatchObject({ leader_id: null, since: null });
    // what takes its time in a cluster that is led says at once that nobody leads
    const ran = await sqlccOn(cluster, ['cluster', 'verify']);
    expect([ran.code, ran.ms < 10_000, ran.stderr]).toEqual([4, true, expect.stringContaining('no_leader')]);
    expect((await plain(cluster, alone, '/replica')).status).toBe(503);
    expect((await plain(cluster, alone, '/liveness')).status).toBe(200);
    for (const nodeId of others) await cluster.startNode(nodeId);
    await cluster.untilHealthy();
    await until('the alert resolved', async () => {
      const found = (await cluster.client().alerts()).alerts.filter((a) => a.rule === 'LeaderDown');
      return found.every((a) => a.state === 'resolved');
    });
  });

  it('records the pause when a node that saw it leads again', async () => {
    const cluster = await startCluster(3);
    // frozen nodes remember: whoever leads next knows how long nobody did
    const leader = await leaderOf(cluster);
    const others = cluster.nodes.filter((n) => n.nodeId !== leader);
    const pause = (signal: 'SIGSTOP' | 'SIGCONT') => {
      for (const node of others) node.child?.kill(signal);
    };
    const alone = clientOf(cluster, { node: leader });
    pause('SIGSTOP');
    await until('the alert', async () => {
      const { alerts } = await alone.alerts();
      return alerts.some((a) => a.rule === 'LeaderDown' && a.state === 'firing');
    });
    pause('SIGCONT');
    await cluster.untilHealthy();
    const kinds: string[] = [];
    // the new leader records both one after the other: the node that is asked may have heard of the first alone
    for await (const event of cluster.client().events({ after: '0', follow: true })) {
      if (event.data['id'] !== 'LeaderDown') continue;
      kinds.push(event.kind);
      if (event.kind === 'alert-resolved') break;
    }
    expect(kinds).toEqual(['alert-fired', 'alert-resolved']);
    const state = await until('the alert resolved', async () => {
      const found = (await cluster.client().alerts()).alerts.filter((a) => a.rule === 'LeaderDown');
      return found.every((a) => a.state === 'resolved') ? found : null;
    });
    expect(state).toHaveLength(1);
  });
});
