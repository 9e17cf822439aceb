/** Users and certificates: who is let in, and until when. */
import * as z from 'zod';
import { nodeId, readInfo, schemaVersion, time } from './common.ts';

const reason = z.string().max(500).optional();
const role = z.enum(['admin', 'operator', 'viewer', 'metrics', 'client', 'client-ro']);

const userRow = z.object({
  name: z.string(),
  /** Empty: revoked before it was ever added. */
  role: z.string(),
  state: z.enum(['active', 'revoked']),
  created: time,
  created_by: z.string(),
  changed: time,
  changed_by: z.string(),
  /** Ids of its access tokens. */
  tokens: z.array(z.string()),
  /** The last one issued to it that nodes have heard of; null = none. */
  certificate: z.object({ serial: z.string(), not_after: time, ends_soon: z.boolean() }).nullable(),
});
export const usersResponse = z.object({ schemaVersion, users: z.array(userRow), read: readInfo });

/** `mode` grant: only somebody who is on record. */
export const userRequest = z.object({ role, mode: z.enum(['add', 'grant']), reason });
export const userResponse = z.object({ user: userRow });
export type UserRequest = z.infer<typeof userRequest>;
export type UserRow = z.infer<typeof userRow>;

const certificateRow = z.object({
  serial: z.string(),
  /** Name of the node, person or program; of the CA the cluster's. */
  name: z.string(),
  role: z.string(),
  kind: z.enum(['ca', 'node', 'person']),
  not_before: time,
  not_after: time,
  days_left: z.number(),
  /** First 16 digits of the SHA-256 of the key of the CA that signed it; of a CA its own. */
  signed_by: z.string().nullable(),
  /** Of a CA: whether this node signs with it, or trusts it beside that one. */
  is_signing: z.boolean().nullable(),
  state: z.enum(['valid', 'expired', 'revoked']),
  /** What it is shown on, was shown to, or is known from: `own`, `ca`, `port`, `client_port`, `record`. */
  where: z.array(z.string()),
  /** When a caller showed it last; null for the node's own. */
  last_seen: time.nullable(),
});
const revocationRow = z.object({
  serial: z.string().nullable(),
  name: z.string().nullable(),
  at: time,
  by: z.string(),
  reason: z.string(),
  expires: time,
});
export const certificatesResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  certificates: z.array(certificateRow),
  revoked: z.array(revocationRow),
});
/** One of both. */
export const certificateRevokeRequest = z.object({
  serial: z.string().max(64).optional(),
  name: z.string().max(63).optional(),
  reason,
});
export const certificateRenewResponse = z.object({ node_id: nodeId, serial: z.string(), not_after: time });
/** A request (PKCS #10, PEM) that proves a key; whatever else it wishes for is not looked at. */
export const ownCertificateRequest = z.object({ csr: z.string().max(16_384) });
export const ownCertificateResponse = z.object({
  name: z.string(),
  role: z.string(),
  serial: z.string(),
  not_after: time,
  certificate: z.string(),
  /** All CAs that are trusted now, PEM. */
  ca_certificate: z.string(),
});
export type OwnCertificateRequest = z.infer<typeof ownCertificateRequest>;
export const auditNoteRequest = z.object({
  action: z.string().min(1).max(64),
  target: z.string().max(200),
  reason: z.string().max(500),
  after: z.string().max(500).nullable(),
  actor: z.string().max(200),
  credential: z.string().max(200),
  from: z.string().max(100),
});
/** Moments in ms since 1970. */
export const certificateKnownRequest = z.object({
  name: z.string().max(63),
  serial: z.string().max(64),
  role,
  issued: z.number().int().min(0),
  expires: z.number().int().min(0),
});
export type CertificateKnownRequest = z.infer<typeof certificateKnownRequest>;
export type CertificateRow = z.infer<typeof certificateRow>;
export type CertificatesResponse = z.infer<typeof certificatesResponse>;
export type CertificateRevokeRequest = z.infer<typeof certificateRevokeRequest>;
export type AuditNoteRequest = z.infer<typeof auditNoteRequest>;
