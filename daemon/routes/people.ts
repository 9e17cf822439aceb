/** Users and certificates: who is let in, until when, and who is not any more. */
import { X509Certificate } from 'node:crypto';
import type {
  AuditNoteRequest,
  CertificateKnownRequest,
  CertificateRevokeRequest,
  CertificateRow,
  UserRequest,
  UserRow,
} from '../../src/api/index.ts';
import { isNodeRole } from '../../src/auth/index.ts';
import { SqlccError } from '../../src/base/index.ts';
import { type ClusterState, certificatesKnown, endsSoon, type UserRecord } from '../../src/cluster/index.ts';
import { certificatesIn, identityOf, issuerIn, spkiFingerprint, VALIDITY_MS } from '../../src/pki/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { tellAudit } from '../audit-notes.ts';
import { type NodePki, readPki } from '../data-files.ts';
import { type NodeContext, proposeCommand, requireCluster } from '../node-context.ts';
import { isoTime } from '../node-view.ts';

const DAY_MS = 86_400_000;

function certificateOf(cluster: ClusterState, name: string): UserRow['certificate'] {
  const now = Date.now();
  const known = certificatesKnown(cluster, now);
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found === undefined) return null;
  const { serial, expires } = found;
  return { serial, not_after: isoTime(expires), ends_soon: endsSoon(found, now) };
}

function userView(cluster: ClusterState, user: UserRecord): UserRow {
  const tokens = Object.values(cluster.tokens).filter((t) => t.user === user.name);
  return {
    ...{ name: user.name, role: user.role, state: user.isActive ? 'active' : 'revoked' },
    ...{ created: isoTime(user.created), created_by: user.createdBy },
    ...{ changed: isoTime(user.changed), changed_by: user.changedBy },
    tokens: tokens.map((t) => t.id),
    certificate: certificateOf(cluster, user.name),
  };
}

export async function users(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const cluster = requireCluster(context);
  const rows = Object.values(cluster.users).map((user) => userView(cluster, user));
  return { body: { schemaVersion: 1, users: rows, read } };
}

export async function setUser(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const { role, mode, reason = '' } = call.body as UserRequest;
  const name = call.params['id'] ?? '';
  resultOf((await proposeCommand(context, { kind: 'user-set', name, role, mode, reason }, call)).result);
  const cluster = requireCluster(context);
  return { body: { user: userView(cluster, cluster.users[name] as UserRecord) } };
}

export async function revokeUser(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const name = call.params['id'] ?? '';
  const reason = call.query['reason'] ?? '';
  resultOf((await proposeCommand(context, { kind: 'user-revoke', name, reason }, call)).result);
  return { body: {} };
}

interface Held {
  readonly cluster: ClusterState | null;
  readonly pki: NodePki;
}

/** Which CA signed it; by its key, since all have one name. */
function signedBy(certificate: X509Certificate, { caCert }: NodePki): string | null {
  const issuer = issuerIn(certificate, caCert);
  return issuer === null ? null : spkiFingerprint(issuer).slice(0, 16);
}

function rowOf(
  certificate: X509Certificate,
  more: Pick<CertificateRow, 'name' | 'role' | 'kind' | 'where' | 'last_seen'> & { is_signing?: boolean },
  { cluster, pki }: Held,
): CertificateRow {
  const serial = certificate.serialNumber.toLowerCase();
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const isRevoked = cluster?.revoked.some((r) => r.serial === serial || r.name === more.name) === true;
  const left = to - Date.now();
  return {
    ...{ serial, name: more.name, role: more.role, kind: more.kind },
    ...{ not_before: isoTime(from), not_after: isoTime(to) },
    days_left: Math.floor((left / DAY_MS) * 10) / 10,
    ...{ signed_by: signedBy(certificate, pki), is_signing: more.is_signing ?? null },
    state: isRevoked && more.kind !== 'ca' ? 'revoked' : left < 0 ? 'expired' : 'valid',
    ...{ where: more.where, last_seen: more.last_seen },
  };
}

/** On record and not shown to this node: who signed it was for another one to see. */
function recordedRows({ state, seen }: NodeContext): CertificateRow[] {
  if (state.cluster === null) return [];
  const now = Date.now();
  const shown = new Set(seen.list().map(({ identity }) => identity.serial));
  return Object.entries(certificatesKnown(state.cluster, now)).flatMap(([name, known]) => {
    const { serial, role, issued, expires } = known;
    if (shown.has(serial)) return [];
    const left = expires - now;
    return {
      ...{ serial, name, role, kind: 'person', not_before: isoTime(issued), not_after: isoTime(expires) },
      days_left: Math.floor((left / DAY_MS) * 10) / 10,
      ...{ signed_by: null, is_signing: null, state: left < 0 ? 'expired' : 'valid' },
      ...{ where: ['record'], last_seen: null },
    };
  });
}

/** What this node can know: its own, the CA, what callers showed since its start, and what is on record. */
export async function certificates(context: NodeContext): Promise<Answer> {
  const { clusterId, nodeId, dataDir } = context.facts;
  const { cluster } = context.state;
  const pki = readPki(dataDir);
  const held = { cluster, pki };
  const own = new X509Certificate(pki.nodeCert);
  const identity = identityOf(own, clusterId);
  const role = 'refused' in identity ? '' : identity.role;
  const known = cluster === null ? [] : Object.values(certificatesKnown(cluster, Date.now()));
  const recorded = new Set(known.map((k) => k.serial));
  const rows = [
    ...certificatesIn(pki.caCert).map((ca, n) =>
      rowOf(
        new X509Certificate(ca),
        {
          ...{ name: cluster?.name ?? '', role: '', kind: 'ca', where: ['ca'], last_seen: null },
          is_signing: n === 0,
        },
        held,
      ),
    ),
    rowOf(own, { name: nodeId, role, kind: 'node', where: ['own'], last_seen: null }, held),
    ...context.seen.list().map((seen) => {
      const { id: name, role } = seen.identity;
      const kind = isNodeRole(role) ? 'node' : 'person';
      const record = recorded.has(seen.certificate.serialNumber.toLowerCase()) ? ['record'] : [];
      const at = { where: [...seen.where, ...record], last_seen: isoTime(seen.lastSeen) };
      return rowOf(seen.certificate, { name, role, kind, ...at }, held);
    }),
    ...recordedRows(context),
  ];
  const revoked = (cluster?.revoked ?? []).map((r) => ({
    ...{ serial: r.serial, name: r.name, at: isoTime(r.at), by: r.by, reason: r.reason },
    expires: isoTime(r.expires),
  }));
  return { body: { schemaVersion: 1, node_id: nodeId, certificates: rows, revoked } };
}

/** Whoever calls with it would be locked out by its own word. */
function refuseOwn({ identity }: Call, { serial, name }: CertificateRevokeRequest): void {
  const isOwn = identity.kind === 'certificate' && (identity.serial === serial || identity.id === name);
  if (!isOwn) return;
  throw new SqlccError('failed_precondition', 'this is the certificate that you are calling with', {
    hint: 'call with another one of role admin: sqlcc cert issue makes it on a voter',
  });
}

export async function revokeCertificate(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const body = call.body as CertificateRevokeRequest;
  const serial = body.serial?.replaceAll(':', '').toLowerCase() ?? null;
  refuseOwn(call, serial === null ? body : { ...body, serial });
  const own = new X509Certificate(readPki(context.facts.dataDir).nodeCert).serialNumber.toLowerCase();
  if (serial === own)
    throw new SqlccError('failed_precondition', `this is the certificate that ${context.facts.nodeId} uses`, {
      hint: `renew it first: sqlcc cert renew --node ${context.facts.nodeId}`,
    });
  const command = {
    kind: 'certificate-revoke',
    ...{ serial, name: body.name ?? null, reason: body.reason ?? '' },
    // how long it is valid is not known here: no leaf outlives its CA's longest term
    expires: Date.now() + VALIDITY_MS.authority,
  } as const;
  resultOf((await proposeCommand(context, command, call)).result);
  return { body: {} };
}

/** Connections that stand go on with the certificate that they were opened with. */
export async function renewNodeCertificate(context: NodeContext, call: Call): Promise<Answer> {
  const { nodeId } = context.facts;
  const fresh = new X509Certificate((await context.renewNow()).nodeCert);
  const serial = fresh.serialNumber.toLowerCase();
  const until = isoTime(Date.parse(fresh.validTo));
  const after = `serial ${serial} until ${until}`;
  void tellAudit(context, call, { action: 'certificate-renew', target: nodeId, reason: '', after });
  return { body: { node_id: nodeId, serial, not_after: until } };
}

/** A node's word: nobody is let in by it, and what is no news changes nothing. */
export async function knowCertificate(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const command = { kind: 'certificate-known', ...(call.body as CertificateKnownRequest) } as const;
  resultOf((await proposeCommand(context, command, call)).result);
  return { body: {} };
}

/** The node that tells stands in the line: it is believed as far as nodes are. */
export async function noteAudit(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const { action, target, reason, after, actor, credential, from } = call.body as AuditNoteRequest;
  const told = { action, target, reason: `${reason}${reason === '' ? '' : ', '}told by ${call.identity.id}` };
  const command = { kind: 'audit-note', ...told, after } as const;
  const by = { actor, credential, from: `${from} via ${call.identity.id}` };
  resultOf((await proposeCommand(context, command, call, by)).result);
  return { body: {} };
}
