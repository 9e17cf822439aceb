import { afterAll, beforeAll } from 'vitest';
import { allows } from '../../src/auth/index.ts';
import { identityOf } from '../../src/pki/index.ts';
import { H2Server, type PeerPurpose, PeerTransport, Router, readServerTls } from '../../src/rpc/index.ts';
import { CLUSTER_ID, NodeFolders } from '../unit/rpc/node-folders.ts';
import { until } from '../unit/rpc/peer-fixture.ts';
import { type TransportEnd, type TransportPair, transportContract } from './transport.ts';

let folders: NodeFolders;
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterAll(() => folders.remove());

interface StartedEnd extends TransportEnd {
  readonly transport: PeerTransport;
  readonly address: string;
  stop(): Promise<void>;
}

/** With a port of its own, as consensus has it, or behind the management API, as gossip has it. */
async function end(nodeId: string, purpose: PeerPurpose, ownPort: boolean): Promise<StartedEnd> {
  const pkiDir = await folders.node(nodeId);
  const payloads: { peer: string; bytes: Uint8Array }[] = [];
  let unreachable = 0;
  const transport = new PeerTransport({
    clusterId: CLUSTER_ID,
    nodeId,
    instanceId: `${nodeId}-1`,
    pkiDir,
    listen: ownPort ? { host: '127.0.0.1', port: 0 } : null,
    purposes: [purpose],
    listener: {
      payload: (peer, _purpose, bytes) => payloads.push({ peer, bytes: bytes.slice() }),
      unreachable: () => unreachable++,
      lost: () => {},
      dead: () => {},
      restored: () => {},
      log: () => {},
    },
  });
  await transport.start();
  const front = { nodeId, transport, payloads, unreachable: () => unreachable };
  if (ownPort) return { ...front, address: `127.0.0.1:${transport.port}`, stop: () => transport.stop() };
  const server = new H2Server({
    tls: readServerTls(pkiDir, CLUSTER_ID),
    host: '127.0.0.1',
    port: 0,
    router: new Router({ handlers: {}, authorize: (who, scope) => allows(who.role, scope) }),
    authenticate: async (certificate) => {
      const identity = certificate === null ? null : identityOf(certificate, CLUSTER_ID);
      return identity === null || 'refused' in identity ? null : identity;
    },
    onPeerStream: (claim, what, stream) => transport.accept(claim, what, stream),
  });
  await server.start();
  const stop = async (): Promise<void> => {
    await transport.stop();
    await server.stop(50);
  };
  return { ...front, address: `127.0.0.1:${server.port}`, stop };
}

async function pair(purpose: PeerPurpose, ownPort: boolean): Promise<TransportPair> {
  const [a, b] = await Promise.all([end('a', purpose, ownPort), end('b', purpose, ownPort)]);
  a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
  b.transport.setPeers([{ nodeId: 'a', address: a.address }]);
  await until('connected', () =>
    [a, b].every((one) => one.transport.links().every((link) => link.connected)),
  );
  const stop = async (): Promise<void> => void (await Promise.all([a.stop(), b.stop()]));
  return { a, b, purpose, stop };
}

transportContract('PeerTransport on its own port', () => pair('control', true));
transportContract('PeerTransport behind the management API', () => pair('gossip', false));
