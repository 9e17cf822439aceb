/**
 * The one policy table: role → scopes. Who is not in it may nothing; a new scope is
 * closed to everybody until a line here opens it. Roles are compared as whole words,
 * never by prefix (Nomad CVE-2025-4922).
 *
 * A node's certificate opens the peer streams and what nodes ask each other; it does
 * not administer: a stolen observer key must not change the cluster.
 */
import type { Role, Scope } from './roles.ts';

const EVERYBODY: readonly Scope[] = ['public', 'join'];

export const POLICY: Readonly<Record<Role, readonly Scope[]>> = {
  nobody: EVERYBODY,
  metrics: [...EVERYBODY, 'read-metrics'],
  viewer: [...EVERYBODY, 'read-cluster', 'read-metrics'],
  'client-ro': [...EVERYBODY, 'read-data'],
  client: [...EVERYBODY, 'read-data', 'write-data'],
  operator: [...EVERYBODY, 'read-cluster', 'read-metrics', 'operate'],
  admin: [...EVERYBODY, 'read-cluster', 'read-metrics', 'read-data', 'write-data', 'operate', 'administer'],
  observer: [...EVERYBODY, 'read-cluster', 'read-metrics', 'peer'],
  voter: [...EVERYBODY, 'read-cluster', 'read-metrics', 'peer'],
};

/** True when the table gives `scope` to `role`; an unknown role has nothing. */
export function allows(role: Role, scope: Scope): boolean {
  return Object.hasOwn(POLICY, role) && POLICY[role].includes(scope);
}
