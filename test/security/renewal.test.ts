/** Certificates that end: a voter renews its own while it runs, shows it on every port, and outlives the old one. */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import type { NodeRole } from '../../src/auth/index.ts';
import { must } from '../../src/base/index.ts';
import { issueNode } from '../../src/pki/index.ts';
import { leaderOf, MAIN, sqlcc, startCluster, until, untilEqual } from '../cluster/harness.ts';
import { adminFile, HttpCaller } from '../cluster/http-caller.ts';
import { Signer } from './credentials.ts';

/** What certificates are dated back by: taken off here, so that a life can be short. */
const BACKDATE_MS = 300_000;
const LIFE_MS = 24_000;

/** A life in which a start and an alert come before two thirds of it are over, on a slow machine too. */
async function formed(nodes: number): Promise<{ cluster: DemoCluster; lifeMs: number }> {
  const began = performance.now();
  const cluster = await startCluster(nodes);
  return { cluster, lifeMs: Math.max(LIFE_MS, Math.ceil(3 * (performance.now() - began))) };
}

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

/**
 * A certificate for the same key that lives so long: a start on a busy machine, and the alert, come before its
 * renewal. The old one's file is overwritten.
 */
async function shorten(
  cluster: DemoCluster,
  nodeId: string,
  role: NodeRole,
  lifeMs: number,
): Promise<string> {
  const dataDir = join(cluster.dir, nodeId);
  const { authority, clusterId } = Signer.of(cluster);
  const file = join(dataDir, 'pki', 'node.crt');
  // the cluster knows each disk by its key: only the certificate is another
  const publicKeyPem = publicKeyOf(readFileSync(file, 'utf8'));
  const life = { now: Date.now() + BACKDATE_MS, validForMs: lifeMs - BACKDATE_MS };
  const grant = { authority, clusterId, nodeId, role, hosts: ['127.0.0.1'], publicKeyPem };
  const nodeCert = await issueNode({ ...grant, ...life });
  writeFileSync(file, nodeCert);
  return nodeCert;
}

it('a voter renews its certificate at two thirds of its life, without a restart and without a gap', async () => {
  const { cluster, lifeMs } = await formed(3);
  const leader = await leaderOf(cluster);
  const node = must(
    cluster.nodes.find((n) => n.nodeId !== leader),
    'a follower',
  );
  const { nodeId, port, clientPort, peerPort, dataDir } = node;
  const file = join(dataDir, 'pki', 'node.crt');
  await cluster.killNode(nodeId, 'SIGTERM');
  const nodeCert = await shorten(cluster, nodeId, 'voter', lifeMs);
  const old = new X509Certificate(nodeCert);
  await cluster.startNode(nodeId);
  const pid = node.child?.pid;

  const ca = adminFile(cluster, 'ca.crt');
  const ports = [port, clientPort, peerPort];
  const serials = () => Promise.all(ports.map((p) => shown(p, ca)));
  expect(await serials()).toEqual(ports.map(() => old.serialNumber));
  // the shipped rule, and the reading that it looks at: of this node alone
  const expiry = async (state: string) =>
    (await cluster.client().alerts()).alerts.filter((a) => a.rule === 'CertExpiry' && a.state === state);
  const fired = await until('CertExpiry', async () =>
    (await expiry('firing')).length > 0 ? expiry('firing') : null,
  );
  expect(fired).toMatchObject([{ id: `CertExpiry:${nodeId}`, condition: 'certificate_expires_in < 7d' }]);
  await until('its renewal', async () => readFileSync(file, 'utf8') !== nodeCert, lifeMs);
  expect(Date.now()).toBeLessThan(Date.parse(old.validTo));
  const fresh = new X509Certificate(readFileSync(file));
  await until('the alert is over', async () => (await expiry('resolved')).length === 1);
  await until('it is shown', async () => (await serials()).every((s) => s === fresh.serialNumber));

  const end = Date.parse(old.validTo) + 2000;
  await until('the end of the old one', async () => Date.now() > end, lifeMs + 5000);
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
}, 480_000);

it('an observer has a voter sign, gets its own name and key only, and goes on', async () => {
  const { cluster, lifeMs } = await formed(1);
  const client = cluster.client();
  const { token } = await client.createToken({ kind: 'join', role: 'observer', nodeId: 'n5' });
  const [port, dataDir, config] = [
    cluster.node('n1').port + 20,
    `${cluster.dir}/n5`,
    `${cluster.dir}/n5.yaml`,
  ];
  const joined = await sqlcc([
    ...['node', 'join', '--seed-node', `127.0.0.1:${cluster.node('n1').port}`, '--node-id', 'n5'],
    ...[
      '--host',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--client-port',
      `${port + 1}`,
      '--metrics-port',
      `${port + 3}`,
    ],
    ...['--data-dir', dataDir, '--config', config, '--token', token, '--no-start'],
  ]);
  expect(joined.stderr).toBe('');
  const nodeCert = await shorten(cluster, 'n5', 'observer', lifeMs);
  const child = spawn(process.execPath, [MAIN, 'node', 'start', '--config', config, '--data-dir', dataDir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });

  // with its certificate it may have its own key signed, and nothing else
  const key = readFileSync(join(dataDir, 'pki', 'node.key'), 'utf8');
  const observer = new HttpCaller(cluster, { cert: nodeCert, key });
  const ask = async (caller: HttpCaller, id: string, public_key: string): Promise<number> =>
    (await caller.ask('n1', 'POST', `/v1/nodes/${id}/certificate`, { body: { public_key } })).status;
  const own = publicKeyOf(nodeCert);
  const other = publicKeyOf((await Signer.of(cluster).issue({ role: 'observer', id: 'n5' })).cert);
  expect(await ask(observer, 'n5', own)).toBe(200);
  for (const [id, publicKey] of [
    ['n5', other],
    ['n5', 'nonsense'],
    ['n1', own],
    ['n1', publicKeyOf(readFileSync(join(cluster.node('n1').dataDir, 'pki', 'node.crt'), 'utf8'))],
    ['n9', own],
  ] as const)
    expect.soft(await ask(observer, id, publicKey), `${id}`).toBe(403);
  await observer.close();
  const admin = new HttpCaller(cluster);
  expect(await ask(admin, 'n5', own)).toBe(403);
  await admin.close();

  await until('its renewal', async () => log.includes('"certificate-renewed"'), lifeMs);
  const end = Date.now() + lifeMs;
  await until('the end of the old one', async () => Date.now() > end, lifeMs + 5000);
  const fresh = new X509Certificate(readFileSync(join(dataDir, 'pki', 'node.crt')));
  expect(fresh.subjectAltName).toContain('/observer/n5');
  expect(await shown(port, adminFile(cluster, 'ca.crt'))).toBe(fresh.serialNumber);
  // a voter that comes back is dialled anew by both sides
  await cluster.killNode('n1', 'SIGTERM');
  await cluster.startNode('n1');
  await client.kv.put('after', 'the renewal');
  const caughtUp = async () => {
    const { nodes } = await client.nodes();
    return nodes.some((n) => n.node_id === 'n5' && n.liveness === 'alive' && n.lag_entries === 0);
  };
  await until('the observer follows', caughtUp);
}, 480_000);
