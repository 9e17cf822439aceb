/**
 * The cluster's own CA and what it signs. Every content of a certificate comes from
 * the grant handed in here: role, id and hosts, never from the requester. Terms: CA
 * 10 years, nodes 90 days, people 30 days, the administrator of `cluster init` a year.
 */
import { randomBytes, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { NodeRole, PersonRole, Role } from '../auth/index.ts';
import { assert, type ClusterId, parseNodeId, SqlccError, type Timestamp } from '../base/index.ts';
import { readCsr } from './csr.ts';
import { importPrivateKey, importPublicKey, type Key, newKeyPair, pemBytes, privateKeyPem } from './keys.ts';
import { isClusterIdText, isOwnerId, nameToUri } from './names.ts';
import { SIGNING_ALGORITHM, x509Library } from './x509-library.ts';

const DAY_MS = 86_400_000;
/** Clocks of a cluster differ: a fresh certificate is valid a little earlier than now. */
const BACKDATE_MS = 300_000;

/** When it was signed, by the signer's clock, in whole seconds. */
export function issuedAt(certificate: X509Certificate): Timestamp {
  return Date.parse(certificate.validFrom) + BACKDATE_MS;
}

/** How long each kind of certificate is valid, in ms. */
export const VALIDITY_MS = {
  authority: 3650 * DAY_MS,
  node: 90 * DAY_MS,
  person: 30 * DAY_MS,
  firstAdmin: 365 * DAY_MS,
} as const;

/** The CA as files hold it; the key never leaves through any API but the join of a voter. */
export interface Authority {
  readonly certPem: string;
  readonly keyPem: string;
  /**
   * Its certificate signed by the CA that it replaces, PEM: nodes show it, and whoever trusts the older CA
   * alone finds the way by it. Absent where it replaces none.
   */
  readonly bridgePem?: string;
}

export interface NodeGrant {
  readonly authority: Authority;
  readonly clusterId: ClusterId;
  readonly nodeId: string;
  readonly role: NodeRole;
  /**
   * DNS names and addresses under which the node is reached; localhost and the loopback addresses are
   * added.
   */
  readonly hosts: readonly string[];
  /** One of both: a public key, or a request that proves one. */
  readonly publicKeyPem?: string;
  readonly csrPem?: string;
  readonly now: Timestamp;
  readonly validForMs?: number;
}

export interface PersonGrant {
  readonly authority: Authority;
  readonly clusterId: ClusterId;
  readonly name: string;
  readonly role: PersonRole;
  readonly now: Timestamp;
  /** Default 30 days; the context that `cluster init` writes may ask for more. */
  readonly validForMs?: number;
}

/** A new CA for a new cluster. It may sign leaves and nothing below them. */
export async function createAuthority(options: {
  readonly clusterId: ClusterId;
  readonly clusterName: string;
  readonly now: Timestamp;
}): Promise<Authority> {
  const x509 = await x509Library();
  const keys = await newKeyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [`sqlcc ${options.clusterName}`] }, { O: [options.clusterId] }],
    notBefore: new Date(options.now - BACKDATE_MS),
    notAfter: new Date(options.now + VALIDITY_MS.authority),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: await authorityExtensions(keys.publicKey),
  });
  return { certPem: `${certificate.toString('pem')}\n`, keyPem: await privateKeyPem(keys.privateKey) };
}

/**
 * The certificate of a new CA, signed by the one that it replaces ("new with old", RFC 4210 §4.4). Both have
 * the same name, so that the limit of a CA to leaves does not count it, and it ends with the older one.
 */
export async function bridgeAuthorities(old: Authority, next: Authority, now: Timestamp): Promise<string> {
  const x509 = await x509Library();
  const issuer = new x509.X509Certificate(old.certPem);
  const subject = new x509.X509Certificate(next.certPem);
  assert(issuer.subject === subject.subject, 'a CA has the name of the one that it replaces');
  const publicKey = await subject.publicKey.export();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: subject.subjectName,
    issuer: issuer.subjectName,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: issuer.notAfter,
    publicKey,
    signingKey: await importPrivateKey(old.keyPem),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      ...(await authorityExtensions(publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** Of every certificate of a CA. */
async function authorityExtensions(publicKey: Key) {
  const x509 = await x509Library();
  return [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

/**
 * A node's certificate, for servers and clients, with the bridge of its CA behind it. Throws
 * `invalid_argument` at a bad request, id or host.
 */
export async function issueNode(grant: NodeGrant): Promise<string> {
  const id = parseNodeId(grant.nodeId);
  if (!id.ok) throw new SqlccError('invalid_argument', id.reason);
  const hosts = new Set([...grant.hosts, 'localhost', '127.0.0.1', '::1']);
  for (const host of hosts) checkHost(host);
  const publicKey = await grantedKey(grant);
  const leaf = await issue(grant, {
    role: grant.role,
    id: grant.nodeId,
    publicKey,
    hosts: [...hosts],
    validForMs: grant.validForMs ?? VALIDITY_MS.node,
  });
  return `${leaf}${grant.authority.bridgePem ?? ''}`;
}

/** A person's or program's key and certificate; it identifies a client and can never serve. */
export async function issuePerson(grant: PersonGrant): Promise<{ certPem: string; keyPem: string }> {
  const keys = await newKeyPair();
  const certPem = await issueToPerson(grant, keys.publicKey);
  return { certPem, keyPem: await privateKeyPem(keys.privateKey) };
}

/** The same for a key that never comes here. Throws `invalid_argument` at a bad request. */
export async function certifyPerson(grant: PersonGrant & { readonly csrPem: string }): Promise<string> {
  return issueToPerson(grant, await requestedKey(grant.csrPem));
}

function issueToPerson(grant: PersonGrant, publicKey: Key): Promise<string> {
  if (!isOwnerId(grant.name)) {
    throw new SqlccError('invalid_argument', 'a name has 1 to 63 letters, digits, ".", "_", "@", "-"');
  }
  const validForMs = grant.validForMs ?? VALIDITY_MS.person;
  return issue(grant, { role: grant.role, id: grant.name, publicKey, hosts: [], validForMs });
}

interface Subject {
  readonly role: Role;
  readonly id: string;
  readonly publicKey: Key;
  readonly hosts: readonly string[];
  readonly validForMs: number;
}

interface Signing {
  readonly authority: Authority;
  readonly clusterId: ClusterId;
  readonly now: Timestamp;
}

async function issue(signing: Signing, subject: Subject): Promise<string> {
  if (!isClusterIdText(signing.clusterId))
    throw new SqlccError('invalid_argument', 'the cluster id is malformed');
  const x509 = await x509Library();
  const issuer = new x509.X509Certificate(signing.authority.certPem);
  const uri = nameToUri({ clusterId: signing.clusterId, role: subject.role, id: subject.id });
  const alternatives = subject.hosts.map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }));
  const usages = [x509.ExtendedKeyUsage.clientAuth];
  if (subject.hosts.length > 0) usages.push(x509.ExtendedKeyUsage.serverAuth);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [subject.id] }, { OU: [subject.role] }],
    issuer: issuer.subjectName,
    notBefore: new Date(signing.now - BACKDATE_MS),
    notAfter: new Date(signing.now + subject.validForMs),
    publicKey: subject.publicKey,
    signingKey: await importPrivateKey(signing.authority.keyPem),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages, false),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }, ...alternatives], false),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(subject.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

async function requestedKey(csrPem: string): Promise<Key> {
  const read = await readCsr(csrPem);
  if ('refused' in read) throw new SqlccError('invalid_argument', read.refused);
  return read.publicKey;
}

async function grantedKey(grant: NodeGrant): Promise<Key> {
  if (grant.csrPem !== undefined) return requestedKey(grant.csrPem);
  const der = pemBytes('PUBLIC KEY', grant.publicKeyPem ?? '');
  if (der === null) throw new SqlccError('invalid_argument', 'no public key in PEM was given');
  try {
    return await importPublicKey(der);
  } catch (cause) {
    throw new SqlccError('invalid_argument', 'the public key is not P-256', { cause });
  }
}

/** A DNS name or an address; no wildcard, nothing that could break out of its entry. */
function checkHost(host: string): void {
  const isName =
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?)*\.?$/.test(host);
  if (isIP(host) === 0 && !isName) {
    throw new SqlccError('invalid_argument', `"${host.slice(0, 80)}" is neither a DNS name nor an address`);
  }
}

/** 128 random bits, positive and never zero. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
