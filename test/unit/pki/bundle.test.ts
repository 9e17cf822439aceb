import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  bridgeAuthorities,
  certificateOfKey,
  certificatesIn,
  certifyPerson,
  chainEnd,
  createAuthority,
  createCsr,
  identityOf,
  issueNode,
  issuePerson,
  issuerIn,
  shownChain,
  unsoundPki,
} from '../../../src/pki/index.ts';

const clusterId = 'c0ffee00-0000-4000-8000-000000000003';
const now = Date.now();
let old: Authority;
let next: Authority;
let node: { cert: string; key: string };

beforeAll(async () => {
  old = await createAuthority({ clusterId, clusterName: 'orders', now });
  next = await createAuthority({ clusterId, clusterName: 'orders', now });
  const bridgePem = await bridgeAuthorities(old, next, now);
  const { csrPem, keyPem } = await createCsr('n1');
  const grant = { clusterId, nodeId: 'n1', role: 'voter', hosts: [], csrPem, now } as const;
  node = { cert: await issueNode({ ...grant, authority: { ...next, bridgePem } }), key: keyPem };
});

interface Side {
  readonly trust: string;
  readonly cert: string;
  readonly key: string;
}

/** What the server says of its client, or the code with which the client refuses the server. */
function meet(server: Side, client: Side): Promise<string> {
  return new Promise((resolve) => {
    const asking = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' } as const;
    const chain = shownChain(server.cert, server.trust);
    const listener = createServer({ ca: server.trust, cert: chain, key: server.key, ...asking }, (socket) =>
      socket.end(socket.authorized ? 'known' : String(socket.authorizationError)),
    );
    const end = (said: string): void => {
      listener.close();
      resolve(said);
    };
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as AddressInfo;
      const { trust: ca, cert, key } = client;
      const socket = connect({ host: '127.0.0.1', port, ca, cert, key });
      socket.on('data', (said) => end(String(said)));
      socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    });
  });
}

describe('a CA that replaces another', () => {
  it('is found by who trusts the old one alone, the new one alone, or both, until the old one goes', async () => {
    const both = `${next.certPem}${old.certPem}`;
    const anna = async (authority: Authority) => {
      const { certPem, keyPem } = await issuePerson({
        authority,
        clusterId,
        name: 'anna',
        role: 'admin',
        now,
      });
      return { cert: certPem, key: keyPem };
    };
    const [before, after] = [await anna(old), await anna(next)];
    const server = { ...node, trust: both };
    expect(await meet(server, { ...before, trust: old.certPem })).toBe('known');
    expect(await meet(server, { ...after, trust: next.certPem })).toBe('known');
    expect(await meet(server, { ...before, trust: both })).toBe('known');
    const leaf = certificatesIn(node.cert)[0] ?? '';
    const settled = { cert: leaf, key: node.key, trust: next.certPem };
    expect(await meet(settled, { ...after, trust: next.certPem })).toBe('known');
    expect(await meet(settled, { ...before, trust: next.certPem })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await meet(settled, { ...before, trust: old.certPem })).not.toBe('known');
  });

  it('is told from the old one by its key, since both have one name', () => {
    const both = `${old.certPem}${next.certPem}`;
    expect(issuerIn(new X509Certificate(node.cert), both)).toBe(next.certPem);
    expect(issuerIn(new X509Certificate(node.cert), old.certPem)).toBeNull();
    expect(certificateOfKey(old.keyPem, both)).toBe(old.certPem);
    expect(certificateOfKey(next.keyPem, old.certPem)).toBeNull();
    // behind the leaf what leads to the old CA, and that one; the new one itself would lead others astray
    expect(certificatesIn(shownChain(node.cert, both))).toEqual([...certificatesIn(node.cert), old.certPem]);
  });

  it('leaves a folder sound at every step between the two', () => {
    const both = `${next.certPem}${old.certPem}`;
    const whole = { caCert: both, nodeCert: node.cert, nodeKey: node.key, caKey: next.keyPem };
    expect(unsoundPki(whole)).toBeNull();
    expect(unsoundPki({ ...whole, caKey: old.keyPem })).toBeNull();
    expect(unsoundPki({ ...whole, caCert: old.certPem })?.part).toBe('nodeCert');
    expect(unsoundPki({ ...whole, caCert: next.certPem, caKey: old.keyPem })?.part).toBe('caKey');
    const cut = `${next.certPem}${old.certPem.slice(0, 200)}`;
    expect(unsoundPki({ ...whole, caCert: cut })?.part).toBe('caCert');
  });
});

describe('certifyPerson', () => {
  it('signs a key that stays where it was made, and takes nothing else from the request', async () => {
    const { csrPem } = await createCsr('somebody-else');
    const grant = { authority: next, clusterId, name: 'anna', role: 'operator', csrPem, now } as const;
    const certificate = new X509Certificate(await certifyPerson(grant));
    expect(identityOf(certificate, clusterId)).toMatchObject({ id: 'anna', role: 'operator' });
    await expect(certifyPerson({ ...grant, csrPem: 'nonsense' })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });
});

describe('chainEnd', () => {
  it('is that of the certificate, or of the CA that signed it where that one ends first', async () => {
    const YEAR_MS = 365 * 86_400_000;
    const aged = await createAuthority({
      clusterId,
      clusterName: 'orders',
      now: now - 10 * YEAR_MS + 86_400_000,
    });
    const { csrPem } = await createCsr('n1');
    const grant = { clusterId, nodeId: 'n1', role: 'voter', hosts: [], csrPem, now } as const;
    const cert = await issueNode({ ...grant, authority: aged });
    const endOf = (pem: string) => Date.parse(new X509Certificate(pem).validTo);
    expect(endOf(aged.certPem)).toBeLessThan(endOf(cert));
    // others that are trusted beside it do not matter
    for (const bundle of [aged.certPem, `${next.certPem}${aged.certPem}`])
      expect(chainEnd(cert, bundle)).toBe(endOf(aged.certPem));
    expect(chainEnd(node.cert, `${aged.certPem}${next.certPem}`)).toBe(endOf(node.cert));
    expect(chainEnd(node.cert, '')).toBe(endOf(node.cert));
  });
});
