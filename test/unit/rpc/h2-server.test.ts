import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import type { Call, ClientTls, Handlers } from '../../../src/rpc/index.ts';
import { startApi, type TestApi, VIEWER_TOKEN } from './api-fixture.ts';
import { NodeFolders } from './node-folders.ts';
import { until } from './peer-fixture.ts';

const execute = promisify(execFile);
let folders: NodeFolders;
let admin: Required<ClientTls>;
const apis: TestApi[] = [];
const sessions: ClientHttp2Session[] = [];

beforeAll(async () => {
  folders = await NodeFolders.create();
  admin = await folders.person('admin', 'admin');
});
afterAll(() => folders.remove());
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await Promise.all(apis.splice(0).map((api) => api.server.stop(50)));
});

const handlers: Handlers = {
  leader: async (call) => ({ body: { who: call.identity.id, role: call.identity.role } }),
  putKey: async (call) => ({ body: call.body }),
  livez: async () => ({ text: 'ok\n' }),
  join: async (call) => ({ body: { who: call.identity.kind } }),
};

async function api(...args: [Handlers?, Parameters<typeof startApi>[2]?]): Promise<TestApi> {
  const started = await startApi(folders, args[0] ?? handlers, args[1]);
  apis.push(started);
  return started;
}

function session(to: TestApi, tls: Partial<ClientTls> = admin): ClientHttp2Session {
  const opened = connectHttp2(`https://${to.endpoint}`, { ...tls, ca: folders.authority.certPem });
  opened.on('error', () => {});
  sessions.push(opened);
  return opened;
}

/** Status and text of one request; status 0 when the stream or session was cut. */
async function send(
  from: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Buffer,
): Promise<[number, string]> {
  const stream = from.request(headers, { endStream: body === undefined });
  return new Promise((resolve) => {
    let status = 0;
    let text = '';
    stream.on('response', (answer) => {
      status = Number(answer[':status']);
    });
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.on('error', () => {});
    stream.once('close', () => resolve([status, text]));
    if (body !== undefined) stream.end(body);
  });
}

/** Resolves at the end, with or without an error. */
function closed(thing: { once(event: 'close', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => thing.once('close', resolve));
}

const leader = { ':path': '/v1/leader' };

describe('H2Server identity', { timeout: 20_000 }, () => {
  it('a verified certificate, a bearer token, and nothing at all', async () => {
    const server = await api();
    expect(await send(session(server), leader)).toEqual([200, '{"who":"admin","role":"admin"}']);
    const anonymous = session(server, {});
    const bearer = { authorization: `Bearer ${VIEWER_TOKEN}` };
    expect(await send(anonymous, { ...leader, ...bearer })).toEqual([200, '{"who":"view","role":"viewer"}']);
    expect((await send(anonymous, leader))[0]).toBe(401);
    expect((await send(anonymous, { ':path': '/livez' }))[0]).toBe(200);
    for (const authorization of ['Bearer nonsense', 'Basic YTpi', 'Bearer', `Bearer ${VIEWER_TOKEN}x`]) {
      expect((await send(anonymous, { ...leader, authorization }))[0], authorization).toBe(401);
    }
  });

  it.each([
    ['of another CA', async () => (await NodeFolders.create()).person('admin', 'admin')],
    ['that has expired', async () => folders.person('admin', 'admin', Date.now() - 40 * 86_400_000)],
    ['that is not valid yet', async () => folders.person('admin', 'admin', Date.now() + 40 * 86_400_000)],
  ])('a certificate %s is refused on every route, with a token beside it too', async (_name, make) => {
    const server = await api();
    const from = session(server, await make());
    for (const path of ['/v1/leader', '/livez', '/v1/join', '/nowhere']) {
      const [status, text] = await send(from, { ':path': path, authorization: `Bearer ${VIEWER_TOKEN}` });
      expect([path, status]).toEqual([path, 401]);
      expect(text).toMatch(/refused: it (is not signed by this CA|has expired|is not valid yet)/);
      expect(text).toMatch(/"hint":"(show one that|on the machine of a voter|compare the clocks)/);
    }
    const stream = from.request({
      ':method': 'CONNECT',
      ':authority': server.endpoint,
      'x-sqlcc-stream': 'client',
    });
    stream.on('error', () => {});
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(answer[':status']).toBe(401);
  });

  it('a client that trusts another CA does not talk to this node', async () => {
    const server = await api();
    const foreign = await NodeFolders.create();
    const from = connectHttp2(`https://${server.endpoint}`, { ca: foreign.authority.certPem });
    const [error] = (await once(from, 'error')) as [Error & { code: string }];
    expect(error.code).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
    foreign.remove();
  });

  it('speaks TLS 1.3 only, and no plain text', async () => {
    const server = await api();
    const port = server.server.port;
    const old = connectTls({ host: '127.0.0.1', port, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
    await once(old, 'error');
    const plain = connectTcp(port, '127.0.0.1');
    plain.on('error', () => {});
    plain.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    let got = '';
    plain.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1');
    });
    await closed(plain);
    expect(got).not.toContain('HTTP');
  });

  it('a token that is revoked stops to work on an open session within its 5 s of trust', async () => {
    let asked = 0;
    const server = await api(handlers, {
      authenticate: async () =>
        asked++ === 0 ? { kind: 'token', role: 'viewer', id: 't', serial: null } : null,
    });
    const from = session(server, {});
    const bearer = { ...leader, authorization: `Bearer ${VIEWER_TOKEN}` };
    expect([(await send(from, bearer))[0], (await send(from, bearer))[0]]).toEqual([200, 200]);
    expect((await send(from, { ...leader, authorization: 'Bearer another' }))[0]).toBe(401);
    expect(asked).toBe(2);
  });
});

describe('H2Server and curl', { timeout: 20_000 }, () => {
  it.each(['--http1.1', '--http2'])('serves %s', async (version) => {
    const server = await api();
    const file = (name: string, text: string) => {
      writeFileSync(join(folders.dir, name), text);
      return join(folders.dir, name);
    };
    const credentials = [
      '--cacert',
      file('ca.crt', admin.ca),
      '--cert',
      file('a.crt', admin.cert),
      '--key',
      file('a.key', admin.key),
    ];
    const base = ['-sS', version, '-w', ' %{http_code}', ...credentials];
    const url = `https://${server.endpoint}`;
    expect((await execute('curl', [...base, `${url}/v1/leader`])).stdout).toBe(
      '{"who":"admin","role":"admin"} 200',
    );
    const put = ['-X', 'PUT', '-d', '{"value":"v"}', `${url}/v1/kv/k`];
    expect((await execute('curl', [...base, ...put])).stdout).toBe('{"value":"v"} 200');
    expect((await execute('curl', [...base, '-I', `${url}/livez`])).stdout).toMatch(/200/);
  });
});

describe('H2Server limits', { timeout: 20_000 }, () => {
  it('refuses a body above the limit of its endpoint, announced or not, and lives', async () => {
    const server = await api();
    const from = session(server);
    const put = { ':method': 'PUT', ':path': '/v1/kv/k' };
    const big = Buffer.alloc(LIMITS.maxValueBodyBytes + 1, 0x20);
    expect((await send(from, { ...put, 'content-length': big.length }, big))[0]).toBe(400);
    expect((await send(from, put, big))[0]).toBe(400);
    const join = { ':method': 'POST', ':path': '/v1/join' };
    const plain = Buffer.alloc(LIMITS.maxPlainBodyBytes + 1, 0x20);
    const stranger = session(server, {});
    expect((await send(stranger, { ...join, 'content-length': plain.length }, plain))[0]).toBe(400);
    expect((await send(stranger, join, plain))[0]).toBe(400);
    expect((await send(from, leader))[0]).toBe(200);
  });

  it('a body that trickles ends with the deadline of its request, not with its last byte', async () => {
    const server = await api();
    const stream = session(server).request(
      { ':method': 'PUT', ':path': '/v1/kv/k', 'x-sqlcc-timeout-ms': '150' },
      { endStream: false },
    );
    stream.on('error', () => {});
    const trickle = setInterval(() => stream.write(' '), 20);
    const began = performance.now();
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    clearInterval(trickle);
    expect(answer[':status']).toBe(504);
    expect(performance.now() - began).toBeLessThan(2000);
    stream.close();
  });

  it('refuses more than 64 headers and more than 16 KiB of them, by HTTP/2 and 1.1', async () => {
    const server = await api();
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`x-${i}`, 'v']));
    expect((await send(session(server), { ...leader, ...many }))[0]).not.toBe(200);
    const huge = { ...leader, 'x-huge': 'v'.repeat(20_000) };
    expect((await send(session(server), huge).catch(() => [0]))[0]).not.toBe(200);
    const tls = connectTls({
      host: '127.0.0.1',
      port: server.server.port,
      ...admin,
      ALPNProtocols: ['http/1.1'],
    });
    tls.on('error', () => {});
    tls.write(`GET /v1/leader HTTP/1.1\r\nHost: x\r\nx-huge: ${'v'.repeat(20_000)}\r\n\r\n`);
    let got = '';
    tls.on('data', (chunk: Buffer) => {
      got += chunk.toString();
    });
    await closed(tls);
    expect(got).not.toContain('200 OK');
    expect((await send(session(server), leader))[0]).toBe(200);
  });

  it('refuses a connection above the limits of its address and lets authenticated ones be', async () => {
    const admission = { connections: 100, handshakesPerAddress: 50, unauthenticatedPerAddress: 2 };
    const server = await api(handlers, { admission });
    const strangers = [session(server, {}), session(server, {})];
    for (const stranger of strangers) expect((await send(stranger, { ':path': '/livez' }))[0]).toBe(200);
    const third = session(server, {});
    await closed(third);
    strangers[0]?.destroy();
    await until('the place is free', () => server.server.connections === 1);
    for (let i = 0; i < 5; i++) expect((await send(session(server), leader))[0]).toBe(200);
  });

  it('60 clients of one address that start together all get in', async () => {
    const server = await api();
    const answers = await Promise.all(Array.from({ length: 60 }, () => send(session(server), leader)));
    expect(answers.map(([status]) => status)).toEqual(Array.from({ length: 60 }, () => 200));
  });

  it('a flood of resets ends its session and nobody else', async () => {
    const server = await api();
    const attacker = session(server);
    await once(attacker, 'connect');
    const over = closed(attacker);
    const flood = (): void => {
      if (attacker.closed || attacker.destroyed) return;
      for (let i = 0; i < 50; i++) {
        const stream = attacker.request(leader);
        stream.on('error', () => {});
        stream.close(8);
      }
      setImmediate(flood);
    };
    flood();
    await over;
    expect((await send(session(server), leader))[0]).toBe(200);
  });

  it('a handshake that never comes, and a session that says nothing, are closed in time', async () => {
    const server = await api();
    const silent = connectTcp(server.server.port, '127.0.0.1');
    silent.on('error', () => {});
    const mute = connectTls({ host: '127.0.0.1', port: server.server.port, ...admin, ALPNProtocols: ['h2'] });
    mute.on('error', () => {});
    mute.resume();
    const began = performance.now();
    await Promise.all([closed(silent), closed(mute)]);
    expect(performance.now() - began).toBeGreaterThan(LIMITS.handshakeTimeoutMs - 500);
    expect(performance.now() - began).toBeLessThan(LIMITS.handshakeTimeoutMs + 3000);
  }, 15_000);

  it('closes an idle session', async () => {
    const server = await api(handlers, { idleMs: 50 });
    const from = session(server);
    await closed(from);
  });

  it('rubbish on an open session ends that session only', async () => {
    const server = await api();
    const raw = connectTls({ host: '127.0.0.1', port: server.server.port, ...admin, ALPNProtocols: ['h2'] });
    raw.on('error', () => {});
    raw.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(200, 0xff)]));
    raw.resume();
    await closed(raw);
    expect((await send(session(server), leader))[0]).toBe(200);
  });
});

describe('H2Server streams', { timeout: 20_000 }, () => {
  /** Counts how many lines were asked of it, and whether it was closed. */
  function source(): { handlers: Handlers; given: () => number; closed: () => boolean } {
    let given = 0;
    let closed = false;
    const line = 'x'.repeat(1000);
    async function* lines(call: Call) {
      call.signal.addEventListener('abort', () => {
        closed = true;
      });
      for (;;) {
        given++;
        yield { given, line };
        if (given % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return {
      handlers: { events: async (call) => ({ stream: lines(call) }) },
      given: () => given,
      closed: () => closed,
    };
  }

  it.each(['h2', 'http/1.1'])(
    'a reader by %s that stops reading stops the source; leaving aborts the call',
    async (alpn) => {
      const endless = source();
      const server = await api(endless.handlers);
      let leave: () => void;
      if (alpn === 'h2') {
        const stream = session(server).request({ ':path': '/v1/events' });
        stream.on('error', () => {});
        stream.pause();
        leave = () => stream.close(8);
      } else {
        const tls = connectTls({
          host: '127.0.0.1',
          port: server.server.port,
          ...admin,
          ALPNProtocols: ['http/1.1'],
        });
        tls.on('error', () => {});
        tls.write('GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n');
        tls.pause();
        leave = () => void tls.destroy();
      }
      await until('the source was stopped', () => endless.given() > 0);
      let before = -1;
      while (before !== endless.given()) {
        before = endless.given();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(endless.given()).toBeLessThan(20_000); // kernel buffers of loopback hold some MB
      leave();
      await until('the call was aborted', () => endless.closed());
    },
  );

  it('a source that breaks resets the stream: it does not look like an end', async () => {
    async function* broken() {
      yield { n: 1 };
      throw new Error('broken');
    }
    const server = await api({ events: async () => ({ stream: broken() }) });
    const stream = session(server).request({ ':path': '/v1/events' });
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.on('error', () => {});
    await closed(stream);
    expect(stream.rstCode).not.toBe(0);
    expect(text).toBe('{"n":1}\n');
  });
});

describe('H2Server peers', { timeout: 20_000 }, () => {
  it('hands a verified node to onPeerStream, refuses persons, liars and transfers', async () => {
    const met: string[] = [];
    const server = await api(handlers, {
      onPeerStream: ({ nodeId }, purpose, stream) => {
        met.push(`${nodeId} ${purpose}`);
        stream.on('error', () => {});
      },
    });
    const pkiDir = await folders.node('n2');
    const node = {
      cert: readFileSync(join(pkiDir, 'node.crt'), 'utf8'),
      key: readFileSync(join(pkiDir, 'node.key'), 'utf8'),
    };
    const hello = (claims: Record<string, string>) => ({
      ':method': 'CONNECT',
      ':authority': server.endpoint,
      'x-sqlcc-stream': 'gossip',
      'x-sqlcc-node': 'n2',
      'x-sqlcc-cluster': 'c0ffee00-0000-4000-8000-000000000001',
      ...claims,
    });
    const status = async (tls: Partial<ClientTls>, claims: Record<string, string>) => {
      const stream = session(server, tls).request(hello(claims));
      stream.on('error', () => {});
      const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
      return answer[':status'];
    };
    expect(await status(node, {})).toBe(200);
    expect(await status(node, { 'x-sqlcc-node': 'n3' })).toBe(403);
    expect(await status(node, { 'x-sqlcc-cluster': 'other' })).toBe(403);
    expect(await status(node, { 'x-sqlcc-stream': 'control-tower' })).toBe(403);
    expect(await status(node, { 'x-sqlcc-stream': 'bulk', 'x-sqlcc-transfer': 'e30' })).toBe(403);
    expect(await status(admin, { 'x-sqlcc-node': 'admin' })).toBe(403);
    expect(await status({}, {})).toBe(401);
    expect(met).toEqual(['n2 gossip']);
  });
});

describe('H2Server start and stop', { timeout: 20_000 }, () => {
  it('says that the port is taken', async () => {
    const server = await api();
    const second = startApi(folders, handlers, { port: server.server.port });
    await expect(second).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  it('stop lets a request under way end, and takes no new one', async () => {
    const asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<{ body: { late: true } }>();
    const server = await api({
      leader: () => {
        asked.resolve();
        return late.promise;
      },
    });
    const from = session(server);
    const answer = send(from, leader);
    await asked.promise;
    apis.splice(0);
    const stopped = server.server.stop(2000);
    late.resolve({ body: { late: true } });
    expect(await answer).toEqual([200, '{"late":true}']);
    await stopped;
    const [error] = (await once(session(server), 'error')) as [Error & { code: string }];
    expect(error.code).toBe('ECONNREFUSED');
  });
});
