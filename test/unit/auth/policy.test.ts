import { describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../../src/api/index.ts';
import { allows, NODE_ROLES, PERSON_ROLES, type Role, SCOPES } from '../../../src/auth/index.ts';

/** The policy as a table that a person reads: x = allowed. A change here is a decision. */
const TABLE = `
scope         nobody metrics viewer client-ro client operator admin observer voter
public        x      x       x      x         x      x        x     x        x
join          x      x       x      x         x      x        x     x        x
read-cluster  .      .       x      .         .      x        x     x        x
read-metrics  .      x       x      .         .      x        x     x        x
read-data     .      .       .      x         x      .        x     .        .
write-data    .      .       .      .         x      .        x     .        .
operate       .      .       .      .         .      x        x     .        .
administer    .      .       .      .         .      .        x     .        .
renew-own     .      x       x      x         x      x        x     .        .
peer          .      .       .      .         .      .        .     x        x
`;

describe('allows', () => {
  const [head, ...rows] = TABLE.trim()
    .split('\n')
    .map((line) => line.split(/ +/));
  const roles = head?.slice(1) as Role[];

  it('is exactly the table, every role and every scope', () => {
    const made = SCOPES.map((scope) => [scope, ...roles.map((role) => (allows(role, scope) ? 'x' : '.'))]);
    expect(made).toEqual(rows);
    expect([...roles].sort()).toEqual([...PERSON_ROLES, ...NODE_ROLES, 'nobody'].sort());
  });

  it('gives an unknown role, and the names of object members, nothing', () => {
    for (const role of ['root', 'Admin', 'admin ', 'adm', 'constructor', '__proto__', 'toString', '']) {
      for (const scope of SCOPES) expect(allows(role as Role, scope)).toBe(false);
    }
  });

  it('an unknown scope is closed to everybody', () => {
    for (const role of roles) expect(allows(role, 'everything' as never)).toBe(false);
  });

  it('no endpoint but the health checks and the join is open to nobody', () => {
    const open = Object.entries(ENDPOINTS).filter(([, endpoint]) => allows('nobody', endpoint.scope));
    expect(open.map(([name]) => name).sort()).toEqual(['join', 'livez', 'readyz']);
  });

  it('every endpoint that changes something needs more than reading', () => {
    const reads = ['read-cluster', 'read-metrics', 'read-data', 'public'];
    const changing = Object.entries(ENDPOINTS).filter(
      ([, e]) => e.method !== 'GET' && reads.includes(e.scope),
    );
    expect(changing.map(([name]) => name).sort()).toEqual(['batchKeys', 'sql']);
  });
});
