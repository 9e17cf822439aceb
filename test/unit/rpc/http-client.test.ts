import { type AddressInfo, connect as connectTcp, createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import {
  bridgeAuthorities,
  createAuthority,
  createCsr,
  issueNode,
  spkiFingerprint,
} from '../../../src/pki/index.ts';
import {
  type ClientTls,
  type Handlers,
  HttpClient,
  type HttpClientOptions,
  PlainServer,
  readServerTls,
  showAuthorities,
} from '../../../src/rpc/index.ts';
import { startApi, type TestApi, VIEWER_TOKEN } from './api-fixture.ts';
import { CLUSTER_ID, NodeFolders } from './node-folders.ts';

let folders: NodeFolders;
let admin: Required<ClientTls>;
const apis: TestApi[] = [];
const clients: HttpClient[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  folders = await NodeFolders.create();
  admin = await folders.person('admin', 'admin');
});
afterAll(() => folders.remove());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(apis.splice(0).map((api) => api.server.stop(50)));
  for (const server of servers.splice(0)) server.close();
});

async function serve(handlers: Handlers): Promise<TestApi> {
  const api = await startApi(folders, handlers);
  apis.push(api);
  return api;
}

function client(options: Partial<HttpClientOptions> = admin): HttpClient {
  const made = new HttpClient({ ca: admin.ca, ...options });
  clients.push(made);
  return made;
}

/** A TCP port that accepts and then does `what` with the socket. */
async function oddServer(what: (socket: import('node:net').Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    what(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

const get = (endpoint: string, path = '/v1/leader') => ({ endpoint, method: 'GET', path });

function isStillLate(error: unknown): false {
  expect(error).toMatchObject({ details: { late: true } });
  return false;
}

describe('HttpClient request', { timeout: 20_000 }, () => {
  it('says in words that a node has no certificate of the CA that it was given, and what to look at', async () => {
    const api = await serve({});
    const clusterId = '7f1c0c52-3c3e-4a53-9d31-3c2f3a6f5a10';
    const foreign = await createAuthority({ clusterId, clusterName: 't', now: Date.now() });
    const asked = client({ ...admin, ca: foreign.certPem }).request(get(api.endpoint));
    await expect(asked).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/cannot be reached: the node’s certificate is not signed by this CA$/),
      hint: expect.stringContaining('--ca'),
    });
  });

  it.each([
    ['has expired', -100, /^restart that node: a voter signs its own certificate anew/],
    ['is not valid yet', 100, /^compare the clocks/],
  ])('says what to do about a node whose certificate %s', async (words, days, advice) => {
    const at = { now: Date.now() + days * 86_400_000 };
    const api = await startApi(folders, {}, { tls: readServerTls(await folders.node('n9', at), CLUSTER_ID) });
    apis.push(api);
    await expect(client().request(get(api.endpoint))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`the node’s certificate ${words}`),
      hint: expect.stringMatching(advice),
    });
  });

  it('answers any status with headers and body, follows nothing', async () => {
    const leader = { node_id: 'n2', host: 'h', port: 1 };
    const api = await serve({
      leader: async () => ({ body: { ok: true } }),
      putKey: () => Promise.reject(new SqlccError('not_leader', 'ask n2', { details: { leader } })),
    });
    const answer = await client().request(get(api.endpoint));
    expect([answer.status, answer.json()]).toEqual([200, { ok: true }]);
    const redirect = await client().request({
      ...get(api.endpoint, '/v1/kv/k'),
      method: 'PUT',
      body: { value: 'v' },
    });
    expect([redirect.status, redirect.headers['location']]).toEqual([307, 'https://h:1/v1/kv/k']);
  });

  it('shows a token where it has one', async () => {
    const api = await serve({ leader: async (call) => ({ body: { who: call.identity.id } }) });
    const token = new HttpClient({ ca: admin.ca, token: VIEWER_TOKEN });
    clients.push(token);
    expect((await token.request(get(api.endpoint))).json()).toEqual({ who: 'view' });
  });

  it('tells the node its time', async () => {
    const api = await serve({
      leader: async (call) => ({ body: { ms: call.headers['x-sqlcc-timeout-ms'] } }),
    });
    expect((await client().request({ ...get(api.endpoint), timeoutMs: 1234 })).json()).toEqual({
      ms: '1234',
    });
  });

  it('nobody listens: unavailable, certainly not sent', async () => {
    const refused = client().request(get('127.0.0.1:9'));
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      details: { endpoint: '127.0.0.1:9', sent: false },
    });
  });

  it('an address that is none is an invalid argument', async () => {
    for (const endpoint of ['', 'host', 'host:', 'host:99999', 'a b:1', 'https://x:1']) {
      await expect(client().request(get(endpoint)), endpoint).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    }
  });

  it('a port that accepts and says nothing: unavailable after the connect timeout, not sent', async () => {
    const endpoint = await oddServer(() => {});
    const began = performance.now();
    const silent = client().request({ ...get(endpoint), timeoutMs: 5000 });
    await expect(silent).rejects.toMatchObject({ code: 'unavailable', details: { sent: false } });
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('a handshake goes on behind the request that waited for it, and the next one has its connection', async () => {
    const api = await serve({ leader: async () => ({ body: { ok: true } }) });
    const [host = '', port] = api.endpoint.split(':');
    const held: (() => void)[] = [];
    let taken = 0;
    const busy = await oddServer((socket) => {
      taken++;
      const inner = connectTcp({ host, port: Number(port) });
      inner.on('error', () => {});
      socket.once('close', () => inner.destroy());
      held.push(() => socket.pipe(inner).pipe(socket));
    });
    const from = client({ ...admin, connectTimeoutMs: 100, handshakeTimeoutMs: 10_000 });
    const late = { code: 'unavailable', details: { endpoint: busy, sent: false, late: true } };
    await expect(from.request(get(busy))).rejects.toMatchObject(late);
    await expect(from.request(get(busy))).rejects.toMatchObject(late);
    for (const go of held) go();
    let isAnswered = false;
    while (!isAnswered) isAnswered = await from.request(get(busy)).then(() => true, isStillLate);
    expect(taken).toBe(1);
  });

  it('a short deadline beats a connection that hangs', async () => {
    const endpoint = await oddServer(() => {});
    const silent = client().request({ ...get(endpoint), timeoutMs: 100 });
    // the time-out of connecting, a second, would say unavailable
    await expect(silent).rejects.toMatchObject({ code: 'deadline_exceeded', details: { sent: false } });
  });

  it('a port that is no TLS, or of another CA: unavailable, not sent', async () => {
    const plain = await oddServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    await expect(client().request(get(plain))).rejects.toMatchObject({
      code: 'unavailable',
      details: { sent: false },
    });
    const foreign = await NodeFolders.create();
    const api = await serve({});
    const other = new HttpClient({ ca: foreign.authority.certPem });
    clients.push(other);
    await expect(other.request(get(api.endpoint))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('certificate is'),
      hint: expect.stringContaining('"cert issue" on a voter'),
      details: { sent: false },
    });
    foreign.remove();
  });

  it('no answer: deadline_exceeded by its own timer, sent; the next request uses a new session', async () => {
    let hang = true;
    const api = await serve({
      leader: () => (hang ? new Promise(() => {}) : Promise.resolve({ body: { ok: true } })),
    });
    const from = client();
    const late = from.request({ ...get(api.endpoint), timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ code: 'deadline_exceeded', details: { sent: true } });
    hang = false;
    expect((await from.request(get(api.endpoint))).status).toBe(200);
  });

  it('refused credentials: the next request shows them in a new handshake', async () => {
    let isClockOff = true;
    const api = await startApi(
      folders,
      { leader: async () => ({ body: { ok: true } }) },
      {
        authenticate: async () =>
          isClockOff ? null : { kind: 'token', role: 'admin', id: 'admin', serial: null },
      },
    );
    apis.push(api);
    const from = client();
    expect((await from.request(get(api.endpoint))).status).toBe(401);
    isClockOff = false;
    // the session itself still says no for a while: it remembers what it was told
    expect((await from.request(get(api.endpoint))).status).toBe(200);
  });

  it('a connection that breaks after sending: outcome_unknown', async () => {
    const api = await serve({ leader: () => new Promise(() => {}) });
    const cut = client().request(get(api.endpoint));
    cut.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    await api.server.stop(0);
    await expect(cut).rejects.toMatchObject({ code: 'outcome_unknown', details: { sent: true } });
  });

  it("the caller's signal ends the wait", async () => {
    const api = await serve({ leader: () => new Promise(() => {}) });
    const abort = new AbortController();
    const given = client().request({ ...get(api.endpoint), signal: abort.signal });
    setTimeout(() => abort.abort(), 30);
    await expect(given).rejects.toMatchObject({ code: 'outcome_unknown' });
    await expect(
      client().request({ ...get(api.endpoint), signal: AbortSignal.abort() }),
    ).rejects.toBeInstanceOf(SqlccError);
  });

  it('a closed client refuses', async () => {
    const made = client();
    await made.close();
    await expect(made.request(get('127.0.0.1:9'))).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('HttpClient stream', { timeout: 20_000 }, () => {
  async function* numbers(count: number) {
    for (let n = 0; n < count; n++) yield { n, text: 'é'.repeat(100) };
  }

  it('gives the lines in order and ends with the source', async () => {
    const api = await serve({ events: async () => ({ stream: numbers(1000) }) });
    const seen: unknown[] = [];
    for await (const line of client().stream(get(api.endpoint, '/v1/events')))
      seen.push((line as { n: number }).n);
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  it('leaving early aborts the call at the node', async () => {
    let aborted = false;
    const api = await serve({
      events: async (call) => {
        call.signal.addEventListener('abort', () => {
          aborted = true;
        });
        return { stream: numbers(1e9) };
      },
    });
    for await (const line of client().stream(get(api.endpoint, '/v1/events')))
      if ((line as { n: number }).n > 5) break;
    for (let i = 0; i < 200 && !aborted; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(aborted).toBe(true);
  });

  it('throws what the node answered', async () => {
    const api = await serve({
      events: () => Promise.reject(new SqlccError('overloaded', 'too many streams')),
    });
    const lines = client().stream(get(api.endpoint, '/v1/events'));
    await expect(lines.next()).rejects.toMatchObject({ code: 'overloaded', message: 'too many streams' });
  });

  it('throws when the connection breaks, ends quietly by the signal', async () => {
    async function* hanging(): AsyncGenerator<unknown> {
      yield { n: 1 };
      await new Promise(() => {});
    }
    const api = await serve({ events: async () => ({ stream: hanging() }) });
    const abort = new AbortController();
    const quiet = client().stream({ ...get(api.endpoint, '/v1/events'), signal: abort.signal });
    expect((await quiet.next()).value).toEqual({ n: 1 });
    const end = quiet.next();
    abort.abort();
    expect((await end).done).toBe(true);
    const broken = client().stream(get(api.endpoint, '/v1/events'));
    await broken.next();
    const next = broken.next();
    next.catch(() => {});
    await api.server.stop(0);
    await expect(next).rejects.toBeInstanceOf(SqlccError);
  });
});

describe('showAuthorities', { timeout: 20_000 }, () => {
  it('gives the CA of a node and the fingerprint that tokens pin', async () => {
    const api = await serve({});
    const [shown, ...more] = await showAuthorities('127.0.0.1', api.server.port, 2000);
    expect(more).toEqual([]);
    expect(shown?.fingerprint).toBe(spkiFingerprint(folders.authority.certPem));
    const pinned = new HttpClient({ ca: shown?.caPem ?? '' });
    clients.push(pinned);
    expect((await pinned.request(get(api.endpoint))).status).toBe(401);
  });

  it('walks from a new CA to the one that it replaces, and no further than signatures lead', async () => {
    const now = Date.now();
    const make = () => createAuthority({ clusterId: 'c-1', clusterName: 'demo', now });
    const [old, next, other] = [await make(), await make(), await make()];
    const bridgePem = await bridgeAuthorities(old, next, now);
    const { csrPem, keyPem } = await createCsr('n1');
    const grant = { clusterId: 'c-1', nodeId: 'n1', role: 'voter', hosts: [], csrPem, now } as const;
    const leaf = await issueNode({ ...grant, authority: next });
    const shown = async (chain: string) => {
      const server = createTlsServer({ cert: chain, key: keyPem, ALPNProtocols: ['h2'] });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      return showAuthorities('127.0.0.1', port, 2000).finally(() => server.close());
    };
    const prints = [next, old].map((authority) => spkiFingerprint(authority.certPem));
    const found = await shown(`${leaf}${bridgePem}${old.certPem}`);
    expect(found.map((authority) => authority.fingerprint)).toEqual(prints);
    // a CA that only stands behind in the chain has signed nothing here
    const beside = await shown(`${leaf}${next.certPem}${other.certPem}`);
    expect(beside.map((authority) => authority.fingerprint)).not.toContain(spkiFingerprint(other.certPem));
    await expect(shown(`${leaf}${other.certPem}`)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('says unavailable where nobody, or no node, answers', async () => {
    await expect(showAuthorities('127.0.0.1', 9, 500)).rejects.toMatchObject({ code: 'unavailable' });
    const plain = await oddServer((socket) => socket.end('hello'));
    await expect(showAuthorities('127.0.0.1', Number(plain.split(':')[1]), 500)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('PlainServer', { timeout: 20_000 }, () => {
  it('serves GET, HEAD and OPTIONS of what its handler gives, and nothing else', async () => {
    const server = new PlainServer({
      host: '127.0.0.1',
      port: 0,
      handle: ({ path, method, query }) => {
        if (path === '/bug') throw new Error('secret');
        return {
          status: path === '/livez' ? 200 : 404,
          contentType: 'text/plain',
          text: `${method} ${path} ${query.get('x')}`,
        };
      },
    });
    await server.start();
    const url = `http://127.0.0.1:${server.port}`;
    const got = await fetch(`${url}/livez?x=1`);
    expect([got.status, await got.text(), got.headers.get('content-type')]).toEqual([
      200,
      'GET /livez 1',
      'text/plain',
    ]);
    expect(await (await fetch(`${url}/livez`, { method: 'HEAD' })).text()).toBe('');
    const options = await fetch(`${url}/nowhere?x=1`, { method: 'OPTIONS' });
    expect([options.status, await options.text()]).toEqual([404, '']);
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    expect((await fetch(`${url}/livez`, { method: 'POST', body: 'x' })).status).toBe(405);
    const bug = await fetch(`${url}/bug`);
    expect([bug.status, await bug.text()]).toEqual([500, 'failed\n']);
    await server.stop();
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it('says that the port is taken', async () => {
    const handle = () => ({ status: 200, contentType: 'text/plain', text: '' });
    const first = new PlainServer({ host: '127.0.0.1', port: 0, handle });
    await first.start();
    const second = new PlainServer({ host: '127.0.0.1', port: first.port, handle });
    await expect(second.start()).rejects.toMatchObject({ code: 'unavailable' });
    await first.stop();
  });
});
