/**
 * Who is asking: a certificate of this cluster's CA, or a bearer token whose hash
 * stands in the replicated record. Nothing else gets in; removed nodes, disks whose name
 * a new one has, and revoked or expired tokens are refused by the record of this moment.
 */
import type { X509Certificate } from 'node:crypto';
import {
  type Identity,
  isNodeRole,
  nodeRefusal,
  PERSON_ROLES,
  type PersonRole,
  parseToken,
} from '../src/auth/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import { equalHash, hashSecret, identityOf, spkiFingerprint } from '../src/pki/index.ts';

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

function byCertificate(
  certificate: X509Certificate,
  clusterId: string,
  cluster: ClusterState | null,
): Identity {
  const identity = identityOf(certificate, clusterId);
  if ('refused' in identity)
    throw new SqlccError('unauthenticated', `certificate refused: ${identity.refused}`);
  const { id, role } = identity;
  if (!isNodeRole(role)) return identity;
  const reason = nodeRefusal(cluster, { nodeId: id, role, keySha256: spkiFingerprint(certificate) });
  if (reason !== null) throw new SqlccError('unauthenticated', reason);
  return identity;
}

function byToken(text: string, cluster: ClusterState | null): Identity {
  const parsed = parseToken(text);
  const refuse = (): never => {
    throw new SqlccError('unauthenticated', 'the bearer token is not valid here', {
      hint: 'tokens expire and can be revoked: make a new one with "sqlcc token create"',
    });
  };
  if (!parsed.ok || parsed.token.kind !== 'access' || cluster === null) return refuse();
  const record = cluster.tokens[parsed.token.id];
  // the hash is computed in any case, so that a guess of ids costs the same as a guess of secrets
  const hash = hashSecret(parsed.token.secret);
  if (record === undefined || record.kind !== 'access') return refuse();
  if (!equalHash(hash, record.hash) || record.expires <= Date.now()) return refuse();
  if (!PERSON_ROLES.includes(record.role as PersonRole)) return refuse();
  return { kind: 'token', role: record.role as PersonRole, id: `token:${record.id}`, serial: null };
}
