import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientClass } from '../../../src/rpc/undici-client.ts';

describe('the reset of calls that are given up', () => {
  it('leaves the HTTP/2 of others in the same process as it is', async () => {
    clientClass();
    const server = createServer((_request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ':path': '/' });
    expect(Object.hasOwn(stream, 'close')).toBe(false);
    stream.resume();
    await once(stream, 'close');
    session.close();
    server.close();
  });
});
