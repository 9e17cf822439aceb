/**
 * What an idle membership really sends, to compare with the simulation's count: drivers of
 * the daemon with real connections in one process on loopback, and the interface's own
 * counter. Run it where nothing else uses loopback, in a network namespace of its own:
 *
 *   unshare -n sh -c 'ip link set lo up; node test/detector/loopback.ts 5 h2'
 *
 * The counter has IP packets without Ethernet headers, as the simulation counts.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { GossipDriver } from '../../daemon/gossip-driver.ts';
import type { DigestFacts } from '../../daemon/node-view.ts';
import { silentLogger } from '../../src/base/index.ts';
import { PeerTransport } from '../../src/rpc/index.ts';
import { CLUSTER_ID, NodeFolders } from '../unit/rpc/node-folders.ts';
import { rowOf } from './row.ts';
import { scenariosFor } from './scenarios.ts';

const WARM_MS = 6000;
const MEASURED_MS = 20_000;

const nodes = Number(process.argv[2] ?? 5);
const lane = process.argv[3] === 'udp' ? 'udp' : 'h2';

function counter(): { readonly bytes: number; readonly packets: number } {
  // of this process's namespace; what is below /sys may be of another one
  const line = readFileSync('/proc/self/net/dev', 'utf8').match(/^ *lo:(.*)$/m)?.[1] ?? '';
  const [bytes, packets] = line.trim().split(/ +/).map(Number);
  return { bytes: bytes ?? Number.NaN, packets: packets ?? Number.NaN };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function digest(at: number): DigestFacts {
  return {
    ...{ health: 'HEALTHY', issues: [], at, role: 'follower', term: 12, leaderId: 'node1' },
    ...{
      appliedIndex: 123_456,
      lastIndex: 123_456,
      cpuUsage: 0.1234,
      memoryUsage: 0.5678,
      diskUsage: 0.0123,
    },
    ...{ diskUsedBytes: 123_456_789, capacity: 1, loadFactor: 0.1234, connections: 12, latencyP95Ms: 1.234 },
    ...{ startedAt: at, diverged: [] },
  };
}

async function main(): Promise<void> {
  const folders = await NodeFolders.create();
  const names = Array.from({ length: nodes }, (_, n) => `node${n + 1}`);
  const ports = await Promise.all(names.map(() => freePort()));
  const records = names.map((nodeId, n) => ({ nodeId, host: '127.0.0.1', port: ports[n] ?? 0 }));
  const drivers: GossipDriver[] = [];
  for (const { nodeId, host, port } of records) {
    const pkiDir = await folders.node(nodeId);
    const driver = new GossipDriver({
      ...{ clusterId: CLUSTER_ID, nodeId, instanceId: `i-${nodeId}`, bootCounter: 1, pkiDir, probes: null },
      advertise: { host, port },
      listener: { verdict: () => {}, gone: () => {} },
      logger: silentLogger,
      refusal: () => null,
      transport: (listener) =>
        new PeerTransport({
          ...{ clusterId: CLUSTER_ID, nodeId, instanceId: `i-${nodeId}`, pkiDir, listener },
          listen: { host, port },
          purposes: ['gossip'],
          pings: 'sparing',
          ...(lane === 'udp' ? { probes: { host, port } } : {}),
        }),
    });
    driver.knownNodes(records);
    await driver.start();
    drivers.push(driver);
  }
  const publish = setInterval(() => drivers.forEach((d) => void d.publishDigest(digest(Date.now()))), 1000);
  await new Promise((resolve) => setTimeout(resolve, WARM_MS));
  const before = counter();
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const after = counter();
  clearInterval(publish);
  const packets = after.packets - before.packets;
  const bytes = after.bytes - before.bytes;
  const alive = drivers.every((d) => [...d.members().values()].every((m) => m.liveness === 'alive'));
  const lanes = drivers.map((d) => d.probeLanes());
  await Promise.all(drivers.map((d) => d.stop()));
  await folders.remove();
  const idle = scenariosFor(nodes).find((s) => s.name === 'idle');
  const simulated = idle && rowOf({ nodes, scenario: idle, lane, seeds: [1], lastingMs: 0 }).bytesPerS.mean;
  const seconds = (MEASURED_MS / 1000) * nodes;
  console.log(
    JSON.stringify({
      ...{ nodes, lane, alive, lanes: lanes[0] },
      bytesPerS: Math.round(bytes / seconds),
      packetsPerS: Number((packets / seconds).toFixed(1)),
      simulatedBytesPerS: simulated,
    }),
  );
}

await main();
