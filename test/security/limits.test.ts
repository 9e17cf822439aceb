/** Bytes that nobody should send: too long, too many, too slow, not HTTP at all. The daemon lives and keeps its term. */
import { type ClientHttp2Session, connect as connectH2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/index.ts';
import { sharedCluster, until } from '../cluster/harness.ts';
import { adminFile } from '../cluster/http-caller.ts';
import { stopwatch } from '../cluster/stopwatch.ts';
import { type Certified, Signer } from './credentials.ts';

const shared = sharedCluster(1);
let term = 0;

beforeAll(async () => {
  term = (await shared().client().status()).raft.term;
});

/** After each attack: the same process, the same term, and it still writes. */
afterEach(async () => {
  const cluster = shared();
  expect(cluster.node('n1').child?.exitCode).toBeNull();
  expect((await cluster.client().kv.put('alive', 'yes')).key).toBe('alive');
  expect((await cluster.client().status()).raft.term).toBe(term);
});

function admin(): Certified & { ca: string } {
  const cluster = shared();
  return {
    ca: adminFile(cluster, 'ca.crt'),
    cert: adminFile(cluster, 'admin.crt'),
    key: adminFile(cluster, 'admin.key'),
  };
}

function session(): ClientHttp2Session {
  const opened = connectH2(`https://127.0.0.1:${shared().node('n1').port}`, admin());
  opened.on('error', () => {});
  return opened;
}

interface Outcome {
  /** 0 = the stream or connection ended without an answer. */
  readonly status: number;
  /** Without those in which somebody waited for a core. */
  readonly ms: number;
}

/** One request; `feed` writes its body. */
function outcome(
  from: ClientHttp2Session,
  headers: Record<string, string>,
  feed: (stream: NodeJS.WritableStream) => void = (stream) => stream.end(),
): Promise<Outcome> {
  const tookMs = stopwatch();
  return new Promise((resolve) => {
    const done = (status: number): void => resolve({ status, ms: tookMs() });
    let stream: ReturnType<ClientHttp2Session['request']>;
    try {
      stream = from.request(headers);
    } catch {
      done(0);
      return;
    }
    stream.once('response', (answer) => done(Number(answer[':status'])));
    stream.on('error', () => done(0));
    stream.once('close', () => done(0));
    stream.resume();
    feed(stream);
  });
}

const put = { ':method': 'PUT', ':path': '/v1/kv/k', 'content-type': 'application/json' };

describe('requests', () => {
  it('with more than 16 KiB of headers are refused', async () => {
    const from = session();
    const big = await outcome(from, {
      ':path': '/v1/status',
      'x-big': 'x'.repeat(LIMITS.maxHeaderBytes + 1),
    });
    expect([0, 400, 431]).toContain(big.status);
    const fine = session();
    expect((await outcome(fine, { ':path': '/v1/status', 'x-big': 'x'.repeat(1000) })).status).toBe(200);
    from.destroy();
    fine.destroy();
  });

  it('with a body over the limit, announced or not, are refused before it is read', async () => {
    const from = session();
    const size = LIMITS.maxBodyBytes + 1;
    const told = await outcome(from, { ...put, 'content-length': `${size}` }, () => {});
    expect([0, 400, 413]).toContain(told.status);
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    const silent = await outcome(from, put, (stream) => {
      let left = Math.ceil(size / chunk.length) + 1;
      const more = (): void => {
        while (left-- > 0) if (!stream.write(chunk)) return void stream.once('drain', more);
        stream.end();
      };
      more();
    });
    expect([0, 400, 413]).toContain(silent.status);
    from.destroy();
  });

  it('whose body trickles end, and so do those that promise one and send nothing', async () => {
    const from = session();
    const slow = await outcome(from, put, (stream) => {
      stream.write('{"value":"');
    });
    expect([0, 400, 408, 504]).toContain(slow.status);
    expect(slow.ms).toBeLessThan(15_000);
    from.destroy();
  });

  it('with malformed JSON, deep nesting or __proto__ are 400', async () => {
    const from = session();
    const bodies = [
      '{',
      'null',
      '[]',
      '{"value":1}',
      `${'['.repeat(100_000)}`,
      '{"__proto__":{"value":"v"}}',
      '\xff',
    ];
    for (const body of bodies) {
      const answer = await outcome(from, put, (stream) => stream.end(body));
      expect.soft(answer.status, body.slice(0, 30)).toBe(400);
    }
    for (const path of ['/v1/kv/%', '/v1/kv/%ff', '/v1/nodes/..%2f..', '//', '/v1/kv/k?level=%00'])
      expect.soft([400, 404], path).toContain((await outcome(from, { ':path': path })).status);
    from.destroy();
  });

  it('in 200 streams at once are all answered or refused', async () => {
    const from = session();
    const all = await Promise.all(
      Array.from({ length: 200 }, () => outcome(from, { ':path': '/v1/status' })),
    );
    expect(all.filter((a) => a.status === 200).length).toBeGreaterThanOrEqual(LIMITS.maxStreamsPerSession);
    from.destroy();
  });

  it('opened and reset in thousands end the connection, not the daemon', async () => {
    const from = session();
    const closed = new Promise<void>((resolve) => from.once('close', () => resolve()));
    for (let n = 0; n < 5000 && !from.destroyed; n++) {
      try {
        const stream = from.request({ ':path': '/v1/status' });
        stream.on('error', () => {});
        stream.close(8);
      } catch {
        break;
      }
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const timer = setTimeout(() => from.destroy(), 5000);
    await closed;
    clearTimeout(timer);
  });
});

/** Sends raw bytes; resolves when the other side has closed, with what it said. */
function raw(port: number, bytes: Buffer, tls: Partial<Certified> | null): Promise<number> {
  return new Promise((resolve) => {
    const tookMs = stopwatch();
    const options = { host: '127.0.0.1', port };
    const socket =
      tls === null
        ? connectTcp(options, () => socket.write(bytes))
        : connectTls({ ...options, ...tls, ca: adminFile(shared(), 'ca.crt'), ALPNProtocols: ['h2'] }, () =>
            socket.write(bytes),
          );
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => resolve(tookMs()));
  });
}

describe('raw bytes', () => {
  const garbage = Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 197 + 31) % 256));

  it('that are no TLS, or no HTTP/2 behind it, close the connection on every port', async () => {
    const node = await Signer.of(shared()).issue({ role: 'voter', id: 'n8' });
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const huge = Buffer.concat([preface, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]), garbage]);
    const noTls = [
      garbage,
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0x16, 3, 1]),
      Buffer.alloc(0),
    ];
    const noHttp = [garbage, preface, huge, preface.subarray(0, 10)];
    const attempts = (['port', 'peerPort', 'clientPort'] as const).flatMap((name) => {
      const port = shared().node('n1')[name];
      return [...noTls.map((b) => raw(port, b, null)), ...noHttp.map((b) => raw(port, b, node))];
    });
    for (const ms of await Promise.all(attempts))
      expect.soft(ms).toBeLessThan(LIMITS.handshakeTimeoutMs + 4000);
  });

  it.each([
    ['gossip', 'port'],
    ['control', 'peerPort'],
    ['bulk', 'peerPort'],
  ] as const)(
    'on a %s stream close it: oversized, unknown, truncated and random frames',
    async (purpose, name) => {
      const cluster = shared();
      const signer = Signer.of(cluster);
      const node = await signer.issue({ role: 'voter', id: 'n8' });
      const oversized = Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
      const unknown = Buffer.from([0, 0, 0, 1, 0xee, 0]);
      const random = Buffer.concat([Buffer.from([0, 0, 1, 0, 1]), garbage]);
      for (const bytes of [oversized, unknown, random, garbage]) {
        const from = connectH2(`https://127.0.0.1:${cluster.node('n1')[name]}`, { ...admin(), ...node });
        from.on('error', () => {});
        const stream = from.request({
          ':method': 'CONNECT',
          ':authority': 'peer',
          'x-sqlcc-stream': purpose,
          'x-sqlcc-node': 'n8',
          'x-sqlcc-cluster': signer.clusterId,
          'x-sqlcc-instance': 'instance',
        });
        stream.on('error', () => {});
        stream.resume();
        let closed = false;
        stream.once('close', () => {
          closed = true;
        });
        await new Promise((resolve) => stream.once('response', resolve));
        stream.end(bytes);
        await until(`the end of the ${purpose} stream`, async () => closed, 10_000);
        from.destroy();
      }
    },
  );

  it('that never come: of a hundred silent connections of one address only so many are kept', async () => {
    const { port } = shared().node('n1');
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connectTcp({ host: '127.0.0.1', port });
      socket.on('error', () => {});
      return socket;
    });
    const refused = 100 - LIMITS.maxConnectionsPerUnauthenticatedAddress;
    await until('the others', async () => sockets.filter((s) => s.closed).length >= refused, 4000);
    for (const socket of sockets) socket.destroy();
  });
});
