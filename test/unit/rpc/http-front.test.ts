import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../../../src/rpc/index.ts';
import { startApi } from './api-fixture.ts';
import { NodeFolders } from './node-folders.ts';
import { until } from './peer-fixture.ts';

let folders: NodeFolders;
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterAll(() => folders.remove());

/** Whatever was sent before has been read by the other end once it answers a ping. */
function heard(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
}

describe('serveStream', { timeout: 20_000 }, () => {
  it('a signal that is first asked for when the caller has left is aborted already', async () => {
    const calls: Call[] = [];
    const { server, endpoint } = await startApi(folders, {
      leader: (call) => {
        calls.push(call);
        return new Promise(() => {}); // never answers
      },
    });
    const admin = await folders.person('admin', 'admin');
    const session = connect(`https://${endpoint}`, { ...admin, ca: folders.authority.certPem });
    session.on('error', () => {});
    const request = () => session.request({ ':path': '/v1/leader' }).on('error', () => {});
    const [left, stays] = [request(), request()];
    await until('both calls', () => calls.length === 2);
    left.close(8);
    await once(left, 'close');
    await heard(session);
    expect(calls.map((call) => call.signal.aborted)).toEqual([true, false]);
    stays.close(8);
    await until('the other left, too', () => calls[1]?.signal.aborted === true);
    session.destroy();
    await server.stop(50);
  });
});
