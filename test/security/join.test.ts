/** The door for new nodes: what a token grants is all that anybody gets, and guessing is slow. */
import { X509Certificate } from 'node:crypto';
import { createServer, type TLSSocket } from 'node:tls';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { formatToken } from '../../src/auth/index.ts';
import { LIMITS } from '../../src/base/index.ts';
import { createCsr, newSecret, spkiFingerprint } from '../../src/pki/index.ts';
import { sharedCluster, sqlcc } from '../cluster/harness.ts';
import { adminFile, HttpCaller } from '../cluster/http-caller.ts';
import { Signer } from './credentials.ts';

const shared = sharedCluster(1);

function request(token: string, nodeId: string, csr: string) {
  return {
    ...{ token, node_id: nodeId, instance_id: `disk-of-${nodeId}`, csr, host: '127.0.0.1', version: '0' },
    ...{ port: 1, client_port: 2, peer_port: 3, metrics_port: 4 },
  };
}

/** A request that wishes for everything that it must not get. */
async function hostileCsr(clusterId: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=admin, OU=admin, O=sqlcc',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 5, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: `sqlcc://${clusterId}/admin/root` },
        { type: 'url', value: `sqlcc://${clusterId}/voter/n1` },
        { type: 'dns', value: '*.example.org' },
        { type: 'ip', value: '10.9.8.7' },
      ]),
    ],
  });
  return csr.toString('pem');
}

describe('POST /v1/join', () => {
  it('signs what the token grants and nothing that the request wishes for', async () => {
    const cluster = shared();
    const { clusterId } = Signer.of(cluster);
    const { token } = await cluster.client().createToken({ kind: 'join', role: 'observer', nodeId: 'n5' });
    const caller = new HttpCaller(cluster, {});
    const csr = await hostileCsr(clusterId);
    const wrongNode = await caller.ask('n1', 'POST', '/v1/join', { body: request(token, 'n6', csr) });
    expect(wrongNode.status).toBe(401);
    const answer = await caller.ask('n1', 'POST', '/v1/join', { body: request(token, 'n5', csr) });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ suffrage: 'observer', ca_key: null });
    const certificate = new X509Certificate(answer.body['certificate'] as string);
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).toContain('CN=n5');
    expect(certificate.subject).not.toContain('admin');
    const names = certificate.subjectAltName?.split(', ') ?? [];
    expect(names.filter((name) => name.startsWith('URI:'))).toEqual([`URI:sqlcc://${clusterId}/observer/n5`]);
    expect(certificate.subjectAltName).not.toMatch(/example\.org|10\.9\.8\.7/);
    expect(Date.parse(certificate.validTo) - Date.now()).toBeLessThan(91 * 86_400_000);
    // the answer may have been lost: the same disk may ask again, nobody else, also under its name
    const again = await caller.ask('n1', 'POST', '/v1/join', { body: request(token, 'n5', csr) });
    expect([again.status, again.body['suffrage']]).toEqual([200, 'observer']);
    const { csrPem } = await createCsr('n5');
    const thief = await caller.ask('n1', 'POST', '/v1/join', { body: request(token, 'n5', csrPem) });
    expect(thief.status).toBe(409);
    const other = { ...request(token, 'n5', csr), instance_id: 'another' };
    expect((await caller.ask('n1', 'POST', '/v1/join', { body: other })).status).toBe(401);
    await caller.close();
    const { records } = await cluster.client().audit();
    const admitted = records.find((r) => r.action === 'node-admit' && r.target.includes('n5'));
    expect(admitted?.actor).toBe(`join:${token.split('.')[1]}`);
  });

  it('refuses a request that does not prove its key, and keeps the token', async () => {
    const cluster = shared();
    const { token } = await cluster.client().createToken({ kind: 'join', role: 'observer' });
    const caller = new HttpCaller(cluster, {});
    const { csrPem } = await createCsr('n6');
    const der = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    der[der.length - 3] = (der[der.length - 3] as number) ^ 1;
    const broken = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    for (const csr of [broken, 'nonsense', '', csrPem.slice(0, 100)]) {
      const answer = await caller.ask('n1', 'POST', '/v1/join', { body: request(token, 'n6', csr) });
      expect.soft(answer.status).toBe(400);
      expect.soft(answer.text).not.toContain(token.split('.')[2]);
    }
    const { nodes } = await cluster.client().nodes();
    expect(nodes.map((n) => n.node_id)).not.toContain('n6');
    await caller.close();
  });

  it('stops guesses, also many at once, after a few a minute', async () => {
    const cluster = shared();
    const { csrPem } = await createCsr('n7');
    const caller = new HttpCaller(cluster, {});
    const caFingerprint = spkiFingerprint(adminFile(cluster, 'ca.crt'));
    const guess = () => {
      const token = formatToken({ kind: 'join', id: 'guess0', secret: newSecret(), caFingerprint });
      return caller.ask('n1', 'POST', '/v1/join', { body: request(token, 'n7', csrPem) });
    };
    const answers = await Promise.all(Array.from({ length: 20 }, guess));
    const refused = answers.filter((a) => a.status === 401).length;
    expect(refused).toBeLessThanOrEqual(LIMITS.maxJoinAttemptsPerAddressPerMinute);
    expect(answers.filter((a) => a.status === 429).length).toBe(20 - refused);
    await caller.close();
  });
});

describe('node join', () => {
  it('says nothing to a node whose CA is not the one in the token', async () => {
    const cluster = shared();
    const { token } = await cluster.client().createToken({ kind: 'join', role: 'voter' });
    const stranger = await Signer.stranger('another');
    const shown = await stranger.issue({ role: 'voter', id: 'n1' });
    const chain = `${shown.cert}${stranger.authority.certPem}`;
    const heard: Buffer[] = [];
    let connections = 0;
    const options = { cert: chain, key: shown.key, ALPNProtocols: ['h2'] };
    const server = createServer(options, (socket: TLSSocket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => heard.push(bytes));
    });
    server.on('connection', () => connections++);
    server.on('tlsClientError', () => {}); // it hangs up as soon as it has seen the CA
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const ran = await sqlcc([
      ...['node', 'join', '--seed-node', `127.0.0.1:${port}`, '--node-id', 'n9', '--host', '127.0.0.1'],
      ...['--data-dir', `${cluster.dir}/n9`, '--config', `${cluster.dir}/n9.yaml`, '--token', token],
    ]);
    server.close();
    expect(ran.code).toBe(8);
    expect(ran.stderr).toMatch(/the token was not sent/);
    expect(ran.stderr).not.toContain(token.split('.')[2]);
    expect(connections).toBeGreaterThan(0);
    expect(Buffer.concat(heard).length).toBe(0);
  });
});
