/** Who may ask: roles of people and programs, and of nodes. Deny by default; the one policy table is policy.ts. */

/** Roles of people and programs, by bearer token or certificate. */
export const PERSON_ROLES = ['admin', 'operator', 'viewer', 'metrics', 'client', 'client-ro'] as const;
/** Roles of nodes, by certificate only. */
export const NODE_ROLES = ['voter', 'observer'] as const;

export type PersonRole = (typeof PERSON_ROLES)[number];
export type NodeRole = (typeof NODE_ROLES)[number];
export type Role = PersonRole | NodeRole;

/** A verified caller. `id` is the certificate's name or the token's id; it is what audit shows. */
export interface Identity {
  readonly kind: 'certificate' | 'token' | 'internal';
  readonly role: Role;
  readonly id: string;
  /** Serial number of the certificate, hex; null for tokens. */
  readonly serial: string | null;
}

/** What a route needs; the policy table says which roles have it. `public` needs nobody, `join` is guarded by the join token itself. */
export type Scope =
  | 'public'
  | 'join'
  | 'read-cluster'
  | 'read-metrics'
  | 'read-data'
  | 'write-data'
  | 'operate'
  | 'administer'
  | 'peer';
