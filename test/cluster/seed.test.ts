/** The structs and rules of the design document on real daemons: every field is there and is a reading. */
import { statfsSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/index.ts';
import { clientOf, leaderOf, refusal, sharedCluster, until } from './harness.ts';

describe('the design document', () => {
  const shared = sharedCluster(3);

  it('a row of a node has every field of NodeInfo and NodeHealth, with a real value', async () => {
    const cluster = shared();
    // a latency is that of statements; few, so that one slow one later is the 95th percentile
    for (const { nodeId } of cluster.nodes)
      await clientOf(cluster, { node: nodeId }).sql([{ sql: 'SELECT 1' }], { level: 'none' });
    const { nodes } = await until('readings of all', async () => {
      const answer = await cluster.client().nodes();
      return answer.nodes.every((n) => n.cpu_usage !== null && n.query_latency_p95_ms !== null)
        ? answer
        : null;
    });
    const leader = await leaderOf(cluster);
    expect(nodes.length).toBe(3);
    const { bsize, blocks } = statfsSync(cluster.dir);
    for (const row of nodes) {
      const { port, clientPort } = cluster.node(row.node_id);
      expect(row).toMatchObject({ host: '127.0.0.1', port, client_port: clientPort, issues: [] });
      expect(row.state).toBe(row.node_id === leader ? 'LEADER' : 'FOLLOWER');
      expect(row.health).toBe('HEALTHY');
      expect(row.metadata).toEqual({});
      expect(row.last_heartbeat_ms).toBeLessThan(5000);
      expect(row.capacity).toBe(bsize * blocks);
      // one minute's mean, taken up to a few seconds before
      const load = must(loadavg()[0], 'a load') / availableParallelism();
      expect(Math.abs(must(row.load_factor, 'a load factor') - load)).toBeLessThan(1.5);
      for (const ratio of [row.cpu_usage, row.memory_usage, row.disk_usage]) {
        expect(ratio).toBeGreaterThanOrEqual(0);
        expect(ratio).toBeLessThanOrEqual(1);
      }
      expect(row.disk_usage).toBeCloseTo(must(row.disk_used_bytes, 'bytes') / must(row.capacity, 'bytes'), 1);
      expect(row.active_connections).toBeGreaterThanOrEqual(0);
      expect(Date.now() - Date.parse(must(row.last_check, 'a check'))).toBeLessThan(15_000);
    }
  });

  it('NodeMetrics and ClusterMetrics are whole', async () => {
    const cluster = shared();
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    await client.sql([{ sql: 'CREATE TABLE t (a INTEGER)' }]);
    const {
      node,
      cluster: all,
      metrics,
    } = await until('all values', async () => {
      const answer = await client.metrics({ node: leader });
      const { average_load: load } = answer.cluster;
      const isWhole = Object.values(answer.node).every((v) => v !== null) && load !== null;
      return isWhole && answer.metrics['clock_offset'] !== undefined ? answer : null;
    });
    expect(Object.keys(node).sort()).toEqual([
      'active_connections',
      'cpu_usage',
      'disk_io_read',
      'disk_io_write',
      'memory_usage',
      'queries_per_second',
      'query_latency_p50',
      'query_latency_p95',
      'query_latency_p99',
    ]);
    expect(node.disk_io_write).toBeGreaterThan(0);
    expect(node.active_connections).toBeGreaterThan(0);
    const { query_latency_p50: p50, query_latency_p95: p95, query_latency_p99: p99 } = node;
    expect([p50, p95, p99]).toEqual([p50, p95, p99].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(p50).toBeGreaterThan(0);
    // one machine, one clock: what is left is the way
    expect(metrics['clock_offset']).toBeLessThan(0.25);
    expect(all).toMatchObject({ total_nodes: 3, healthy_nodes: 3, leader_nodes: 1, follower_nodes: 2 });
    expect(all.total_queries).toBeGreaterThan(0);
    expect(all.total_errors).toBeGreaterThanOrEqual(0);
    expect(all.cluster_availability).toBe(1);
  });

  it('silences no rule or node that is not there, and names what is; so does an acknowledgement', async () => {
    const client = shared().client();
    const rule = await refusal(client.alerting.silence({ rule: 'HighLatencies', forMs: 60_000 }));
    expect(rule).toMatchObject({ code: 'not_found', hint: expect.stringContaining('HighLatency') });
    const node = await refusal(client.alerting.silence({ nodeId: 'n9', forMs: 60_000 }));
    expect(node).toMatchObject({ code: 'not_found', hint: 'the nodes are n1, n2, n3' });
    expect((await client.alerting.silences()).silences).toEqual([]);
    const { id } = await client.alerting.silence({ rule: 'NodeDown', nodeId: 'n2', forMs: 60_000 });
    await client.alerting.unsilence(id);
    const alert = await refusal(client.acknowledgeAlert('Foo'));
    expect(alert).toMatchObject({
      code: 'not_found',
      hint: expect.stringMatching(/^(nothing fires|firing are )/),
    });
    // who was refused is in the audit all the same
    const { records } = await client.audit();
    expect(records.at(-1)).toMatchObject({ action: 'alert-acknowledge', target: 'Foo' });
  });

  it('HighLatency and DiskSpaceLow fire on a slow query and on a disk that is used', async () => {
    const cluster = shared();
    const leader = await leaderOf(cluster);
    const text = `alerts:
  - {name: HighLatency, condition: "query_latency_p95 > 1000ms", severity: warning, actions: []}
  - {name: DiskSpaceLow, condition: "disk_usage > 0.0000001", severity: warning, actions: []}`;
    await cluster.client().putConfig({ text });
    const slow = `WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 60000000)
      SELECT count(*) FROM c`;
    // ends by its deadline or by itself: both took longer than the limit
    const query = clientOf(cluster, { node: leader, failFast: true }).sql([{ sql: slow }], { level: 'none' });
    await query.catch(() => {});
    const firing = await until('both to fire', async () => {
      const { alerts } = await cluster.client().alerts();
      const ids = alerts.filter((a) => a.state === 'firing').map((a) => a.id);
      const wanted = [`HighLatency:${leader}`, ...cluster.nodes.map((n) => `DiskSpaceLow:${n.nodeId}`)];
      return wanted.every((id) => ids.includes(id)) ? ids : null;
    });
    expect(firing.filter((id) => id.startsWith('HighLatency'))).toEqual([`HighLatency:${leader}`]);
  });
});
