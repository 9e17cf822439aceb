/**
 * Who is asking: a certificate of this cluster's CA, or a bearer token whose hash
 * stands in the replicated record. Nothing else gets in; removed nodes, disks whose name
 * a new one has, and revoked or expired tokens are refused by the record of this moment.
 */
import type { X509Certificate } from 'node:crypto';
import {
  type Identity,
  isNodeRole,
  isPersonRole,
  nodeRefusal,
  type PersonRole,
  parseToken,
} from '../src/auth/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ClusterState, UserRecord } from '../src/cluster/index.ts';
import { equalHash, hashSecret, identityOf, issuedAt, issuerIn, spkiFingerprint } from '../src/pki/index.ts';

const GONE_CA_HINT = 'ask for another one, or make it on a voter: "sqlcc cert issue"';
const BAD_TOKEN = 'the bearer token is not valid here';
const TOKEN_HINT = 'tokens expire and can be revoked: make a new one with "sqlcc token create"';

export interface Authenticator {
  /**
   * The caller's identity; null when nothing was presented. Throws unauthenticated for anything presented
   * that is not good.
   */
  authenticate(certificate: X509Certificate | null, bearer: string | null): Identity | null;
}

/** `cluster` answers the newest replicated record, null before there is one. */
export function createAuthenticator(clusterId: string, cluster: () => ClusterState | null): Authenticator {
  return {
    authenticate(certificate, bearer) {
      if (certificate !== null) return byCertificate(certificate, clusterId, cluster());
      if (bearer !== null) return byToken(bearer, cluster());
      return null;
    },
  };
}

/** Of certificates that this cluster signed, and tokens whose secret is right. */
interface Shown {
  readonly role: string;
  readonly id: string;
}

/** Who it is was proved, and is let in no more: the audit of refusals has the name. */
function noLonger({ role, id }: Shown, reason: string, hint?: string): SqlccError {
  const details = { identity: `${role} ${id}` };
  return new SqlccError('unauthenticated', reason, { details, ...(hint !== undefined && { hint }) });
}

function byCertificate(
  certificate: X509Certificate,
  clusterId: string,
  cluster: ClusterState | null,
): Identity {
  const identity = identityOf(certificate, clusterId);
  if ('refused' in identity)
    throw new SqlccError('unauthenticated', `certificate refused: ${identity.refused}`);
  const { id, role, serial } = identity;
  if (!isNodeRole(role)) return asPerson(identity, certificate, cluster);
  const claim = { nodeId: id, role, keySha256: spkiFingerprint(certificate) };
  const reason = nodeRefusal(cluster, serial === null ? claim : { ...claim, serial });
  if (reason !== null) throw noLonger(identity, reason);
  return identity;
}

/** A connection may be older than the end of the CA that it was verified with. */
function isOfGoneCa(certificate: X509Certificate, { authorities }: ClusterState): boolean {
  if (authorities === undefined) return false;
  const { signing, beside } = authorities;
  return issuerIn(certificate, `${signing.certPem}${beside?.certPem ?? ''}`) === null;
}

/** The role of the record where there is one for that name; without one the certificate's own. */
function asPerson(identity: Identity, certificate: X509Certificate, cluster: ClusterState | null): Identity {
  if (cluster === null) return identity;
  const { id, serial } = identity;
  const issued = issuedAt(certificate);
  if (isOfGoneCa(certificate, cluster))
    throw noLonger(identity, `the certificate of ${id} is of a CA that was replaced`, GONE_CA_HINT);
  const isRevoked = cluster.revoked.some(
    // certificates count in whole seconds: one of the same second is refused, never let in
    (r) => (r.serial !== null && r.serial === serial) || (r.name === id && issued <= r.at),
  );
  if (isRevoked) throw noLonger(identity, `a certificate of ${id} that was revoked`);
  const user = Object.hasOwn(cluster.users, id) ? cluster.users[id] : undefined;
  if (user === undefined) return identity;
  return { ...identity, role: roleOf(user, identity) };
}

function roleOf({ name, role, isActive }: UserRecord, shown: Shown): PersonRole {
  if (!isActive || !isPersonRole(role)) throw noLonger(shown, `user ${name} was revoked`);
  return role;
}

function byToken(text: string, cluster: ClusterState | null): Identity {
  const parsed = parseToken(text);
  const refuse = (): never => {
    throw new SqlccError('unauthenticated', BAD_TOKEN, { hint: TOKEN_HINT });
  };
  if (!parsed.ok || parsed.token.kind !== 'access' || cluster === null) return refuse();
  const record = cluster.tokens[parsed.token.id];
  // the hash is computed in any case, so that a guess of ids costs the same as a guess of secrets
  const hash = hashSecret(parsed.token.secret);
  if (record === undefined || record.kind !== 'access') return refuse();
  if (!equalHash(hash, record.hash)) return refuse();
  const shown = { role: record.role, id: `token:${record.id}` };
  if (record.expires <= Date.now()) throw noLonger(shown, BAD_TOKEN, TOKEN_HINT);
  const of = record.user ?? null;
  const user = of === null || !Object.hasOwn(cluster.users, of) ? undefined : cluster.users[of];
  if (of !== null && user === undefined) return refuse();
  const role = user === undefined ? record.role : roleOf(user, shown);
  if (!isPersonRole(role)) return refuse();
  return { kind: 'token', role, id: shown.id, serial: null };
}
