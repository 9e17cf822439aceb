import { createPrivateKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  checkValidity,
  createAuthority,
  createCsr,
  equalHash,
  hashSecret,
  identityOf,
  issueNode,
  issuePerson,
  newSecret,
  readCsr,
  spkiFingerprint,
  VALIDITY_MS,
} from '../../../src/pki/index.ts';

const clusterId = 'c0ffee00-0000-4000-8000-000000000001';
const now = Date.UTC(2026, 10, 25, 12);
const day = 86_400_000;
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority({ clusterId, clusterName: 'orders', now });
});

async function nodeCertificate(hosts: string[] = [], nodeId = 'n1'): Promise<X509Certificate> {
  const { csrPem } = await createCsr(nodeId);
  const text = await issueNode({ authority, clusterId, nodeId, role: 'voter', hosts, csrPem, now });
  return new X509Certificate(text);
}

describe('createAuthority', () => {
  it('makes a CA for 10 years that signs leaves only, with a P-256 key', () => {
    const ca = new X509Certificate(authority.certPem);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(Date.parse(ca.validTo) - now).toBe(3650 * day);
    expect(createPrivateKey(authority.keyPem).asymmetricKeyDetails).toMatchObject({
      namedCurve: 'prime256v1',
    });
    const constraints = new x509.X509Certificate(authority.certPem).getExtension(
      x509.BasicConstraintsExtension,
    );
    expect(constraints).toMatchObject({ ca: true, pathLength: 0, critical: true });
  });
});

describe('issueNode', () => {
  it('writes identity, hosts, 90 days, no CA, and a 128-bit serial', async () => {
    const certificate = await nodeCertificate(['db1.example', '10.0.0.7']);
    const ca = new X509Certificate(authority.certPem);
    expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe(
      `URI:sqlcc://${clusterId}/voter/n1, DNS:db1.example, IP Address:10.0.0.7, DNS:localhost, ` +
        'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(certificate.ca).toBe(false);
    expect(certificate.serialNumber).toMatch(/^[0-9A-F]{32}$/);
    expect(Date.parse(certificate.validTo) - now).toBe(VALIDITY_MS.node);
    expect(VALIDITY_MS.node).toBe(90 * day);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
  });

  it('gives every certificate another serial', async () => {
    const serials = await Promise.all([1, 2, 3, 4].map(async () => (await nodeCertificate()).serialNumber));
    expect(new Set(serials).size).toBe(4);
  });

  it.each([
    ['a wildcard', ['*.example']],
    ['a URI', ['sqlcc://x/admin/root']],
    ['a comma that would be a second name', ['a,URI:sqlcc://x/admin/root']],
    ['a NUL', ['a\0b']],
    ['an empty name', ['']],
  ])('refuses %s as a host', async (_name, hosts) => {
    await expect(nodeCertificate(hosts)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('refuses a node id that could break out of the URI', async () => {
    await expect(nodeCertificate([], 'n1/../admin')).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('takes a public key instead of a request, P-256 only', async () => {
    const grant = { authority, clusterId, nodeId: 'n1', role: 'observer', hosts: [], now } as const;
    const pem = (curve: string) =>
      generateKeyPairSync('ec', { namedCurve: curve })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString();
    const certificate = new X509Certificate(await issueNode({ ...grant, publicKeyPem: pem('P-256') }));
    expect(identityOf(certificate, clusterId)).toMatchObject({ role: 'observer', id: 'n1' });
    await expect(issueNode({ ...grant, publicKeyPem: pem('P-384') })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    await expect(issueNode({ ...grant, publicKeyPem: 'rubbish' })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });
});

describe('issuePerson', () => {
  it('is valid 30 days and can never serve', async () => {
    const { certPem, keyPem } = await issuePerson({
      authority,
      clusterId,
      name: 'ann',
      role: 'operator',
      now,
    });
    const certificate = new X509Certificate(certPem);
    expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(Date.parse(certificate.validTo) - now).toBe(30 * day);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.subjectAltName).toBe(`URI:sqlcc://${clusterId}/operator/ann`);
  });

  it('refuses a name that could break out of the URI', async () => {
    for (const name of ['', 'a/b', 'a b', '..', 'a\n']) {
      const made = issuePerson({ authority, clusterId, name, role: 'viewer', now });
      await expect(made, name).rejects.toMatchObject({ code: 'invalid_argument' });
    }
  });
});

describe('readCsr', () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

  async function hostileCsr(extensions: x509.Extension[]): Promise<string> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=admin,O=system:masters',
      keys,
      signingAlgorithm: algorithm,
      extensions,
    });
    return request.toString('pem');
  }

  it('whatever a request wishes for, the certificate says what was granted', async () => {
    const csrPem = await hostileCsr([
      new x509.BasicConstraintsExtension(true, 5, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: `sqlcc://${clusterId}/admin/root` },
        { type: 'dns', value: '*' },
      ]),
    ]);
    const text = await issueNode({
      authority,
      clusterId,
      nodeId: 'n7',
      role: 'observer',
      hosts: [],
      csrPem,
      now,
    });
    const certificate = new X509Certificate(text);
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).toBe('CN=n7\nOU=observer');
    expect(certificate.subjectAltName).not.toMatch(/admin|\*/);
    expect(identityOf(certificate, clusterId)).toMatchObject({ role: 'observer', id: 'n7' });
  });

  it('refuses a request that is signed with another key than its own', async () => {
    const { csrPem } = await createCsr('n1');
    const other = await createCsr('n2');
    const bytes = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
    const forged = bytes(csrPem);
    // the signature is the last 64-odd bytes: take the one of the other request
    bytes(other.csrPem).copy(forged, forged.length - 40, bytes(other.csrPem).length - 40);
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${forged.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    expect(await readCsr(pem)).toHaveProperty('refused');
  });

  it('refuses RSA, an empty text, a certificate, and a huge text', async () => {
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
    };
    const keys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=x',
      keys,
      signingAlgorithm: rsa,
    });
    for (const text of [request.toString('pem'), '', authority.certPem, 'A'.repeat(100_000)]) {
      expect(await readCsr(text)).toHaveProperty('refused');
    }
  });

  it('is total: damaged requests are refused, never thrown', async () => {
    const { csrPem } = await createCsr('n1');
    const good = Buffer.from(csrPem.replace(/-----[^-]+-----/g, ''), 'base64');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] as number) ^ flip;
        const body = bad.toString('base64');
        const read = await readCsr(
          `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----`,
        );
        expect(Object.keys(read)).toHaveLength(1);
      }),
      { numRuns: 150 },
    );
  });
});

describe('identityOf', () => {
  it('reads role, id and serial of our own URI', async () => {
    const certificate = await nodeCertificate();
    expect(identityOf(certificate, clusterId)).toEqual({
      kind: 'certificate',
      role: 'voter',
      id: 'n1',
      serial: certificate.serialNumber.toLowerCase(),
    });
  });

  it('refuses the CA itself and certificates of other clusters', async () => {
    expect(identityOf(new X509Certificate(authority.certPem), clusterId)).toHaveProperty('refused');
    expect(identityOf(await nodeCertificate(), 'another')).toHaveProperty('refused');
  });

  it.each([
    ['no URI', []],
    ['two of ours', [`sqlcc://${clusterId}/viewer/a`, `sqlcc://${clusterId}/admin/a`]],
    ['ours and a foreign one', [`sqlcc://${clusterId}/viewer/a`, 'https://example/']],
    ['an unknown role', [`sqlcc://${clusterId}/root/a`]],
    ['an unauthenticated role', [`sqlcc://${clusterId}/nobody/a`]],
    ['a longer path', [`sqlcc://${clusterId}/admin/a/b`]],
    ['a prefix of a role', [`sqlcc://${clusterId}/adm/a`]],
    ['a query', [`sqlcc://${clusterId}/admin/a?x`]],
  ])('refuses %s', async (_name, uris) => {
    expect(
      identityOf(await signedWith(uris.map((value) => ({ type: 'url', value }))), clusterId),
    ).toHaveProperty('refused');
  });

  it('does not take a DNS name with a comma for a URI', async () => {
    const certificate = await signedWith([{ type: 'dns', value: `a, URI:sqlcc://${clusterId}/admin/root` }]);
    expect(identityOf(certificate, clusterId)).toHaveProperty('refused');
  });

  /** A leaf with these names, signed by a foreign key: identityOf does not look at the chain. */
  async function signedWith(names: x509.JsonGeneralNames): Promise<X509Certificate> {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=x',
      keys,
      signingAlgorithm: algorithm,
      extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
    });
    return new X509Certificate(made.toString('pem'));
  }
});

describe('checkValidity', () => {
  it('knows before, within and after', async () => {
    const certificate = await nodeCertificate();
    expect(checkValidity(certificate, now)).toEqual({ ok: true });
    expect(checkValidity(certificate, now - day)).toHaveProperty('refused');
    expect(checkValidity(certificate, now + 91 * day)).toHaveProperty('refused');
  });
});

describe('secrets', () => {
  it('newSecret has 256 bits and hashSecret does not show them', () => {
    const secret = newSecret();
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(newSecret()).not.toBe(secret);
    expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('equalHash compares whole texts of any length', () => {
    expect(equalHash('ab', 'ab')).toBe(true);
    for (const [a, b] of [
      ['ab', 'abc'],
      ['', 'a'],
      ['ab', 'aB'],
    ] as const)
      expect(equalHash(a, b)).toBe(false);
  });

  it('spkiFingerprint is of the key, not of the certificate', async () => {
    const { csrPem } = await createCsr('n1');
    const grant = { authority, clusterId, role: 'voter', hosts: [], csrPem, now } as const;
    const first = await issueNode({ ...grant, nodeId: 'n1' });
    const second = await issueNode({ ...grant, nodeId: 'n2' });
    expect(spkiFingerprint(first)).toBe(spkiFingerprint(second));
    expect(spkiFingerprint(first)).not.toBe(spkiFingerprint(authority.certPem));
  });
});
