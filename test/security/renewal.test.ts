/** Certificates that end: a voter renews its own while it runs, shows it on every port, and outlives the old one. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it } from 'vitest';
import { issueNode } from '../../src/pki/index.ts';
import { leaderOf, startCluster, until, untilEqual } from '../cluster/harness.ts';
import { adminFile } from '../cluster/http-caller.ts';
import { Signer } from './credentials.ts';

/** What certificates are dated back by: taken off here, so that a life can be short. */
const BACKDATE_MS = 300_000;
const LIFE_MS = 15_000;

function publicKeyOf(certPem: string): string {
  return new X509Certificate(certPem).publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** The serial number that a port shows to whoever dials it. */
function shown(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'] }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? 'none');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

it('a voter renews its certificate at two thirds of its life, without a restart and without a gap', async () => {
  const cluster = await startCluster(3);
  const { authority, clusterId } = Signer.of(cluster);
  const leader = await leaderOf(cluster);
  const node = cluster.nodes.find((n) => n.nodeId !== leader);
  if (node === undefined) throw new RangeError('no follower');
  const { nodeId, port, clientPort, peerPort, dataDir } = node;
  await cluster.killNode(nodeId, 'SIGTERM');
  const file = join(dataDir, 'pki', 'node.crt');
  // the cluster knows each disk by its key: only the certificate is another
  const publicKeyPem = publicKeyOf(readFileSync(file, 'utf8'));
  const now = Date.now() + BACKDATE_MS;
  const life = { now, validForMs: LIFE_MS - BACKDATE_MS };
  const nodeCert = await issueNode({
    ...{ authority, clusterId, nodeId, role: 'voter', hosts: ['127.0.0.1'], publicKeyPem },
    ...life,
  });
  writeFileSync(file, nodeCert);
  const old = new X509Certificate(nodeCert);
  await cluster.startNode(nodeId);
  const pid = node.child?.pid;

  const ca = adminFile(cluster, 'ca.crt');
  const ports = [port, clientPort, peerPort];
  const serials = () => Promise.all(ports.map((p) => shown(p, ca)));
  expect(await serials()).toEqual(ports.map(() => old.serialNumber));
  await until('its renewal', async () => readFileSync(file, 'utf8') !== nodeCert);
  expect(Date.now()).toBeLessThan(Date.parse(old.validTo));
  const fresh = new X509Certificate(readFileSync(file));
  await until('it is shown', async () => (await serials()).every((s) => s === fresh.serialNumber), 3000);

  const end = Date.parse(old.validTo) + 2000;
  await until('the end of the old one', async () => Date.now() > end, LIFE_MS + 5000);
  expect(await serials()).toEqual(ports.map(() => fresh.serialNumber));
  // what it dials now it dials with the new one: another node comes back and must hear it, as its leader too
  await cluster.killNode(leader, 'SIGTERM');
  await cluster.startNode(leader);
  await cluster.untilHealthy();
  const client = cluster.client();
  if ((await client.leader()).leader_id !== nodeId) {
    const moved = await client.runOperation({ kind: 'failover', to: nodeId });
    expect((await client.waitOperation(moved.id)).state).toBe('done');
  }
  await client.kv.put('after', 'the renewal');
  await untilEqual(cluster);
  expect(node.child?.pid).toBe(pid);
});
