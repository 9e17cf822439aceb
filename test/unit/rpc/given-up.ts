/**
 * A process of its own, because Node 26 would write empty frames without end: calls (`calls`) and an answer
 * (`answer`) that are given up while a part of them waits for the other end. Says `went on` when both ends
 * still talk behind that.
 */
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { HttpClient, readServerTls } from '../../../src/rpc/index.ts';
import { startApi } from './api-fixture.ts';
import { CLUSTER_ID, NodeFolders } from './node-folders.ts';
import { until } from './peer-fixture.ts';

const WINDOW_BYTES = 2 ** 20;
const CALLS = 14;
/** Where it has to be waited at all, the machine is busy. */
const PATIENCE_MS = 100_000;

const folders = await NodeFolders.create();
const { cert, key, ca } = await folders.person('admin', 'admin');

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** More than TCP and the windows take, given up; one more call keeps the session. */
async function calls(): Promise<void> {
  const pki = await folders.node('n1');
  const settings = { initialWindowSize: WINDOW_BYTES };
  const server = createSecureServer({ ...readServerTls(pki, CLUSTER_ID), settings, maxSessionMemory: 1000 });
  const streams: ServerHttp2Stream[] = [];
  server.on('session', (session) => session.setLocalWindowSize(4 * CALLS * WINDOW_BYTES));
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    streams.push(stream);
  });
  const port = await listening(server as unknown as Server);
  const callers: Socket[] = [];
  const between = createServer((caller) => {
    callers.push(caller);
    const called = connectTcp(port, '127.0.0.1');
    caller.on('data', (bytes) => called.write(bytes));
    called.on('data', (bytes) => caller.write(bytes));
  });
  const http = new HttpClient({ ca, connectTimeoutMs: PATIENCE_MS });
  const endpoint = `127.0.0.1:${await listening(between)}`;
  const kept = http.request({ endpoint, method: 'GET', path: '/', timeoutMs: PATIENCE_MS });
  await until('the call that is kept', () => streams.length === 1, PATIENCE_MS);
  callers[0]?.pause();
  const body = 'x'.repeat(WINDOW_BYTES + 50_000);
  const post = { endpoint, method: 'POST', path: '/', body, timeoutMs: 300 };
  await Promise.allSettled(Array.from({ length: CALLS }, () => http.request(post)));
  callers[0]?.resume();
  await until('all calls', () => streams.length === 1 + CALLS, PATIENCE_MS);
  for (const stream of streams) stream.resume();
  await until('their ends', () => streams.slice(1).every((stream) => stream.closed), PATIENCE_MS);
  streams[0]?.respond({ ':status': 204 }, { endStream: true });
  await kept;
}

/** More than the window takes, to a request whose body is not read; its stream is destroyed. */
async function answer(): Promise<void> {
  const streams: ServerHttp2Stream[] = [];
  subscribe('http2.server.stream.start', (message) =>
    streams.push((message as unknown as { readonly stream: ServerHttp2Stream }).stream),
  );
  const text = 'x'.repeat(WINDOW_BYTES);
  const { endpoint } = await startApi(folders, { leader: async () => ({ text }) });
  const session = connect(`https://${endpoint}`, { ca, cert, key, settings: { initialWindowSize: 1000 } });
  const asked = session.request({ ':path': '/v1/leader' }, { endStream: false });
  asked.on('error', () => {});
  await once(asked, 'response');
  // the end of the answer, and what is done behind it, come in the turns after
  await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
  streams[0]?.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  asked.resume();
  await once(asked, 'close');
  await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
}

await (process.argv[2] === 'calls' ? calls() : answer());
folders.remove();
process.stdout.write('went on\n');
process.exit(0);
