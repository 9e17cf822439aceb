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
/** People and programs. */
const SOMEBODY: readonly Scope[] = [...EVERYBODY, 'renew-own'];

export const POLICY: Readonly<Record<Role, readonly Scope[]>> = {
  nobody: EVERYBODY,
  metrics: [...SOMEBODY, 'read-metrics'],
  viewer: [...SOMEBODY, 'read-cluster', 'read-metrics'],
  'client-ro': [...SOMEBODY, 'read-data'],
  client: [...SOMEBODY, 'read-data', 'write-data'],
  operator: [...SOMEBODY, 'read-cluster', 'read-metrics', 'operate'],
  admin: [...SOMEBODY, 'read-cluster', 'read-metrics', 'read-data', 'write-data', 'operate', 'administer'],
  observer: [...EVERYBODY, 'read-cluster', 'read-metrics', 'peer'],
  voter: [...EVERYBODY, 'read-cluster', 'read-metrics', 'peer'],
};

/** True when the table gives `scope` to `role`; an unknown role has nothing. */
export function allows(role: Role, scope: Scope): boolean {
  return Object.hasOwn(POLICY, role) && POLICY[role].includes(scope);
}
