import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient, type HttpClientOptions } from '../../../src/rpc/index.ts';
import { UnderWay } from '../../../src/rpc/under-way.ts';
import { startApi, type TestApi } from './api-fixture.ts';
import { NodeFolders } from './node-folders.ts';
import { until } from './peer-fixture.ts';

const LIMIT = 256 * 1024;
/** Three of them fit. */
const BODY = JSON.stringify({ statements: [{ sql: `SELECT '${'x'.repeat(80_000)}'` }] });
let folders: NodeFolders;
let api: TestApi;
let open: () => void;
const sessions: ClientHttp2Session[] = [];
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await api.server.stop(20);
});
afterAll(() => folders.remove());

/** A server that answers nothing before `open`. */
async function serve(): Promise<void> {
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const sql = async () => {
    await gate;
    return { body: {} };
  };
  api = await startApi(folders, { sql }, { maxUnderWayBytes: LIMIT });
}

async function sessionOf(name: string): Promise<ClientHttp2Session> {
  const person = await folders.person(name, 'admin');
  const session = connect(`https://${api.endpoint}`, { ...person, ca: folders.authority.certPem });
  sessions.push(session.on('error', () => {}));
  await once(session, 'connect');
  return session;
}

/** The status of the answer. */
async function ask(session: ClientHttp2Session): Promise<number> {
  const headers = { ':method': 'POST', ':path': '/v1/sql', 'content-type': 'application/json' };
  const stream = session.request(headers).on('error', () => {});
  stream.resume().end(BODY);
  const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
  return answer[':status'];
}

describe('requests under way', { timeout: 60_000 }, () => {
  it('are bounded over all sessions of one name, and cost nobody else', async () => {
    await serve();
    const greedy = [await sessionOf('greedy'), await sessionOf('greedy'), await sessionOf('greedy')];
    const asked = Array.from({ length: 9 }, (_, n) => ask(greedy[n % 3] as ClientHttp2Session));
    const refused: number[] = [];
    for (const one of asked) void one.then((status) => refused.push(status));
    await until('six refusals', () => refused.length === 6);
    const modest = ask(await sessionOf('modest'));
    expect(refused).toEqual([429, 429, 429, 429, 429, 429]);
    open();
    expect(await modest).toBe(200);
    const statuses = await Promise.all(asked);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    // and there is room again
    expect(await ask(greedy[0] as ClientHttp2Session)).toBe(200);
  });

  it('of call streams count with them', async () => {
    await serve();
    const { cert, key } = await folders.person('greedy', 'admin');
    const client = new HttpClient({ ca: folders.authority.certPem, cert, key } as HttpClientOptions);
    const streams = [await client.openCallStream(api.endpoint), await client.openCallStream(api.endpoint)];
    const body = JSON.parse(BODY) as object;
    const call = { method: 'POST', path: '/v1/sql', headers: {}, body };
    const asked = Array.from({ length: 6 }, (_, n) => streams[n % 2]?.call(call, 5000));
    const early: (number | undefined)[] = [];
    for (const one of asked) void one?.then(({ status }) => early.push(status));
    await until('three refusals', () => early.length === 3);
    expect(early).toEqual([429, 429, 429]);
    open();
    const statuses = (await Promise.all(asked)).map((answer) => answer?.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect((await streams[0]?.call(call, 5000))?.status).toBe(200);
    await client.close();
  });
});

describe('UnderWay', () => {
  it('takes any first one, and counts nothing that it refuses', () => {
    const all = new UnderWay(10);
    const first = all.open(() => 'anna');
    first.take(12);
    expect(() => all.add('anna', 1)).toThrow('under way');
    expect(all.of('anna')).toBe(12);
    first.close();
    first.close();
    expect(all.of('anna')).toBe(0);
  });
});
