/**
 * A person or program renews the certificate that it calls with. It sends a request for a key that it made
 * itself; name and role come from the identity that was proved, and the length from the certificate that is
 * replaced, so that nobody gains anything but time.
 */
import { X509Certificate } from 'node:crypto';
import type { OwnCertificateRequest } from '../../src/api/index.ts';
import { isPersonRole } from '../../src/auth/index.ts';
import { SqlccError } from '../../src/base/index.ts';
import { certifyPerson, VALIDITY_MS } from '../../src/pki/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { tellAudit } from '../audit-notes.ts';
import { readPki, signerOf } from '../data-files.ts';
import { knownOf, tellCertificate } from '../known-certificates.ts';
import type { NodeContext } from '../node-context.ts';
import { isoTime } from '../node-view.ts';

/** As long as the one that it replaces, a year at most. */
function lengthOf(context: NodeContext, serial: string | null): number {
  const shown = context.seen.list().find((seen) => seen.identity.serial === serial)?.certificate;
  if (shown === undefined) return VALIDITY_MS.person;
  const lifeMs = Date.parse(shown.validTo) - Date.parse(shown.validFrom);
  return Math.min(lifeMs, VALIDITY_MS.firstAdmin);
}

/** Once all nodes show certificates of the new CA, nobody needs the old one: it may be in wrong hands. */
function trustedNow({ state }: NodeContext, bundle: string): string {
  const authorities = state.cluster?.authorities;
  return authorities?.stage === 'changed' ? authorities.signing.certPem : bundle;
}

export async function renewOwnCertificate(context: NodeContext, call: Call): Promise<Answer> {
  const { kind, role, id: name, serial } = call.identity;
  if (kind !== 'certificate' || !isPersonRole(role))
    throw new SqlccError('failed_precondition', 'only who calls with a certificate of a person renews it', {
      hint: 'sqlcc cert issue makes one on a voter',
    });
  const pki = readPki(context.facts.dataDir);
  const authority = signerOf(pki);
  if (authority === null) {
    const hint = 'ask a voter: --endpoint names it';
    throw new SqlccError('failed_precondition', 'this node holds no CA key', { hint });
  }
  const { clusterId } = context.facts;
  const { csr: csrPem } = call.body as OwnCertificateRequest;
  const grant = { authority, clusterId, name, role, csrPem, now: Date.now() };
  const certificate = await certifyPerson({ ...grant, validForMs: lengthOf(context, serial) });
  const fresh = new X509Certificate(certificate);
  const after = `serial ${fresh.serialNumber.toLowerCase()} until ${isoTime(Date.parse(fresh.validTo))}`;
  const note = { action: 'certificate-renew', target: `person ${name}`, reason: `serial ${serial}`, after };
  void tellAudit(context, call, note);
  // not shown yet, perhaps never to a node that lives on: told at once, and if that fails when it is shown
  const known = knownOf(fresh, { name, role });
  tellCertificate(context, known, context.facts.nodeId).catch(() => {});
  return {
    body: {
      ...{ name, role, certificate, ca_certificate: trustedNow(context, pki.caCert) },
      ...{ serial: fresh.serialNumber.toLowerCase(), not_after: isoTime(Date.parse(fresh.validTo)) },
    },
  };
}
