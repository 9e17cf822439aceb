import { EventEmitter, once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Duplex, type Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NOBODY } from '../../../src/auth/index.ts';
import { CALL_FRAME, encodeDocument } from '../../../src/rpc/call-frames.ts';
import { CallFront } from '../../../src/rpc/call-front.ts';
import { encodeFrames } from '../../../src/rpc/frame.ts';
import type { Router, RouterRequest } from '../../../src/rpc/router.ts';
import { UnderWay } from '../../../src/rpc/under-way.ts';
import { UnreadAnswers } from '../../../src/rpc/unread.ts';
import { startApi, type TestApi } from './api-fixture.ts';
import { NodeFolders } from './node-folders.ts';
import { until } from './peer-fixture.ts';

const ANSWER = 64 * 1024;
const LIMIT = 4 * ANSWER;
let folders: NodeFolders;
let api: TestApi;
const sessions: ClientHttp2Session[] = [];
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await api.server.stop(20);
});
afterAll(() => folders.remove());

/** A server whose every answer is 64 KiB; `gate`: none comes before it opens. */
async function serve(gate: Promise<void> = Promise.resolve()): Promise<void> {
  const answer = async () => {
    await gate;
    return { body: { text: 'x'.repeat(ANSWER) } };
  };
  api = await startApi(folders, { leader: answer, sql: answer }, { maxUnreadBytes: LIMIT });
}

/** A session of somebody who reads nothing: the server may send 16 bytes of each answer. */
async function reader(name: string): Promise<ClientHttp2Session> {
  const person = await folders.person(name, 'admin');
  const own = { ...person, ca: folders.authority.certPem, settings: { initialWindowSize: 16 } };
  const session = connect(`https://${api.endpoint}`, own).on('error', () => {});
  sessions.push(session);
  await once(session, 'connect');
  return session;
}

/** The status that a request gets; its answer stays unread. */
async function status(session: ClientHttp2Session, post = false): Promise<number> {
  const headers = post ? { ':method': 'POST', ':path': '/v1/sql' } : { ':path': '/v1/leader' };
  const stream = session.request({ ...headers, 'content-type': 'application/json' }).on('error', () => {});
  if (post) stream.end('{"statements":[{"sql":"SELECT 1"}]}');
  const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
  return answer[':status'];
}

describe('answers that nobody reads', { timeout: 60_000 }, () => {
  it('are bounded over all sessions of one name, whatever certificates it has, and cost nobody else', async () => {
    await serve();
    const statuses: number[] = [];
    const greedy = [await reader('greedy'), await reader('greedy'), await reader('greedy')];
    for (let n = 0; n < 9; n++) statuses.push(await status(greedy[n % 3] as ClientHttp2Session));
    expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
    expect(statuses.filter((s) => s === 200).length).toBeLessThanOrEqual(LIMIT / ANSWER);
    expect(statuses.slice(4)).toEqual(Array.from({ length: 5 }, () => 429));
    expect(await status(await reader('modest'))).toBe(200);
    // whoever goes leaves nothing behind
    for (const session of greedy) session.destroy();
    // its end takes some turns to be seen; what is refused until then costs nothing
    const again = await reader('greedy');
    let last = 429;
    for (let n = 0; n < 200 && last !== 200; n++) last = await status(again);
    expect(last).toBe(200);
  });

  it('that are made at the same time are dropped, and say what may have been done', async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    await serve(gate);
    const greedy = [await reader('greedy'), await reader('greedy')] as const;
    const asked = Array.from({ length: 12 }, (_, n) => status(greedy[n % 2 === 0 ? 0 : 1], n >= 6));
    await new Promise((resolve) => setImmediate(resolve));
    open();
    const statuses = await Promise.all(asked);
    expect(statuses.filter((s) => s === 200).length).toBeLessThanOrEqual(LIMIT / ANSWER);
    const [reads, writes] = [statuses.slice(0, 6), statuses.slice(6)];
    for (const s of reads) expect([200, 429]).toContain(s);
    for (const s of writes) expect([200, 504, 429]).toContain(s);
    expect(statuses.filter((s) => s !== 200).length).toBeGreaterThanOrEqual(8);
  });
});

describe('UnreadAnswers', () => {
  it('counts until an answer has left, or its connection ended without a word of that', () => {
    const unread = new UnreadAnswers(10);
    let taken = (): void => {};
    // as an answer of HTTP/1.1: told of the end of what it sent, and of nothing when it is cut off
    class Sink extends EventEmitter {
      readonly closed = false;
      end(_answer: Buffer, left: () => void): void {
        taken = left;
      }
    }
    const sinks = [new Sink(), new Sink()] as const;
    for (const sink of sinks) unread.endWith(sink as unknown as Writable, Buffer.alloc(6), 'anna');
    expect(unread.of('anna')).toBe(12);
    expect(() => unread.check('anna')).toThrow('wait to be read');
    taken();
    sinks[1].emit('close');
    expect(unread.of('anna')).toBe(6);
    sinks[0].emit('close');
    expect(unread.of('anna')).toBe(0);
    expect(unread.isTooMuch('anna', 1000)).toBe(false);
  });
});

describe('a call stream that nobody reads', () => {
  it('counts what it holds for its caller, drops what is too much, and counts nothing after its end', async () => {
    await serve();
    const unread = new UnreadAnswers(1000);
    // a connection whose other end takes nothing
    const stuck = new Duplex({ read() {}, write() {}, highWaterMark: 1 << 20 });
    const router = {
      answer: (_request: RouterRequest, done: (answer: object) => void) =>
        done({ status: 200, headers: {}, body: 'y'.repeat(400) }),
      refuse: () => ({ status: 429, headers: {}, body: {} }),
    } as unknown as Router;
    const caller = { unread, underWay: new UnderWay(), address: '', account: 'anna', identify: () => NOBODY };
    const options = { stream: stuck, router, caller, authorization: undefined };
    new CallFront(options as unknown as ConstructorParameters<typeof CallFront>[0]);
    const held: number[] = [];
    for (let id = 1; id <= 6; id++) {
      const payload = encodeDocument({ id, m: 'GET', p: '/v1/leader' } as never);
      stuck.push(encodeFrames([{ type: CALL_FRAME.call, payload }]));
      await new Promise((resolve) => setTimeout(resolve, 5));
      held.push(unread.of('anna'));
    }
    expect(held[1]).toBeGreaterThan(800);
    // after the second only words of refusal are added
    expect(held[5]).toBeLessThan(1000 + 4 * 250);
    stuck.destroy();
    await until('its end', () => unread.of('anna') === 0);
  });
});
