/** Real daemons' answers against the endpoint table and the OpenAPI document: nothing missing, nothing undeclared. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { ENDPOINTS, type Endpoint, type EndpointName, openApiDocument } from '../../src/api/index.ts';
import { errorBody } from '../../src/api/schemas/common.ts';
import { must } from '../../src/base/index.ts';
import { createCsr } from '../../src/pki/index.ts';
import { HttpClient } from '../../src/rpc/index.ts';
import { followerOf, leaderOf, sharedCluster, until } from './harness.ts';
import { type Asked, adminFile, HttpCaller } from './http-caller.ts';

const shared = sharedCluster(3);
const GETS = (Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]).filter(([, e]) => e.method === 'GET');
const { paths } = JSON.parse(JSON.stringify(openApiDocument('0'))) as {
  paths: Record<string, Record<string, { operationId: string; responses: object }>>;
};
const described = new Map(
  Object.values(paths).flatMap((item) =>
    Object.values(item).map((o) => [o.operationId, o.responses] as const),
  ),
);

let caller: HttpCaller;
let leader = '';
let follower = '';
let operationId = '';

/** Parses strictly: what the schema does not name, anywhere inside, is a difference. */
function expectDeclared(schema: z.ZodType, body: unknown, what: string): void {
  const parsed = schema.safeParse(body);
  expect(parsed.error?.issues ?? [], what).toEqual([]);
  expect(body, `${what} has what the table does not declare`).toEqual(parsed.data);
}

function expectAnswer(name: EndpointName, asked: Asked): void {
  expect(asked.status, `${name}: ${asked.text}`).toBeLessThan(300);
  expect(Object.keys(described.get(name) ?? {}), `${name} in OpenAPI`).toContain(`${asked.status}`);
  expectDeclared(ENDPOINTS[name].response, JSON.parse(asked.text), name);
}

/** The path with something real in it. */
function pathOf(endpoint: Endpoint): string {
  const other = endpoint.path.startsWith('/v1/alerts') ? 'HighErrorRate' : follower;
  const id = endpoint.path.startsWith('/v1/operations') ? operationId : other;
  const path = endpoint.path.replace('{id}', id).replace('{key}', 'k1').replace('{version}', '1');
  return path.replace('?watch', '?watch=1&after=0');
}

/** One writing call; the answer must be declared. */
async function write(name: EndpointName, path: string, body?: unknown, headers = {}): Promise<Asked> {
  const { method } = ENDPOINTS[name];
  const asked = await caller.ask(leader, method, path, { ...(body === undefined ? {} : { body }), headers });
  expectAnswer(name, asked);
  return asked;
}

const operate = (body: object): Promise<Asked> => write('runOperation', '/v1/operations', body);

/** Gives every list a row: keys, tokens, operations, alerts, elections, audit, a node in maintenance. */
beforeAll(async () => {
  const cluster = shared();
  caller = new HttpCaller(cluster);
  leader = await leaderOf(cluster);
  follower = await followerOf(cluster);
  const other = must(
    cluster.nodes.find((n) => n.nodeId !== leader && n.nodeId !== follower)?.nodeId,
    'a third',
  );
  await cluster.killNode(other);
  await until('an alert', async () => (await cluster.client().alerts()).alerts.length > 0);
  await cluster.startNode(other);
  await cluster.untilHealthy();
  leader = await leaderOf(cluster);
  follower = await followerOf(cluster);
  await cluster.client().kv.put('k1', 'v');
  await cluster.client().createToken({ kind: 'access', role: 'viewer' });
  const wish = { kind: 'maintenance', node_id: follower, enable: true, reason: 'contract' } as const;
  const { id } = await cluster.client().runOperation(wish);
  operationId = id;
  await cluster.client().waitOperation(id);
});
// each of them is asked of one node, which leads nobody on
beforeEach(async () => {
  leader = await leaderOf(shared());
});
afterAll(() => caller.close());

describe('every GET', () => {
  it.each(GETS.filter(([, e]) => e.stream !== true))(
    '%s answers as declared, at the leader and at a follower',
    async (name, endpoint) => {
      for (const node of [leader, follower]) {
        expectAnswer(name, await caller.ask(node, 'GET', pathOf(endpoint)));
      }
    },
  );

  it.each([
    ['status', '/v1/status?stale=1'],
    ['nodes', '/v1/nodes?stale=1'],
    ['leader', '/v1/leader?stale=1'],
    ['views', '/v1/views?local=1'],
    ['history', '/v1/history?seconds=60'],
    ['config', '/v1/config?version=1'],
    ['listKeys', '/v1/kv?prefix=k&limit=1'],
    ['getKey', '/v1/kv/k1?level=none'],
  ] as const)('%s answers as declared with its query: %s', async (name, path) => {
    expectAnswer(name, await caller.ask(follower, 'GET', path));
  });

  it.each(GETS.filter(([, e]) => e.stream === true))(
    '%s: each line is as declared',
    async (name, endpoint) => {
      const cluster = shared();
      const pem = { cert: adminFile(cluster, 'admin.crt'), key: adminFile(cluster, 'admin.key') };
      const http = new HttpClient({ ca: adminFile(cluster, 'ca.crt'), ...pem });
      const stop = new AbortController();
      const path = name === 'events' ? '/v1/events?follow=0&after=0' : pathOf(endpoint);
      const node = cluster.node(leader);
      const lines: unknown[] = [];
      const request = { endpoint: `127.0.0.1:${node.port}`, method: 'GET', path, signal: stop.signal };
      try {
        for await (const line of http.stream(request)) {
          lines.push(line);
          if (name !== 'events') break;
        }
      } finally {
        stop.abort();
        await http.close();
      }
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expectDeclared(endpoint.response, line, `${name}: ${JSON.stringify(line)}`);
    },
  );

  it('lists have rows, so that rows are compared', async () => {
    const bodies = async (path: string) => (await caller.ask(leader, 'GET', path)).body;
    const status = await bodies('/v1/status');
    expect(status).toMatchObject({ maintenance: [follower] });
    const rows = { ...status, ...(await bodies('/v1/tokens')), ...(await bodies('/v1/alerts')) };
    const more = {
      ...(await bodies('/v1/audit')),
      ...(await bodies('/v1/operations')),
      ...(await bodies('/v1/kv')),
    };
    for (const name of ['nodes', 'elections', 'tokens', 'alerts', 'records', 'operations', 'items'])
      expect(({ ...rows, ...more } as Record<string, unknown[]>)[name], name).not.toHaveLength(0);
  });
});

describe('every write', () => {
  it('data: keys, SQL, sessions', async () => {
    const { body: opened } = await write('openSession', '/v1/sessions', {});
    const session = { 'x-sqlcc-session': String(opened['session']), 'x-sqlcc-seq': '1' };
    await write('putKey', '/v1/kv/k2', { value: 'a' }, session);
    expect((await write('putKey', '/v1/kv/k2', { value: 'a' }, session)).body).toMatchObject({
      replayed: true,
    });
    await write('batchKeys', '/v1/kv/batch', { keys: ['k1', 'none'] });
    await write('deleteKey', '/v1/kv/k2');
    const statements = [
      { sql: 'CREATE TABLE t (a INTEGER, b TEXT, c BLOB, d REAL)' },
      { sql: "INSERT INTO t VALUES (1, 'x', x'00ff', 0.5), (9007199254740993, NULL, NULL, NULL)" },
    ];
    await write('sql', '/v1/sql', { statements });
    await write('sql', '/v1/sql', { statements: [{ sql: 'SELECT * FROM t' }], level: 'weak' });
  });

  it('control: nodes, operations, configuration, tokens, alerts', async () => {
    await write('updateNode', `/v1/nodes/${follower}`, { zone: 'a', metadata: { rack: '7' } });
    await operate({ kind: 'failover', dry_run: true });
    const off = await operate({ kind: 'maintenance', node_id: follower, enable: false });
    const { id } = off.body['operation'] as { id: string };
    await shared().client().waitOperation(id);
    const text = String((await caller.ask(leader, 'GET', '/v1/config')).body['text']);
    await write('putConfig', '/v1/config', { text, dry_run: true });
    const beat = 'cluster: {raft: {heartbeat_interval_ms: 45}}';
    await write('putConfig', '/v1/config', { text: beat, confirm_within_ms: 60_000 }, { 'if-match': '"1"' });
    expectAnswer('config', await caller.ask(follower, 'GET', '/v1/config'));
    expectAnswer('status', await caller.ask(follower, 'GET', '/v1/status'));
    await write('confirmConfig', '/v1/config/confirm', {});
    await write('rollbackConfig', '/v1/config/versions/1/rollback', { reason: 'contract' });
    await write('activateConfig', '/v1/config/versions/2/activate', {}, { 'if-match': '"3"' });
    const late = await caller.ask(leader, 'PUT', '/v1/config', {
      body: { text },
      headers: { 'if-match': '"3"' },
    });
    expect([late.status, late.body['code']]).toEqual([412, 'precondition_failed']);
    const stale = await caller.ask(leader, 'PUT', '/v1/config', { body: { text, if_version: 3 } });
    expect([stale.status, stale.body['code']]).toEqual([409, 'conflict']);
    // what nodes ask each other is not for people
    const asked = await caller.ask(leader, 'POST', '/v1/config/check', { body: { text } });
    expect(asked.status).toBe(403);
    const made = await write('createToken', '/v1/tokens', { kind: 'access', role: 'viewer' });
    await write('revokeToken', `/v1/tokens/${made.body['id']}`);
    const always = 'alerts: [{name: Up, condition: "uptime > 0", severity: info, actions: []}]';
    await write('putConfig', '/v1/config', { text: always });
    const firing = await until('an alert fires', async () => {
      const { body } = await caller.ask(leader, 'GET', '/v1/alerts');
      return (body['alerts'] as { id: string; state: string }[]).find((a) => a.state === 'firing') ?? null;
    });
    await write('acknowledgeAlert', `/v1/alerts/${encodeURIComponent(firing.id)}/ack`, {});
    await write('unacknowledgeAlert', `/v1/alerts/${encodeURIComponent(firing.id)}/ack`);
    const silenced = await write('createSilence', '/v1/silences', { rule: 'NodeDown', for_ms: 60_000 });
    const { body } = await caller.ask(leader, 'GET', '/v1/silences');
    expect(body['silences']).toMatchObject([{ rule: 'NodeDown', node_id: null }]);
    await write('removeSilence', `/v1/silences/${silenced.body['id']}`);
    // no notifier is configured: the channel gives up at once and says what to do
    const tested = await write('testAlert', '/v1/alerts/test', { channel: 'webhook' });
    expect(tested.body['results']).toMatchObject([{ channel: 'webhook', state: 'dead' }]);
  });

  it('refusals and redirects are errors of the one shape', async () => {
    const asked = [
      await caller.ask(leader, 'GET', '/v1/nodes/n99'),
      await caller.ask(leader, 'GET', '/v1/nothing'),
      await caller.ask(leader, 'DELETE', '/v1/status'),
      await caller.ask(leader, 'POST', '/v1/sql', { body: { statements: 7 } }),
      await caller.ask(leader, 'POST', '/v1/sql', { body: { statements: [{ sql: 'SELEC' }] } }),
      await caller.ask(follower, 'PUT', '/v1/kv/k1', { body: { value: 'x' } }),
    ];
    expect(asked.map((a) => a.status)).toEqual([404, 404, 405, 400, 400, 307]);
    for (const { body, text } of asked) expectDeclared(errorBody, body, text);
    expect(asked.at(-1)?.headers['location']).toBe(
      `https://127.0.0.1:${shared().node(leader).port}/v1/kv/k1`,
    );
  });

  it('join and removal of a node', async () => {
    const { body: made } = await write('createToken', '/v1/tokens', { kind: 'join', role: 'observer' });
    const { csrPem } = await createCsr('n9');
    const ports = { port: 1, client_port: 2, peer_port: 3, metrics_port: 4 };
    const who = {
      node_id: 'n9',
      instance_id: 'contract-test-instance-9',
      version: '0.1.0',
      host: '127.0.0.1',
    };
    await write('join', '/v1/join', { token: made['token'], csr: csrPem, ...who, ...ports });
    // the leader takes the new node in by a change of the membership; only one is under way at a time
    const removal = { kind: 'remove-node', node_id: 'n9' } as const;
    await until('a settled membership', async () => (await shared().client().planOperation(removal)).allowed);
    await write('removeNode', '/v1/nodes/n9?reason=contract');
  });
});
