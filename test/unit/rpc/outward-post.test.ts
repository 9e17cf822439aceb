import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { AbortLink, outwardAddresses, postOutward } from '../../../src/rpc/index.ts';
import { answer, HttpReceiver } from './http-receiver.ts';
import { NodeFolders } from './node-folders.ts';
import { until } from './peer-fixture.ts';

const signal = new AbortController().signal;
const named =
  (address: string, family = 4) =>
  async () => [{ address, family }];

describe('outwardAddresses', () => {
  const loopback = [
    '127.0.0.1',
    '127.8.9.10',
    '0.0.0.0',
    '::1',
    '[::1]',
    '::',
    '::ffff:127.0.0.1',
    '[::ffff:7f00:1]',
  ];
  const forbidden = [
    '169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    '224.0.0.1',
    'ff02::1',
    '::ffff:169.254.169.254',
  ];

  it.each(loopback)('%s is this machine, for those who allow it', async (host) => {
    const strict = await outwardAddresses({ host, allowLoopback: false, signal });
    expect(strict).toMatchObject({
      ok: false,
      why: 'refused',
      reason: expect.stringMatching(/allow_loopback: true/),
    });
    expect(await outwardAddresses({ host, allowLoopback: true, signal })).toMatchObject({
      ok: true,
      loopback: true,
    });
  });

  it.each(forbidden)('%s is nobody that is to be told anything', async (host) => {
    const found = await outwardAddresses({ host, allowLoopback: true, signal });
    expect(found).toMatchObject({ ok: false, why: 'refused', reason: expect.stringMatching(/link-local/) });
  });

  it.each(['10.1.2.3', '192.0.2.1', '2001:db8::1', 'fd12::1'])('%s is somebody', async (host) => {
    expect(await outwardAddresses({ host, allowLoopback: false, signal })).toMatchObject({
      ok: true,
      loopback: false,
    });
  });

  it('judges what a name means, every address of it', async () => {
    const judge = (addresses: string[]) => {
      const resolve = async () =>
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      return outwardAddresses({ host: 'hooks.example', allowLoopback: false, signal, resolve });
    };
    expect(await judge(['192.0.2.1', '2001:db8::1'])).toMatchObject({ ok: true });
    expect(await judge(['192.0.2.1', '127.0.0.1'])).toMatchObject({ ok: false, why: 'refused' });
    expect(await judge(['2001:db8::1', '::ffff:169.254.169.254'])).toMatchObject({
      ok: false,
      why: 'refused',
    });
    expect(await judge([])).toMatchObject({ ok: false, why: 'unknown' });
    // the machine's own file of hosts says so
    const local = await outwardAddresses({ host: 'localhost', allowLoopback: false, signal });
    expect(local).toMatchObject({
      ok: false,
      why: 'refused',
      reason: expect.stringMatching(/^localhost is this machine/),
    });
  });

  it('tells a name server that fails from one that never answers', async () => {
    const broken = async () => Promise.reject(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }));
    const goal = { host: 'hooks.example', allowLoopback: false };
    const failed = await outwardAddresses({ ...goal, signal, resolve: broken });
    expect(failed).toEqual({ ok: false, why: 'unknown', reason: 'hooks.example has no address: EAI_AGAIN' });
    const abort = new AbortController();
    const waiting = outwardAddresses({ ...goal, signal: abort.signal, resolve: () => new Promise(() => {}) });
    abort.abort();
    await expect(waiting).rejects.toHaveProperty('name', 'AbortError');
  });
});

describe('postOutward', () => {
  let receiver: HttpReceiver;
  beforeEach(async () => {
    receiver = await HttpReceiver.start();
  });
  afterEach(() => receiver.stop());

  const post = (url: string, changes: Partial<Parameters<typeof postOutward>[0]> = {}) => {
    const fixed = { headers: { 'content-type': 'application/json' }, body: '{"a":1}', timeoutMs: 5000 };
    return postOutward({
      url: new URL(url),
      ...fixed,
      allowLoopback: true,
      isSecret: false,
      signals: [signal],
      ...changes,
    });
  };

  it('sends the body with its headers and tells the answer', async () => {
    receiver.behaviour = answer(429, 'slow down', { 'retry-after': '7' });
    expect(await post(receiver.url('/a?b=c'))).toEqual({
      ...{ kind: 'answered', status: 429, retryAfter: '7', location: null },
      text: 'slow down',
    });
    const [request] = receiver.requests;
    expect(request).toMatchObject({ path: '/a?b=c', body: '{"a":1}' });
    expect(request?.headers['content-type']).toBe('application/json');
    // at once: a kept connection would stand for 4 s
    await until('its connection to be closed', () => receiver.open === 0, 2000);
  });

  it('connects to the address that was judged and asks for it once', async () => {
    let asked = 0;
    const resolve = async () => {
      asked++;
      return [{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }];
    };
    const told = await post(receiver.url('/', 'hooks.example'), { resolve });
    expect(told).toMatchObject({ kind: 'answered', status: 200 });
    expect(asked).toBe(1);
    expect(receiver.requests[0]?.headers.host).toBe(`hooks.example:${receiver.port}`);
  });

  it('sends nothing to this machine and no secret without TLS', async () => {
    const strict = { allowLoopback: false };
    expect(await post(receiver.url(), strict)).toMatchObject({ kind: 'refused' });
    expect(
      await post(receiver.url('/', 'hooks.example'), { ...strict, resolve: named('127.0.0.1') }),
    ).toMatchObject({
      kind: 'refused',
    });
    const clear = await post('http://hooks.example/', { isSecret: true, resolve: named('192.0.2.1') });
    expect(clear).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/https/) });
    expect(receiver.connections).toBe(0);
    expect(await post(receiver.url(), { isSecret: true })).toMatchObject({ kind: 'answered' });
  });

  it('follows no redirect', async () => {
    const other = await HttpReceiver.start();
    receiver.behaviour = answer(307, '', { location: other.url('/there') });
    expect(await post(receiver.url())).toMatchObject({ status: 307, location: other.url('/there') });
    expect(other.connections).toBe(0);
    await other.stop();
  });

  it('reads so much of an answer and lets the rest go', async () => {
    receiver.behaviour = (response) => {
      response.writeHead(200);
      const flood = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', flood);
      };
      flood();
    };
    // an hour: it must end by itself
    const told = await post(receiver.url(), { timeoutMs: 3_600_000 });
    expect(told).toMatchObject({ kind: 'answered', status: 200 });
    expect(told.kind === 'answered' && told.text.length).toBe(LIMITS.maxReceiverAnswerBytes);
    await until('its connection to be closed', () => receiver.open === 0);
  });

  it('takes a status for an answer, whatever becomes of the body', async () => {
    receiver.behaviour = (response) => response.writeHead(202).write('beg');
    expect(await post(receiver.url(), { timeoutMs: 200 })).toMatchObject({ kind: 'answered', status: 202 });
    receiver.behaviour = (response) => {
      response.writeHead(500, { 'content-length': '100' });
      response.write('half', () => response.socket?.resetAndDestroy());
    };
    expect(await post(receiver.url())).toMatchObject({ kind: 'answered', status: 500 });
  });

  it.each<[string, HttpReceiver['behaviour'], RegExp]>([
    ['silence', () => {}, /^no answer within 200 ms$/],
    ['a reset', (response) => response.socket?.resetAndDestroy(), /ECONNRESET|other side closed/],
    ['an end without answer', (response) => response.socket?.end(), /other side closed/],
    ['what is no HTTP', (response) => response.socket?.end('SSH-2.0-x\r\n'), /HPE_INVALID|Expected HTTP/],
    [
      'endless headers',
      (response) => response.writeHead(200, { big: 'x'.repeat(100_000) }).end(),
      /overflow/i,
    ],
  ])('calls %s a failure', async (_what, behaviour, reason) => {
    receiver.behaviour = behaviour;
    const told = await post(receiver.url(), { timeoutMs: 200 });
    expect(told).toEqual({ kind: 'failed', reason: expect.stringMatching(reason) });
    await until('its connection to be closed', () => receiver.open === 0);
  });

  it('is one deadline, also for a name server that never answers', async () => {
    const told = await post('https://hooks.example/', {
      timeoutMs: 50,
      resolve: () => new Promise(() => {}),
    });
    expect(told).toEqual({ kind: 'failed', reason: 'no answer within 50 ms' });
  });

  it('ends when it is aborted', async () => {
    const abort = new AbortController();
    receiver.behaviour = () => abort.abort();
    expect(await post(receiver.url(), { signals: [signal, abort.signal] })).toEqual({
      kind: 'failed',
      reason: 'it was given up',
    });
    expect(await post(receiver.url(), { signals: [signal, abort.signal] })).toEqual({
      kind: 'failed',
      reason: 'it was given up',
    });
    expect(receiver.connections).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('AbortLink', () => {
  it('follows any of its sources, also one that has ended already', () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const link = new AbortLink([a.signal, b.signal]);
    expect(link.signal.aborted).toBe(false);
    b.abort();
    expect(link.signal.aborted).toBe(true);
    expect(new AbortLink([a.signal, b.signal]).signal.aborted).toBe(true);
  });

  it('leaves nothing on a source that goes on', () => {
    const long = new AbortController();
    const links = Array.from({ length: 10 }, () => new AbortLink([long.signal]));
    expect(getEventListeners(long.signal, 'abort')).toHaveLength(10);
    for (const link of links) link.release();
    expect(getEventListeners(long.signal, 'abort')).toHaveLength(0);
    long.abort();
    expect(links.some((link) => link.signal.aborted)).toBe(false);
  });
});

describe('postOutward over TLS', () => {
  let folders: NodeFolders;
  let receiver: HttpReceiver;
  const before = getCACertificates('default');
  beforeAll(async () => {
    folders = await NodeFolders.create();
    const pkiDir = await folders.node('n1');
    const read = (file: string): string => readFileSync(join(pkiDir, file), 'utf8');
    receiver = await HttpReceiver.start({ cert: read('node.crt'), key: read('node.key') });
  });
  afterAll(async () => {
    setDefaultCACertificates(before);
    await receiver.stop();
    folders.remove();
  });
  const post = (url: string) => {
    const fixed = {
      headers: {},
      body: '{}',
      timeoutMs: 5000,
      allowLoopback: true,
      isSecret: true,
      signals: [signal],
    };
    return postOutward({ url: new URL(url), ...fixed, resolve: named('127.0.0.1') });
  };

  it('refuses a certificate of an unknown authority, and one of another name', async () => {
    const unknown = await post(receiver.url());
    expect(unknown).toEqual({ kind: 'failed', reason: expect.stringMatching(/certificate|issuer/i) });
    setDefaultCACertificates([...before, folders.authority.certPem]);
    const other = await post(receiver.url('/', 'hooks.example'));
    expect(other).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(/ALTNAME_INVALID|does not match/),
    });
    expect(receiver.requests).toEqual([]);
  });

  it('takes one of an authority that the process knows', async () => {
    setDefaultCACertificates([...before, folders.authority.certPem]);
    expect(await post(receiver.url())).toMatchObject({ kind: 'answered', status: 200 });
  });
});
