/**
 * Each route of each listener against credentials that are not good, and what is
 * decided behind the route: the same path asks for other rights by what it is told.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS, type Endpoint } from '../../src/api/index.ts';
import { allows, NODE_ROLES, PERSON_ROLES, type Role } from '../../src/auth/index.ts';
import { must } from '../../src/base/index.ts';
import { createCsr } from '../../src/pki/index.ts';
import { HttpClient } from '../../src/rpc/index.ts';
import { sharedCluster, until, untilAdminKnown } from '../cluster/harness.ts';
import { adminFile, type Credentials, HttpCaller } from '../cluster/http-caller.ts';
import { DAY_MS, Signer } from './credentials.ts';

const shared = sharedCluster(1);
const good = new Map<Role, HttpCaller>();
const tokens = new Map<Role, string>();
const bad = new Map<string, HttpCaller>();

/** Credentials that were never good here, or are no longer. */
async function badCredentials(): Promise<Record<string, Credentials>> {
  const client = shared().client();
  const signer = Signer.of(shared());
  const stranger = await Signer.stranger(signer.clusterId);
  const admin = { role: 'admin', id: 'eve' } as const;
  const revoked = await client.createToken({ kind: 'access', role: 'admin' });
  await client.revokeToken(revoked.id);
  const join = await client.createToken({ kind: 'join', role: 'voter' });
  return {
    'another CA': await stranger.issue(admin),
    expired: await signer.issue({ ...admin, now: Date.now() - 3 * DAY_MS, validForMs: DAY_MS }),
    'not yet valid': await signer.issue({ ...admin, now: Date.now() + DAY_MS }),
    'another cluster': await signer.issue({ ...admin, clusterId: 'other-cluster' }),
    'the CA itself': { cert: signer.authority.certPem, key: signer.authority.keyPem },
    'n1 with another key than on record': await signer.issue({ role: 'voter', id: 'n1' }),
    'a revoked token': { token: revoked.token },
    'a join token': { token: join.token },
    'no token of this form': { token: 'sqlcc1.nobody' },
  };
}

beforeAll(async () => {
  const cluster = shared();
  const signer = Signer.of(cluster);
  for (const role of PERSON_ROLES) {
    const { token } = await cluster.client().createToken({ kind: 'access', role });
    tokens.set(role, token);
    good.set(role, new HttpCaller(cluster, { token }));
  }
  for (const role of NODE_ROLES)
    good.set(role, new HttpCaller(cluster, await signer.issue({ role, id: 'n7' })));
  for (const [name, credentials] of Object.entries(await badCredentials()))
    bad.set(name, new HttpCaller(cluster, credentials));
});
afterAll(async () => {
  for (const caller of [...good.values(), ...bad.values()]) await caller.close();
});

/** The status, 0 when the handshake fails or the connection ends without an answer. */
async function statusOf(caller: HttpCaller, endpoint: Endpoint, clientPort: boolean): Promise<number> {
  const path = endpoint.path.replace('{id}', 'n1').replace('{key}', 'k').replace('?watch', '?watch=1');
  const body = endpoint.request === null ? {} : { body: {} };
  const answer = await caller
    .ask('n1', endpoint.method, path, { ...body, clientPort, timeoutMs: 30_000 })
    .catch(() => ({ status: 0 }));
  return answer.status;
}

describe('credentials that are not good', () => {
  it('open no route of any listener, and do not turn into nobody’s on the public ones', async () => {
    const cluster = shared();
    await untilAdminKnown(cluster);
    const before = await cluster.client().stateHash('n1');
    for (const [who, caller] of bad)
      for (const [name, endpoint] of Object.entries(ENDPOINTS) as [string, Endpoint][])
        for (const clientPort of [false, true]) {
          const status = await statusOf(caller, endpoint, clientPort);
          const text = `${who}: ${endpoint.method} ${endpoint.path} (${name})`;
          // a certificate may fail in the handshake; what is not on the client port is there for nobody
          const closed = who.includes('token') ? [401] : [0, 401];
          if (clientPort && endpoint.clientPort !== true) closed.push(404, 405);
          expect.soft(closed, `${text}${clientPort ? ' on the client port' : ''}`).toContain(status);
        }
    expect((await cluster.client().stateHash('n1')).state_hash).toBe(before.state_hash);
  });
});

const READ = [{ sql: 'SELECT 1' }];
/** Each of them writes, however it looks. */
const WRITES: readonly (readonly { sql: string }[])[] = [
  [{ sql: 'CREATE TABLE scoped (n INTEGER)' }],
  [{ sql: 'INSERT INTO scoped VALUES (1) RETURNING n' }],
  [{ sql: 'SELECT 1' }, { sql: 'DELETE FROM scoped' }],
  [{ sql: 'WITH x AS (SELECT 1 AS n) INSERT INTO scoped SELECT n FROM x' }],
  [{ sql: '/* SELECT */ UPDATE scoped SET n = 2' }],
  [{ sql: 'EXPLAIN SELECT 1' }, { sql: 'DROP TABLE scoped' }],
];

describe('SQL', () => {
  it('reads for who may read and writes for who may write, on both ports', async () => {
    for (const [role, caller] of good)
      for (const clientPort of [false, true]) {
        const ask = (statements: readonly { sql: string }[]) =>
          caller.ask('n1', 'POST', '/v1/sql', { body: { statements }, clientPort });
        const read = await ask(READ);
        expect.soft(read.status, `${role} reads`).toBe(allows(role, 'read-data') ? 200 : 403);
        if (allows(role, 'write-data')) continue;
        for (const statements of WRITES) {
          const written = await ask(statements);
          expect.soft(written.status, `${role}: ${statements.at(-1)?.sql}`).toBe(403);
          expect.soft(written.body, `${role}`).toMatchObject({ code: 'permission_denied' });
        }
      }
    const writers = [...good].filter(([role]) => allows(role, 'write-data'));
    expect(writers.map(([role]) => role).toSorted()).toEqual(['admin', 'client']);
    for (const [role, caller] of writers)
      for (const statements of WRITES) {
        const written = await caller.ask('n1', 'POST', '/v1/sql', { body: { statements } });
        expect.soft(written.status, `${role}: ${statements.at(-1)?.sql}`).toBe(200);
      }
  });
});

describe('operations', () => {
  const KINDS = {
    failover: { body: { kind: 'failover' }, scope: 'operate' },
    'maintenance on': { body: { kind: 'maintenance', node_id: 'n1', enable: true }, scope: 'operate' },
    'maintenance off': { body: { kind: 'maintenance', node_id: 'n1', enable: false }, scope: 'operate' },
    'remove-node': { body: { kind: 'remove-node', node_id: 'n1' }, scope: 'administer' },
    'replace-node': { body: { kind: 'replace-node', node_id: 'n1', to: 'n2' }, scope: 'administer' },
  } as const;

  it('need the right of their kind, to be planned as well as to be run', async () => {
    for (const [role, caller] of good)
      for (const [name, { body, scope }] of Object.entries(KINDS))
        for (const dry_run of [true, false]) {
          const answer = await caller.ask('n1', 'POST', '/v1/operations', { body: { ...body, dry_run } });
          const text = `${role} ${dry_run ? 'plans' : 'runs'} ${name}`;
          if (!allows(role, scope)) expect.soft(answer.status, text).toBe(403);
          // a cluster of one refuses all of them to those who may ask, with its reasons
          else expect.soft(answer.status, text).toBe(dry_run ? 200 : 409);
        }
    expect((await shared().client().operations()).operations).toEqual([]);
  });

  it('need it inside a call stream too', async () => {
    const cluster = shared();
    const token = must(tokens.get('operator'), 'a token');
    const http = new HttpClient({ ca: adminFile(cluster, 'ca.crt'), token });
    const stream = await http.openCallStream(`127.0.0.1:${cluster.node('n1').port}`);
    const plan = (body: object) =>
      stream.call({ method: 'POST', path: '/v1/operations', body: { ...body, dry_run: true } }, 30_000);
    expect((await plan(KINDS.failover.body)).status).toBe(200);
    expect((await plan(KINDS['remove-node'].body)).status).toBe(403);
    stream.close();
    await http.close();
  });
});

describe('a join token', () => {
  it('ends when its time is over, and buys no access before that', async () => {
    const cluster = shared();
    const { token } = await cluster.client().createToken({ kind: 'join', role: 'voter', ttlMs: 1000 });
    const made = Date.now();
    const asked = new HttpCaller(cluster, { token });
    expect((await asked.ask('n1', 'GET', '/v1/status')).status).toBe(401);
    await asked.close();
    await until('its end', async () => Date.now() > made + 1200, 5000);
    const { csrPem } = await createCsr('n5');
    const caller = new HttpCaller(cluster, {});
    const body = {
      ...{ token, node_id: 'n5', instance_id: 'disk', csr: csrPem, host: '127.0.0.1', version: '0' },
      ...{ port: 1, client_port: 2, peer_port: 3, metrics_port: 4 },
    };
    const late = await caller.ask('n1', 'POST', '/v1/join', { body });
    await caller.close();
    expect(late.status).toBe(401);
    expect(late.body['message']).toMatch(/^the join token expired at /);
    expect((await cluster.client().nodes()).nodes.map((n) => n.node_id)).toEqual(['n1']);
  });
});
