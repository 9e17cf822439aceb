import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS, SqlccError } from '../../../src/base/index.ts';
import {
  type CallStream,
  type ClientTls,
  encodeFrames,
  type Handlers,
  HttpClient,
} from '../../../src/rpc/index.ts';
import { startApi, type TestApi, VIEWER_TOKEN } from './api-fixture.ts';
import { NodeFolders } from './node-folders.ts';
import { until } from './peer-fixture.ts';

let folders: NodeFolders;
let admin: Required<ClientTls>;
const apis: TestApi[] = [];
const clients: HttpClient[] = [];
const streams: CallStream[] = [];

beforeAll(async () => {
  folders = await NodeFolders.create();
  admin = await folders.person('admin', 'admin');
});
afterAll(() => folders.remove());
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(apis.splice(0).map((api) => api.server.stop(50)));
});

async function open(handlers: Handlers, credentials: Partial<ClientTls> & { token?: string } = admin) {
  const api = await startApi(folders, handlers);
  apis.push(api);
  const client = new HttpClient({ ca: admin.ca, ...credentials });
  clients.push(client);
  const stream = await client.openCallStream(api.endpoint);
  streams.push(stream);
  return { api, stream };
}

const put = (value: unknown) => ({ method: 'PUT', path: '/v1/kv/k', body: { value } });

describe('CallStream', { timeout: 20_000 }, () => {
  it('many calls in flight each get their own answer, in whatever order they end', async () => {
    const handlers: Handlers = {
      getKey: async (call) => {
        if (Number(call.params['key']) % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        return { body: { key: call.params['key'] } };
      },
    };
    const { stream } = await open(handlers);
    const keys = Array.from({ length: 500 }, (_, i) => String(i));
    const answers = await Promise.all(
      keys.map((key) => stream.call({ method: 'GET', path: `/v1/kv/${key}` }, 5000)),
    );
    expect(answers.map((answer) => answer.body)).toEqual(keys.map((key) => ({ key })));
    expect(stream.inFlight).toBe(0);
  });

  it('goes through the same policy, schemas and errors as a request', async () => {
    const handlers: Handlers = {
      putKey: async () => {
        throw new SqlccError('not_leader', 'ask n2', {
          details: { leader: { node_id: 'n2', host: 'h2', port: 1 } },
        });
      },
      livez: async () => ({ text: 'ok' }),
    };
    const { stream } = await open(handlers);
    expect(await stream.call(put('v'), 1000)).toMatchObject({
      status: 307,
      headers: { location: 'https://h2:1/v1/kv/k' },
      body: { code: 'not_leader' },
    });
    expect(await stream.call(put(7), 1000)).toMatchObject({
      status: 400,
      body: { code: 'invalid_argument' },
    });
    expect((await stream.call({ method: 'GET', path: '/nowhere' }, 1000)).status).toBe(404);
    expect((await stream.call({ method: 'GET', path: '/livez' }, 1000)).body).toBe('ok');
    const viewer = await open(handlers, { cert: undefined, key: undefined, token: VIEWER_TOKEN } as never);
    expect((await viewer.stream.call(put('v'), 1000)).status).toBe(403);
  });

  it('an endpoint that streams is refused before its handler holds anything', async () => {
    const reached: string[] = [];
    const endless = async (call: { endpoint: string }) => {
      reached.push(call.endpoint);
      return { stream: (async function* () {})() };
    };
    const { stream } = await open({ events: endless, watchKey: endless, watchKeys: endless });
    for (const path of ['/v1/events', '/v1/events?follow=1', '/v1/kv/a?watch=1', '/v1/kv?prefix=a&watch=1']) {
      const answer = await stream.call({ method: 'GET', path }, 1000);
      expect([path, answer.status]).toEqual([path, 400]);
    }
    expect(reached).toEqual([]);
  });

  it('calls under way have a bounded size: above it the stream is not read until some are answered', async () => {
    let begun = 0;
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handlers: Handlers = {
      sql: async () => {
        begun++;
        await released;
        return { body: {} };
      },
    };
    const { stream } = await open(handlers);
    const sql = `select '${'x'.repeat(900_000)}'`;
    const body = { statements: Array.from({ length: 7 }, () => ({ sql })) };
    const calls = Array.from({ length: 9 }, () =>
      stream.call({ method: 'POST', path: '/v1/sql', body }, 10_000),
    );
    const bytes = JSON.stringify(body).length;
    const fit = Math.floor(LIMITS.maxCallBytesInFlight / bytes) + 1;
    await until('as many as fit are under way', () => begun >= fit);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(begun).toBeLessThanOrEqual(fit + 1);
    release();
    expect((await Promise.all(calls)).map((answer) => answer.status)).toEqual(Array.from(calls, () => 200));
  });

  it('without credentials there is no stream', async () => {
    const api = await startApi(folders, {});
    apis.push(api);
    const client = new HttpClient({ ca: admin.ca });
    clients.push(client);
    await expect(client.openCallStream(api.endpoint)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('a broken stream: what had left is unknown, what comes later was never sent', async () => {
    const { api, stream } = await open({ putKey: () => new Promise(() => {}) });
    let over = 0;
    stream.onClose(() => over++);
    const left = stream.call(put('v'), 5000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await api.server.stop(0);
    await expect(left).rejects.toMatchObject({ code: 'outcome_unknown', details: { sent: true } });
    expect(stream.isOpen).toBe(false);
    await expect(stream.call(put('v'), 10)).rejects.toMatchObject({
      code: 'unavailable',
      details: { sent: false },
    });
    stream.onClose(() => over++);
    expect(over).toBe(2);
  });

  it('a call that is not answered ends by its own timer', async () => {
    const { stream } = await open({ putKey: () => new Promise(() => {}) });
    const began = performance.now();
    await expect(stream.call(put('v'), 50)).rejects.toMatchObject({
      code: 'deadline_exceeded',
      details: { sent: true },
    });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(stream.inFlight).toBe(0);
  });

  it('a farewell lets calls under way end and takes no new ones', async () => {
    let release: () => void = () => {};
    const { api, stream } = await open({
      putKey: () =>
        new Promise((resolve) => {
          release = () => resolve({ body: { done: true } });
        }),
    });
    const under = stream.call(put('v'), 5000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stopped = api.server.stop(2000);
    await until('the farewell came', () => !stream.isOpen);
    await expect(stream.call(put('v'), 10)).rejects.toMatchObject({ details: { sent: false } });
    release();
    expect((await under).body).toEqual({ done: true });
    await stopped;
  });

  it('a stream that is left rejects what may move, and ends when the last of the others is answered', async () => {
    const release: (() => void)[] = [];
    const { stream } = await open({
      putKey: () => new Promise((resolve) => release.push(() => resolve({ body: { done: true } }))),
    });
    const bound = stream.call(put('v'), 5000);
    const movable = stream.call({ ...put('v'), isMovable: true }, 5000);
    await until('both are under way', () => release.length === 2);
    const unsent = stream.call(put('v'), 5000);
    const over = stream.leave('another node leads now', 5000);
    expect(stream.isOpen).toBe(false);
    const left = { message: expect.stringContaining('another node leads now') };
    await expect(movable).rejects.toMatchObject({
      ...left,
      code: 'outcome_unknown',
      details: { sent: true },
    });
    await expect(unsent).rejects.toMatchObject({ ...left, code: 'unavailable', details: { sent: false } });
    expect(stream.inFlight).toBe(1);
    for (const answer of release) answer();
    expect((await bound).body).toEqual({ done: true });
    await over;
  });

  it('a stream that is left waits for a silent node so long and no longer, and says so', async () => {
    const { stream } = await open({ putKey: () => new Promise(() => {}) });
    const bound = stream.call(put('v'), 60_000);
    bound.catch(() => {}); // looked at below
    await new Promise((resolve) => setTimeout(resolve, 30));
    await stream.leave('another node leads now', 50);
    await expect(bound).rejects.toMatchObject({
      code: 'outcome_unknown',
      message: expect.stringContaining('another node leads now, and no answer came within 50 ms'),
    });
  });

  it('more calls than the limit are refused as overloaded, here and there', async () => {
    const { stream } = await open({ putKey: () => new Promise(() => {}) });
    const waiting = Array.from({ length: LIMITS.maxCallsInFlight }, () => stream.call(put('v'), 5000));
    for (const call of waiting) call.catch(() => {});
    await expect(stream.call(put('v'), 5000)).rejects.toMatchObject({ code: 'overloaded' });
    stream.close();
    expect((await Promise.allSettled(waiting)).every((r) => r.status === 'rejected')).toBe(true);
  });

  it('an answer above a frame becomes an error, a call above one is refused here', async () => {
    const { stream } = await open({
      putKey: async () => ({ body: { big: 'x'.repeat(LIMITS.maxFrameBytes) } }),
    });
    expect(await stream.call(put('v'), 5000)).toMatchObject({
      status: 409,
      body: { code: 'failed_precondition' },
    });
    await expect(stream.call(put('x'.repeat(LIMITS.maxFrameBytes)), 5000)).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    expect(stream.isOpen).toBe(true);
  });

  it("a handler's body that is no JSON is internal, and the stream goes on", async () => {
    const { stream } = await open({
      getKey: async () => ({ body: { n: 1n } }),
      livez: async () => ({ text: 'ok' }),
    });
    expect((await stream.call({ method: 'GET', path: '/v1/kv/k' }, 1000)).status).toBe(500);
    expect((await stream.call({ method: 'GET', path: '/livez' }, 1000)).body).toBe('ok');
  });

  it('rubbish in place of calls closes that stream, and the server lives', async () => {
    const { api, stream } = await open({ livez: async () => ({ text: 'ok' }) });
    const session = connectHttp2(`https://${api.endpoint}`, admin);
    session.on('error', () => {});
    const payloads = fc.sample(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      60,
    );
    for (const payload of payloads) {
      const raw = session.request({
        ':method': 'CONNECT',
        ':authority': api.endpoint,
        'x-sqlcc-stream': 'client',
      });
      raw.on('error', () => {});
      await once(raw, 'response');
      const over = new Promise((resolve) => raw.once('close', resolve));
      raw.write(encodeFrames([{ type: 10, payload }]));
      await over;
    }
    session.destroy();
    expect((await stream.call({ method: 'GET', path: '/livez' }, 1000)).body).toBe('ok');
    expect(api.bugs).toEqual([]);
  });

  it('a reader that does not read its answers is not read either', async () => {
    let served = 0;
    const { api } = await open({
      getKey: async () => {
        served++;
        return { body: { text: 'x'.repeat(10_000) } };
      },
    });
    const session = connectHttp2(`https://${api.endpoint}`, admin);
    session.on('error', () => {});
    const raw = session.request({
      ':method': 'CONNECT',
      ':authority': api.endpoint,
      'x-sqlcc-stream': 'client',
    });
    raw.on('error', () => {});
    await once(raw, 'response');
    const payload = Buffer.from('{"id":1,"m":"GET","p":"/v1/kv/k"}');
    const batch = encodeFrames(Array.from({ length: 100 }, () => ({ type: 10, payload })));
    for (let i = 0; i < 200; i++) raw.write(batch);
    let before = -1;
    while (before !== served || served === 0) {
      before = served;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(served).toBeLessThan(20_000);
    session.destroy();
  });
});
