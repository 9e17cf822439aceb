/**
 * What a certificate says about its owner: exactly one URI
 * `sqlcc://<cluster id>/<role>/<id>`, written by our own signer from the grant. The
 * subject is for people and never read.
 */
import type { X509Certificate } from 'node:crypto';
import type { Identity, Role } from '../auth/index.ts';
import { isNodeRole, isPersonRole } from '../auth/index.ts';
import type { ClusterId, Timestamp } from '../base/index.ts';

const CLUSTER_ID = /^[A-Za-z0-9-]{1,64}$/;
const OWNER_ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;

export interface CertificateName {
  readonly clusterId: ClusterId;
  readonly role: Role;
  readonly id: string;
}

export interface Refusal {
  readonly refused: string;
}

/** True for ids that may stand in a certificate's URI without quoting. */
export function isOwnerId(text: string): boolean {
  return OWNER_ID.test(text);
}

export function isClusterIdText(text: string): boolean {
  return CLUSTER_ID.test(text);
}

export function nameToUri(name: CertificateName): string {
  return `sqlcc://${name.clusterId}/${name.role}/${name.id}`;
}

function uriToName(uri: string): CertificateName | null {
  const match = /^sqlcc:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(uri);
  if (match === null) return null;
  const [, clusterId, role, id] = match as unknown as [string, string, string, string];
  if (!CLUSTER_ID.test(clusterId) || !OWNER_ID.test(id)) return null;
  if (!isNodeRole(role) && !isPersonRole(role)) return null;
  return { clusterId, role, id };
}

/** The entries of `subjectAltName`; node quotes an entry that contains a comma as a JSON string. */
function alternativeNames(text: string): { kind: string; value: string }[] {
  const names: { kind: string; value: string }[] = [];
  const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  for (let match = entry.exec(text); match !== null; match = entry.exec(text)) {
    names.push({ kind: match[1] as string, value: match[2] as string });
    if (entry.lastIndex === text.length) return names;
  }
  return [];
}

/**
 * Who a certificate belongs to. The chain was verified by TLS; this checks what TLS
 * does not: our URI, this cluster, no CA. One such URI, never two.
 */
export function identityOf(certificate: X509Certificate, clusterId: ClusterId): Identity | Refusal {
  if (certificate.ca) return { refused: 'a CA certificate is nobody' };
  const uris = alternativeNames(certificate.subjectAltName ?? '').filter((name) => name.kind === 'URI');
  const names = uris.map((uri) => uriToName(uri.value));
  const [name] = names;
  if (name === undefined) return { refused: 'the certificate names no sqlcc identity' };
  if (names.length > 1 || name === null)
    return { refused: 'the certificate must hold exactly one sqlcc URI' };
  if (name.clusterId !== clusterId)
    return { refused: `the certificate belongs to cluster ${name.clusterId}` };
  return {
    kind: 'certificate',
    role: name.role,
    id: name.id,
    serial: certificate.serialNumber.toLowerCase(),
  };
}

/** Whether the certificate is valid at `now`; a resumed TLS session does not ask again, so callers do. */
export function checkValidity(certificate: X509Certificate, now: Timestamp): { ok: true } | Refusal {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  if (!(now >= from))
    return { refused: `the certificate is not valid before ${new Date(from).toISOString()}` };
  if (!(now <= to)) return { refused: `the certificate expired at ${new Date(to).toISOString()}` };
  return { ok: true };
}
