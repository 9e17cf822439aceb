/**
 * Tells the leader of people's certificates that the record does not know: those that callers showed this
 * node, and those that it signed. So their end is an alert before it comes (src/cluster/certificates.ts).
 */
import type { X509Certificate } from 'node:crypto';
import type { CertificateKnownRequest } from '../src/api/index.ts';
import { isPersonRole } from '../src/auth/index.ts';
import { SqlccError } from '../src/base/index.ts';
import { type ClusterState, isCertificateNews } from '../src/cluster/index.ts';
import { issuedAt } from '../src/pki/index.ts';
import type { NodeContext } from './node-context.ts';
import { encodeCommand } from './requests.ts';
import type { SeenCertificates } from './seen-certificates.ts';
import { type TellParts, tellLeader } from './tell-leader.ts';

/** The leader has seen it and will not note it. */
const FINAL: ReadonlySet<string> = new Set(['invalid_argument', 'failed_precondition', 'permission_denied']);

export type KnownCertificate = CertificateKnownRequest;

export function knownOf(
  certificate: X509Certificate,
  { name, role }: Pick<KnownCertificate, 'name' | 'role'>,
): KnownCertificate {
  return {
    ...{ name, role, serial: certificate.serialNumber.toLowerCase() },
    ...{ issued: issuedAt(certificate), expires: Date.parse(certificate.validTo) },
  };
}

/** Tells it once; throws what stands in the way. */
export async function tellCertificate(parts: TellParts, known: KnownCertificate, by: string): Promise<void> {
  const data = encodeCommand({ kind: 'certificate-known', ...known }, by);
  await tellLeader(parts, { data, path: '/v1/certificates/known', body: known });
}

/** Shown here and not on record. */
function newlySeen(seen: SeenCertificates, cluster: ClusterState, now: number): KnownCertificate[] {
  return seen.list().flatMap(({ certificate, identity: { id, role } }) => {
    if (!isPersonRole(role)) return [];
    const known = knownOf(certificate, { name: id, role });
    return isCertificateNews(cluster, known, now) ? [known] : [];
  });
}

/** Tells of all that are news; what can't be told now is news still the next time. */
export async function tellSeen(context: NodeContext, refused: Set<string>): Promise<void> {
  const { cluster } = context.state;
  if (cluster === null) return;
  for (const known of newlySeen(context.seen, cluster, Date.now())) {
    if (refused.has(known.serial)) continue;
    try {
      await tellCertificate(context, known, context.facts.nodeId);
    } catch (error) {
      const isFinal = error instanceof SqlccError && FINAL.has(error.code);
      if (isFinal) refused.add(known.serial);
      const fields = { name: known.name, serial: known.serial, error: (error as Error).message };
      context.logger.log(isFinal ? 'warn' : 'debug', 'certificate-not-told', fields);
      if (!isFinal) return;
    }
  }
}
