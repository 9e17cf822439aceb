/** Every route × every role, made from the endpoint table and the policy: neither more nor less gets through. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS, type Endpoint } from '../../src/api/index.ts';
import { allows, NODE_ROLES, PERSON_ROLES, POLICY, type Role, SCOPES } from '../../src/auth/index.ts';
import { must } from '../../src/base/index.ts';
import { HttpClient } from '../../src/rpc/index.ts';
import { sharedCluster } from '../cluster/harness.ts';
import { adminFile, HttpCaller } from '../cluster/http-caller.ts';
import { Signer } from './credentials.ts';

const shared = sharedCluster(1);
const callers = new Map<Role, HttpCaller>();
const tokens = new Map<Role, string>();
const ROLES = Object.keys(POLICY) as Role[];
/** A node that nobody knows: its certificate is good, what it asks for has no object. */
const NODE = 'n7';

beforeAll(async () => {
  const cluster = shared();
  const signer = Signer.of(cluster);
  callers.set('nobody', new HttpCaller(cluster, {}));
  for (const role of PERSON_ROLES) {
    const { token } = await cluster.client().createToken({ kind: 'access', role });
    tokens.set(role, token);
    callers.set(role, new HttpCaller(cluster, { token }));
  }
  for (const role of NODE_ROLES)
    callers.set(role, new HttpCaller(cluster, await signer.issue({ role, id: NODE })));
});
afterAll(async () => {
  for (const caller of callers.values()) await caller.close();
});

/** The status that a request without a useful body gets; -1 where nobody answers. */
async function ask(role: Role, endpoint: Endpoint, clientPort: boolean): Promise<number> {
  const path = endpoint.path
    .replace('{id}', NODE)
    .replace('{key}', 'k')
    .replace('?watch', '?watch=1')
    .replace('/v1/events', '/v1/events?follow=0');
  const caller = must(callers.get(role), role);
  const asking = { clientPort, timeoutMs: 30_000 };
  if (endpoint.stream === true) return caller.open('n1', path, asking).catch(() => -1);
  const body = endpoint.request === null ? {} : { body: {} };
  const answer = caller.ask('n1', endpoint.method, path, { ...body, ...asking });
  return answer.then(({ status }) => status).catch(() => -1);
}

describe('the policy', () => {
  it('knows every role and every scope of the table', () => {
    expect(ROLES.toSorted()).toEqual([...PERSON_ROLES, ...NODE_ROLES, 'nobody'].toSorted());
    for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
      expect(SCOPES, name).toContain(endpoint.scope);
      expect(
        ROLES.some((role) => allows(role, endpoint.scope)),
        `${name} is open to somebody`,
      ).toBe(true);
    }
    expect(ROLES.filter((role) => allows(role, 'administer'))).toEqual(['admin']);
    expect(ROLES.filter((role) => allows(role, 'peer')).toSorted()).toEqual(['observer', 'voter']);
  });

  it.each(ROLES)('gives %s what its scopes say, on the API port', async (role) => {
    for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
      const status = await ask(role, endpoint, false);
      const text = `${role} ${endpoint.method} ${endpoint.path} (${name})`;
      if (allows(role, endpoint.scope)) expect.soft([200, 201, 202, 400, 404, 409], text).toContain(status);
      else expect.soft(status, text).toBe(role === 'nobody' ? 401 : 403);
    }
  });

  it.each(ROLES)('gives %s only routes of data on the client port', async (role) => {
    for (const [name, endpoint] of Object.entries(ENDPOINTS) as [string, Endpoint][]) {
      const status = await ask(role, endpoint, true);
      const text = `${role} ${endpoint.method} ${endpoint.path} (${name})`;
      if (endpoint.clientPort !== true) {
        // HEAD of what is public may be anywhere; nothing of control is
        if (endpoint.scope !== 'public') expect.soft([401, 404, 405], text).toContain(status);
      } else if (allows(role, endpoint.scope)) expect.soft([200, 201, 400, 404, 409], text).toContain(status);
      else expect.soft(status, text).toBe(role === 'nobody' ? 401 : 403);
    }
  });

  it('holds on call streams as well', async () => {
    const cluster = shared();
    const endpoint = `127.0.0.1:${cluster.node('n1').port}`;
    const http = new HttpClient({
      ca: adminFile(cluster, 'ca.crt'),
      token: must(tokens.get('viewer'), 'token'),
    });
    const stream = await http.openCallStream(endpoint);
    const call = (method: string, path: string, body?: unknown) =>
      stream.call({ method, path, body }, 30_000);
    expect((await call('GET', '/v1/status')).status).toBe(200);
    expect((await call('PUT', '/v1/kv/k', { value: 'v' })).status).toBe(403);
    expect((await call('POST', '/v1/tokens', { kind: 'access', role: 'admin' })).status).toBe(403);
    expect((await call('POST', '/v1/operations', { kind: 'failover' })).status).toBe(403);
    stream.close();
    await http.close();
    const anonymous = new HttpClient({ ca: adminFile(cluster, 'ca.crt') });
    await expect(anonymous.openCallStream(endpoint)).rejects.toMatchObject({ code: 'unauthenticated' });
    await anonymous.close();
  });

  it('lets a node speak only for itself', async () => {
    const body = {
      ...{ instance_id: 'x', boot_counter: 1, host: '127.0.0.1', version: '0', steps: [] },
      ...{ port: 1, client_port: 2, peer_port: 3, metrics_port: 4 },
    };
    const path = '/v1/nodes/n1/announce';
    const answer = await must(callers.get('voter'), 'voter').ask('n1', 'POST', path, { body });
    expect(answer.status).toBe(403);
  });
});
