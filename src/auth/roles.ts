/**
 * Who may ask: roles of people and programs, and of nodes. Deny by default; the one policy table is
 * policy.ts.
 */

/** Roles of people and programs, by bearer token or certificate. */
export const PERSON_ROLES = ['admin', 'operator', 'viewer', 'metrics', 'client', 'client-ro'] as const;
/** Roles of nodes, by certificate only. */
export const NODE_ROLES = ['voter', 'observer'] as const;

export type PersonRole = (typeof PERSON_ROLES)[number];
export type NodeRole = (typeof NODE_ROLES)[number];
/** `nobody` is a caller who showed nothing: only public routes and the join are open to it. */
export type Role = PersonRole | NodeRole | 'nobody';

/** A verified caller. `id` is the certificate's name or the token's id; it is what audit shows. */
export interface Identity {
  readonly kind: 'certificate' | 'token' | 'internal' | 'anonymous';
  readonly role: Role;
  readonly id: string;
  /** Serial number of the certificate, hex; null for tokens. */
  readonly serial: string | null;
}

/** The caller who showed neither a certificate nor a token. */
export const NOBODY: Identity = { kind: 'anonymous', role: 'nobody', id: 'anonymous', serial: null };

/** What a route needs. `public` needs nobody, `join` is guarded by the join token itself. */
export const SCOPES = [
  'public',
  'join',
  'read-cluster',
  'read-metrics',
  'read-data',
  'write-data',
  'operate',
  'administer',
  /** The own certificate, by whoever calls with one. */
  'renew-own',
  'peer',
] as const;

export type Scope = (typeof SCOPES)[number];

export function isPersonRole(text: string): text is PersonRole {
  return (PERSON_ROLES as readonly string[]).includes(text);
}

export function isNodeRole(text: string): text is NodeRole {
  return (NODE_ROLES as readonly string[]).includes(text);
}
