/** Prometheus itself on what the daemons tell: its linter has nothing to say, its server reads both formats. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { monitoringFile } from '../../daemon/monitoring-files.ts';
import { must } from '../../src/base/index.ts';
import { exposedName, FAMILIES, METRICS } from '../../src/metrics/index.ts';
import { missingPrometheus, PrometheusServer, promtool } from '../lab/prometheus.ts';
import { skipVisibly } from '../lab/skip.ts';
import { followerOf, leaderOf, sharedCluster, startCluster, until } from './harness.ts';
import { findTestPorts } from './ports.ts';

const skipped = skipVisibly('Prometheus on real daemons', missingPrometheus());

async function scrape(cluster: DemoCluster, nodeId: string, accept = ''): Promise<string> {
  const url = `http://127.0.0.1:${cluster.node(nodeId).metricsPort}/metrics`;
  return (await fetch(url, { headers: { accept } })).text();
}

/** The metrics that one value a node has on `/metrics`, and the families. */
const FAMILY_IDS = new Set(FAMILIES.map((f) => f.id));
const NAMES = [...METRICS.filter((m) => m.unit !== 'ms' && !FAMILY_IDS.has(m.id)), ...FAMILIES];

/** A daemon of cluster `a` or `b` that answers scrapes once a minute for so long, then none, in 12 minutes. */
function seriesOf(
  cluster: string,
  node: string,
  nodes: number,
  minutes: number,
): { series: string; values: string }[] {
  const labels = `{cluster="${cluster}",node="${node}"}`;
  const values = (value: number): string => `${value}x${minutes} stale`;
  return [
    { series: `sqlcc_build_info${labels}`, values: values(1) },
    { series: `sqlcc_node_count${labels}`, values: values(nodes) },
  ];
}

describe.skipIf(skipped)('the rules for Prometheus', () => {
  it('raise NodeDown where a daemon falls silent, and NoNodeTells where all of a cluster do', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-rules-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, 'sqlcc.rules.yml'), monitoringFile('rules'));
    const firing = (minute: number, ...alerts: string[]) => ({
      expr: 'count by (alertname, cluster) (ALERTS{alertstate="firing"})',
      eval_time: `${minute}m`,
      exp_samples: alerts.map((name) => ({ labels: `{alertname="${name}",cluster="a"}`, value: 1 })),
    });
    const verdictOf = (...promql_expr_test: ReturnType<typeof firing>[]) => {
      const input_series = [
        ...[...seriesOf('a', 'n1', 2, 6), ...seriesOf('a', 'n2', 2, 2)],
        ...seriesOf('b', 'n1', 1, 12),
      ];
      const tests = [{ interval: '1m', input_series, promql_expr_test }];
      // JSON is YAML
      writeFileSync(join(dir, 'test.yml'), JSON.stringify({ rule_files: ['sqlcc.rules.yml'], tests }));
      return promtool(['test', 'rules', join(dir, 'test.yml')]);
    };
    const verdict = verdictOf(firing(2), firing(5, 'NodeDown'), firing(10, 'NoNodeTells'));
    expect(verdict).toMatchObject({ ok: true });
    expect(verdictOf(firing(5))).toMatchObject({ ok: false });
  });
});

describe.skipIf(skipped)('Prometheus', () => {
  const shared = sharedCluster(3);

  it('finds nothing to complain about in the text, on the leader and on a follower', async () => {
    const cluster = shared();
    await cluster.client().kv.put('p/a', 'x');
    for (const nodeId of [await leaderOf(cluster), await followerOf(cluster)]) {
      const text = await until('all rates', async () => {
        const told = await scrape(cluster, nodeId);
        return told.includes('sqlcc_replication_rate') && told.includes('sqlcc_fsync_seconds') ? told : null;
      });
      expect(promtool(['check', 'metrics'], text)).toEqual({ ok: true, words: '' });
      expect(promtool(['check', 'metrics'], `${text}# TYPE sqlcc_x_total gauge\nsqlcc_x_total 1\n`).ok).toBe(
        false,
      );
    }
  });

  it('scrapes each second and answers queries, in the text format and in OpenMetrics', async () => {
    const cluster = shared();
    const ports = cluster.nodes.map((n) => n.metricsPort);
    const server = PrometheusServer.start(await findTestPorts(1, 29_090), [
      { job: 'open', ports },
      { job: 'text', ports, params: { format: ['prometheus'] } },
    ]);
    onTestFinished(() => server.stop());
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE p (id INTEGER PRIMARY KEY)' }]);
    for (let n = 0; n < 50; n++) await client.sql([{ sql: 'INSERT INTO p VALUES (?)', params: [n] }]);
    // one line a job: the same numbers whichever format was read
    for (const job of ['open', 'text']) {
      // a scrape is up to a second old, and on a busy machine another one may lead by now
      const leader = await until('who leads, as it was scraped', async () => {
        const led = await leaderOf(cluster);
        const [state] = await server.query(`sqlcc_raft_state{job="${job}",node="${led}"}`);
        return state?.value === 4 && led;
      });
      const where = `job="${job}",node="${leader}"`;
      const one = (expression: string): Promise<number> =>
        until(expression, async () => (await server.query(expression))[0]?.value ?? null);
      expect(await one(`sqlcc_node_count{${where}}`)).toBe(3);
      expect(await one(`sqlcc_build_info{${where}}`)).toBe(1);
      await until('the requests counted', async () => {
        const [total] = await server.query(`sum(sqlcc_query_latency_seconds_count{job="${job}"})`);
        return (total?.value ?? 0) >= 51;
      });
      expect(await one(`count(sqlcc_append_rtt_seconds_count{${where}} > 0)`)).toBe(2);
      const p99 = await one(`histogram_quantile(0.99, sqlcc_fsync_seconds_bucket{${where}})`);
      expect(p99).toBeGreaterThan(0);
      expect(p99).toBeLessThan(5);
      await until('two scrapes', async () => {
        const [seen] = await server.query(`count_over_time(sqlcc_uptime_seconds{${where}}[1m])`);
        return (seen?.value ?? 0) >= 3;
      });
    }
    const targets = await server.targets();
    expect(targets.map((t) => [t.job, t.health, t.lastError]).sort()).toEqual([
      ...Array(3).fill(['open', 'up', '']),
      ...Array(3).fill(['text', 'up', '']),
    ]);
    // by the server's own watch; the quickest of many, because others use this machine too
    await until('a scrape within 20 ms', async () =>
      (await server.targets()).some((target) => target.lastScrapeMs <= 20),
    );
    const known = await server.query('count by (__name__) ({job="text",__name__=~"sqlcc_.*"})');
    const names = new Set(known.map((s) => s.metric['__name__']));
    // nobody is told of alerts here; only some machines limit a process, tell how much others wait, or see an election
    const missing = NAMES.filter(({ id, ...m }) => {
      const name = exposedName({ id, ...m });
      return !names.has(name) && !names.has(`${name}_bucket`);
    });
    const machine = ['cpu_throttled', 'cpu_pressure', 'failover_total'];
    expect(missing.map((m) => m.id).filter((id) => !machine.includes(id))).toEqual([
      'notifications_sent_total',
    ]);
  });

  it('takes the rules and every expression of the dashboard, and raises LeaderDown when nobody leads', async () => {
    const cluster = await startCluster(3);
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-rules-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const rules = join(dir, 'sqlcc.rules.yml');
    writeFileSync(rules, monitoringFile('rules'));
    expect(promtool(['check', 'rules', rules])).toMatchObject({ ok: true });
    const ports = cluster.nodes.map((n) => n.metricsPort);
    const server = PrometheusServer.start(await findTestPorts(1, 29_190), [{ job: 'sqlcc', ports }], [rules]);
    onTestFinished(() => server.stop());
    const recorded = 'cluster:sqlcc_healthy_nodes:max';
    await until('the recorded cluster', async () => (await server.query(recorded))[0]?.value === 3);
    const { panels } = JSON.parse(monitoringFile('dashboard')) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const exprs = panels.flatMap((p) => (p.targets ?? []).map((t) => t.expr));
    expect(exprs.length).toBeGreaterThan(60);
    for (const expr of exprs) {
      const asked = expr.replaceAll(/\$cluster|\$node/g, '.*').replaceAll('$__rate_interval', '1m');
      await server.query(asked);
    }
    await expect(server.query('sqlcc_node_count{')).rejects.toThrow(/parse error/);
    expect(await server.firing()).toEqual([]);
    const [, dead, last] = cluster.nodes.map((n) => n.nodeId);
    await cluster.killNode(must(dead, 'a node'));
    const isDown = async () => (await server.query('ALERTS{alertname="NodeDown"}')).length > 0;
    await until('NodeDown, pending', isDown);
    await cluster.killNode(must(last, 'another one'));
    await until('LeaderDown', async () => (await server.firing()).includes('LeaderDown'));
    await until('NodeUnreachable', async () => (await server.firing()).includes('NodeUnreachable'));
  });
});
