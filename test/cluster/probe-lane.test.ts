/** network.probe_lane: udp on real daemons: probes go by datagram, and a death is known as before. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientOf, closeClients, followerOf, startCluster, until } from './harness.ts';

/** A figure of the metrics page; NaN when it is not there. */
async function figure(port: number, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const line = (await response.text())
    .split('\n')
    .find((l) => l.startsWith(`${name}{`) || l.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

it('probes by datagram when told so, falls back for a node that is not, and sees a death', async () => {
  const cluster = await startCluster(3);
  try {
    const plain = await followerOf(cluster);
    const changed = cluster.nodes.filter((n) => n.nodeId !== plain);
    for (const node of changed) {
      await until('both are probed by connection', async () => {
        return (await figure(node.metricsPort, 'sqlcc_probe_lane_h2')) === 2;
      });
      await cluster.killNode(node.nodeId);
      const text = readFileSync(node.configFile, 'utf8');
      writeFileSync(node.configFile, text.replace(/^( *)peer_port: .*$/m, '$&\n$1probe_lane: udp'));
      await cluster.startNode(node.nodeId);
      await cluster.untilHealthy();
    }
    for (const node of changed) {
      await until('the other one is probed by datagram', async () => {
        const udp = await figure(node.metricsPort, 'sqlcc_probe_lane_udp');
        const h2 = await figure(node.metricsPort, 'sqlcc_probe_lane_h2');
        return udp === 1 && h2 === 1;
      });
    }
    const [victim, viewer] = changed.map((n) => n.nodeId) as [string, string];
    const client = cluster.newClient(viewer);
    await cluster.killNode(victim);
    await until('the death is known', async () => (await client.node(victim)).node.liveness === 'dead');
    const causes: unknown[] = [];
    for (const node of [viewer, plain]) {
      const own = clientOf(cluster, { node }).events({ after: '0', follow: false, types: ['member-failed'] });
      for await (const event of own) if (event.node_id === victim) causes.push(event.data['cause']);
    }
    // hard evidence, which one of both may hear of from the other, not three seconds of silence
    expect(causes).toContain('its host refuses connections');
    expect(causes.at(-1)).not.toBe('silent for too long');
    await client.close();
    await closeClients();
  } finally {
    await cluster.stop();
    cluster.remove();
  }
});
