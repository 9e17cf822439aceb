import { expect, it, onTestFinished } from 'vitest';
import { SqlccClient } from '../../../src/client/index.ts';
import { MemoryCluster, ok } from './memory-cluster.ts';

it("metricsText gives the daemon's own text, from the node that was asked for", async () => {
  const cluster = new MemoryCluster(2);
  const client = new SqlccClient({ endpoints: cluster.endpoints, ca: '' }, cluster);
  onTestFinished(() => client.close());
  const rows = cluster.endpoints.map((endpoint, n) => ({
    node_id: `n${n + 1}`,
    host: endpoint.split(':')[0],
    port: 5433,
  }));
  const asked: string[] = [];
  cluster.script = (endpoint, { path }) => {
    asked.push(`${endpoint} ${path}`);
    return ok(path.startsWith('/v1/nodes') ? { nodes: rows } : '# HELP sqlcc_uptime_seconds\n');
  };
  expect(await client.metricsText('openmetrics', { node: 'n2' })).toBe('# HELP sqlcc_uptime_seconds\n');
  expect(asked.at(-1)).toBe('10.0.0.2:5433 /v1/metrics?format=openmetrics');
});
