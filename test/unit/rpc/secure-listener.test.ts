import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readServerTls } from '../../../src/rpc/index.ts';
import { SecureListener } from '../../../src/rpc/secure-listener.ts';
import { FLAG, FRAME, flood, frame, requestFields } from '../../security/raw-http2.ts';
import { CLUSTER_ID, NodeFolders } from './node-folders.ts';

let folders: NodeFolders;
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterAll(() => folders.remove());

it('SecureListener closes its oldest stranger when one more takes what is to stay free, and that one too', async () => {
  let isShort = false;
  const listener = new SecureListener({
    ...{ tls: readServerTls(await folders.node('n1'), CLUSTER_ID), host: '127.0.0.1', port: 0 },
    ...{ anonymous: true, allowHttp1: true, idleMs: 1000, sessionMemoryMb: 1, resetBurst: 10, resetRate: 10 },
    reserve: { isTouched: () => isShort },
  });
  await listener.start();
  const come = async (): Promise<Socket> => {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => {});
    const { connections } = listener;
    await once(socket, 'connect');
    while (!isShort && listener.connections === connections) await new Promise((r) => setImmediate(r));
    return socket;
  };
  const [first, second] = [await come(), await come()];
  isShort = true;
  const third = await come();
  await Promise.all([once(first, 'close'), once(third, 'close')]);
  expect(second.closed).toBe(false);
  // where it was there is room, and it comes again
  isShort = false;
  const again = await come();
  expect([second.closed, again.closed, listener.connections]).toEqual([false, false, 2]);
  for (const socket of [second, again]) socket.destroy();
  await listener.stop(100);
});

it('SecureListener ends who floods a stream that was answered, which nghttp2 passes over', async () => {
  const tls = readServerTls(await folders.node('n1'), CLUSTER_ID);
  const listener = new SecureListener({
    ...{ tls, host: '127.0.0.1', port: 0, anonymous: true, allowHttp1: false, idleMs: 60_000 },
    ...{ sessionMemoryMb: 1, resetBurst: 10, resetRate: 10 },
  });
  listener.server.on('stream', (stream: ServerHttp2Stream) =>
    stream.respond({ ':status': 404 }, { endStream: true }),
  );
  await listener.start();
  const empty = frame({ type: FRAME.data, stream: 1 });
  const piece = Buffer.concat(Array.from({ length: 1000 }, () => empty));
  const { isClosed } = await flood(
    { host: '127.0.0.1', port: listener.port, rejectUnauthorized: false },
    {
      before: frame({
        type: FRAME.headers,
        flags: FLAG.endHeaders,
        stream: 1,
        payload: requestFields('PUT', '/'),
      }),
      ...{ piece: () => piece, framesInPiece: 1000, isBehindAnswer: true },
    },
    10_000,
  );
  expect(isClosed).toBe(true);
  await listener.stop(100);
});
