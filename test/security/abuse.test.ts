/**
 * HTTP/2 and TLS abused on every listener of the leader of a real cluster: each attack ends with its connection, while
 * the process keeps its memory and its office, and honest callers are served.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect as connectH2,
  constants,
  type SecureClientSessionOptions,
} from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS, must } from '../../src/base/index.ts';
import { leaderOf, sharedCluster, until } from '../cluster/harness.ts';
import { adminFile } from '../cluster/http-caller.ts';
import { longestStretch } from '../cluster/stopwatch.ts';
import { inWords, type Took, taking, type Verdict, verdict } from '../cluster/took.ts';
import { type Certified, DAY_MS, Signer } from './credentials.ts';
import type { Honest, Waits } from './honest-client.ts';
import { FLAG, type Flood, FRAME, field, flood, frame, requestFields, uint32 } from './raw-http2.ts';

/** Where the attackers come from: another address than the honest ones, on the same machine. */
const ATTACKER = '127.0.0.66';
/** A flood that must be ended is, long before this; one that need not be is looked at so long. */
const MUST_END_MS = 8000;
/** How long somebody waits on a machine that has no time: what he waits for a core is taken off before it is judged. */
const BUSY_MS = 40_000;
const MAY_STAY_MS = 1500;
const MAX_WAIT_MS = 1500;
/** A daemon's thread that was kept from a core so long at a stretch may have missed an election timeout of 150 ms. */
const STARVED_MS = 75;
/** When whoever takes his time is closed at the latest: his 5 s, and a look at the clock now and then. */
const CLOSED_MS = LIMITS.handshakeTimeoutMs + 2500;
const MAX_GROWTH_MB = 150;
const MANY_TRIES = 100;

const shared = sharedCluster(3);
let leader = '';
let term = 0;
let restMb = 0;
let node: Certified;
let worker: Worker | null = null;
let starvedMs = (): number => 0;
/** Of the attack that is under way, and how many there were and could be judged. */
let found: Verdict[] = [];
const attacks = { all: 0, waits: 0, offices: 0 };

/** Their answers have 4 MB each, more than may wait in all. */
const UNREAD_STREAMS = 24;
/** To be made takes them long where the machine has no time. */
const LATE = { 'x-sqlcc-timeout-ms': `${BUSY_MS}` };
const LISTENERS = ['port', 'clientPort', 'peerPort'] as const;

function rssMb(): number {
  const status = readFileSync(`/proc/${shared().node(leader).child?.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** What the honest ones waited since they were last asked: told once each of them has ended one more call. */
function waits(message: 'forget' | 'tell'): Promise<Waits> {
  const honest = must(worker, 'the honest ones');
  return new Promise((resolve) => {
    honest.once('message', resolve);
    honest.postMessage(message);
  });
}

async function employ(): Promise<void> {
  const cluster = shared();
  await worker?.terminate();
  const { port, clientPort, metricsPort } = cluster.node(leader);
  const honest: Honest = {
    ...{ port, clientPort, metricsPort, ca: adminFile(cluster, 'ca.crt') },
    ...{ cert: adminFile(cluster, 'admin.crt'), key: adminFile(cluster, 'admin.key') },
  };
  worker = new Worker(new URL('./honest-client.ts', import.meta.url), { workerData: honest });
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

beforeAll(async () => {
  const cluster = shared();
  node = await Signer.of(cluster).issue({ role: 'voter', id: 'n8' });
  await cluster.client().kv.put('honest', 'v');
});
afterAll(async () => {
  await worker?.terminate();
  process.stdout.write(
    `judged of ${attacks.all} attacks: waits ${attacks.waits}, offices ${attacks.offices}\n`,
  );
  // what the machine kept waiting says nothing; where most of it does, this file says nothing
  expect(attacks.waits).toBeGreaterThan(attacks.all / 2);
  expect(attacks.offices).toBeGreaterThan(attacks.all / 2);
});

beforeEach(async () => {
  const before = leader;
  leader = await leaderOf(shared());
  if (leader !== before) {
    await employ();
    restMb = rssMb();
  }
  await waits('forget');
  term = (await shared().client().status()).raft.term;
  starvedMs = longestStretch();
  found = [];
});

/** None of them took so long, or the machine kept it waiting: then this attack's waits are not judged. */
function expectWithin(boundMs: number, all: readonly Took[], what: string): void {
  const said = verdict(all, boundMs);
  const told = `${what}, < ${boundMs} ms: ${said}: ${inWords(all)}`;
  if (said === 'unjudged') process.stderr.write(`${told}\n`);
  found.push(said);
  expect.soft(said, told).not.toBe('long');
}

/** After each attack: the same process and office, honest callers were served soon, little memory was taken. */
afterEach(async () => {
  const cluster = shared();
  const { slow, failures } = await waits('tell');
  const [stretchMs, now] = [starvedMs(), (await cluster.client().status()).raft];
  expect(cluster.node(leader).child?.exitCode).toBeNull();
  expect.soft(rssMb() - restMb).toBeLessThan(MAX_GROWTH_MB);
  expectWithin(MAX_WAIT_MS, slow, `the honest: ${slow.map(({ name }) => name)}`);
  // however busy the machine is, scrapers are answered
  expect.soft(failures.filter((f) => f.startsWith('scrape'))).toEqual([]);
  const isWaits = !found.includes('unjudged');
  const isSame = now.term === term && now.leader_id === leader;
  const isOffice = isSame || stretchMs < STARVED_MS;
  attacks.all++;
  if (isWaits) attacks.waits++;
  if (isOffice) attacks.offices++;
  else
    process.stderr.write(`an election behind a wait of ${stretchMs.toFixed()} ms for a core: not judged\n`);
  if (isOffice) expect.soft(now).toMatchObject({ term, leader_id: leader });
  if (isWaits && isOffice) expect.soft(failures).toEqual([]);
});

/** On one listener of the leader, with a certificate that gets behind its handshake. */
function to(listener: (typeof LISTENERS)[number]): ConnectionOptions {
  const cluster = shared();
  const admin = { cert: adminFile(cluster, 'admin.crt'), key: adminFile(cluster, 'admin.key') };
  return {
    ...{ host: '127.0.0.1', port: cluster.node(leader)[listener], localAddress: ATTACKER },
    ...{ ca: adminFile(cluster, 'ca.crt'), checkServerIdentity: () => undefined },
    ...(listener === 'peerPort' ? node : admin),
  };
}

const MANY = 256;
const many = (one: Buffer): Buffer => Buffer.concat(Array.from({ length: MANY }, () => one));
const same = (one: Buffer): Pick<Flood, 'piece' | 'framesInPiece'> => {
  const bytes = many(one);
  return { piece: () => bytes, framesInPiece: MANY };
};
/** Stream ids rise by two; `each` makes one stream's frames. */
const streams = (each: (stream: number) => Buffer): Pick<Flood, 'piece' | 'framesInPiece'> => ({
  piece: (n) => Buffer.concat(Array.from({ length: MANY }, (_, i) => each(1 + 2 * (n * MANY + i)))),
  framesInPiece: 2 * MANY,
});
const STATUS = requestFields('GET', '/v1/status');
const asking = (stream: number, flags: number, payload = STATUS): Buffer =>
  frame({ type: FRAME.headers, flags, stream, payload });
/** A stream whose body is waited for. */
const uploading = asking(1, FLAG.endHeaders, requestFields('PUT', '/v1/kv/k'));

const FLOODS: Readonly<Record<string, Flood>> = {
  'streams opened and reset (CVE-2023-44487)': streams((stream) =>
    Buffer.concat([
      asking(stream, FLAG.endHeaders | FLAG.endStream),
      frame({ type: FRAME.reset, stream, payload: uint32(8) }),
    ]),
  ),
  'streams that the server must reset (CVE-2025-8671)': streams((stream) =>
    Buffer.concat([
      asking(stream, FLAG.endHeaders),
      frame({ type: FRAME.windowUpdate, stream, payload: uint32(0) }),
    ]),
  ),
  'streams beyond those allowed': streams((stream) => asking(stream, FLAG.endHeaders)),
  'CONTINUATION without end (CVE-2024-27983)': {
    before: asking(1, 0),
    ...same(frame({ type: FRAME.continuation, stream: 1, payload: field('x-more', 'x'.repeat(100)) })),
  },
  'empty CONTINUATION': { before: asking(1, 0), ...same(frame({ type: FRAME.continuation, stream: 1 })) },
  SETTINGS: same(frame({ type: FRAME.settings, payload: Buffer.from([0, 3, 0, 0, 0, 100]) })),
  'SETTINGS whose answers are not read': {
    isDeaf: true,
    ...same(frame({ type: FRAME.settings, payload: Buffer.from([0, 3, 0, 0, 0, 100]) })),
  },
  PING: same(frame({ type: FRAME.ping, payload: Buffer.alloc(8) })),
  'PING whose answers are not read': {
    isDeaf: true,
    ...same(frame({ type: FRAME.ping, payload: Buffer.alloc(8) })),
  },
  PRIORITY: same(frame({ type: FRAME.priority, stream: 1, payload: Buffer.from([0, 0, 0, 0, 1]) })),
  WINDOW_UPDATE: {
    before: uploading,
    mayStay: true,
    ...same(frame({ type: FRAME.windowUpdate, stream: 1, payload: uint32(1) })),
  },
  'empty DATA': { before: uploading, ...same(frame({ type: FRAME.data, stream: 1 })) },
  'empty DATA behind the answer': {
    before: asking(1, FLAG.endHeaders, requestFields('PUT', '/nowhere')),
    isBehindAnswer: true,
    ...same(frame({ type: FRAME.data, stream: 1 })),
  },
  'frames of no known kind': same(frame({ type: FRAME.unknown, payload: Buffer.alloc(8) })),
  'a header that is named a thousand times (HPACK bomb)': {
    // put into the dynamic table once, where it is number 62
    before: asking(
      1,
      FLAG.endHeaders | FLAG.endStream,
      Buffer.concat([STATUS, Buffer.from([0x40, 1, 0x78, 0x7f, 0x81, 0x1e]), Buffer.alloc(4000, 0x61)]),
    ),
    piece: (n) =>
      asking(3 + 2 * n, FLAG.endHeaders | FLAG.endStream, Buffer.concat([STATUS, Buffer.alloc(1000, 0xbe)])),
    framesInPiece: 1,
  },
};

describe('a flood of', () => {
  it.each(Object.keys(FLOODS))('%s costs its own connection at most, on every port', async (name) => {
    const what = must(FLOODS[name], name);
    const forMs = what.mayStay === true ? MAY_STAY_MS : BUSY_MS;
    const tookOf = taking();
    const outcomes = await Promise.all(
      LISTENERS.map(async (listener) => ({ ...(await flood(to(listener), what, forMs)), took: tookOf() })),
    );
    for (const [n, outcome] of outcomes.entries()) {
      if (what.mayStay === true) continue;
      const told = `${name} on ${LISTENERS[n]}: ${JSON.stringify(outcome)}`;
      expect.soft(outcome.isClosed, told).toBe(true);
      expectWithin(MUST_END_MS, [outcome.took], told);
    }
  });
});

/** A connection that does what it should not; resolves with what it took until the other side closed it. */
function lingering(port: number, act: (socket: Socket) => NodeJS.Timeout | null): Promise<Took> {
  return new Promise((resolve) => {
    const tookOf = taking();
    const socket = connectTcp({ host: '127.0.0.1', port, localAddress: ATTACKER });
    socket.on('error', () => {}); // followed by 'close'
    socket.resume();
    let trickle: NodeJS.Timeout | null = null;
    const giveUp = setTimeout(() => socket.destroy(), BUSY_MS);
    socket.once('connect', () => {
      trickle = act(socket);
    });
    socket.once('close', () => {
      clearTimeout(giveUp);
      if (trickle !== null) clearInterval(trickle);
      resolve(tookOf());
    });
  });
}

/** `head` at once, then a byte now and then. */
const trickling = (head: string | Buffer, byte: string) => (socket: Duplex) => {
  socket.write(head);
  return setInterval(() => socket.writable && socket.write(byte), 100);
};
const silent = (): null => null;
/** Behind a TLS handshake. */
const secured =
  (options: ConnectionOptions, protocols: string[], act: (socket: Duplex) => NodeJS.Timeout | null) =>
  (socket: Socket): null => {
    const tls = connectTls({ ...options, socket, ALPNProtocols: protocols });
    tls.on('error', () => {});
    tls.resume();
    tls.once('secureConnect', () => {
      const timer = act(tls);
      if (timer !== null) tls.once('close', () => clearInterval(timer));
    });
    return null;
  };

const HELLO = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);
const HEADER = 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: ';

describe('connections that take their time', () => {
  it('are closed when it is over, on every port', async () => {
    const { metricsPort } = shared().node(leader);
    const attempts: Record<string, Promise<Took>> = {
      'metrics: silent': lingering(metricsPort, silent),
      'metrics: header': lingering(metricsPort, trickling(HEADER, 'x')),
      'metrics: body': lingering(
        metricsPort,
        trickling('PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n', 'x'),
      ),
    };
    for (const listener of LISTENERS) {
      const options = to(listener);
      const port = Number(options.port);
      attempts[`${listener}: silent`] = lingering(port, silent);
      attempts[`${listener}: handshake`] = lingering(port, trickling(HELLO, 'x'));
      attempts[`${listener}: no preface`] = lingering(port, secured(options, ['h2'], silent));
      attempts[`${listener}: slow preface`] = lingering(port, secured(options, ['h2'], trickling('P', 'R')));
      if (listener === 'peerPort') continue;
      attempts[`${listener}: HTTP/1.1 silent`] = lingering(port, secured(options, ['http/1.1'], silent));
      attempts[`${listener}: HTTP/1.1 header`] = lingering(
        port,
        secured(options, ['http/1.1'], trickling(HEADER, 'x')),
      );
    }
    for (const [name, closed] of Object.entries(attempts)) expectWithin(CLOSED_MS, [await closed], name);
  });

  it('on the metrics port keep nobody from scraping, however many they are', async () => {
    const { metricsPort } = shared().node(leader);
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connectTcp({ host: '127.0.0.1', port: metricsPort, localAddress: ATTACKER });
      socket.on('error', () => {});
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const socket of sockets) socket.destroy();
  });
});

describe('answers that nobody reads', () => {
  it('are kept up to so many bytes of one name, and what is beyond is refused', async () => {
    const cluster = shared();
    const client = cluster.client();
    for (let n = 0; n < 16; n++) await client.kv.put(`large/${n}`, 'v'.repeat(LIMITS.maxValueBytes));
    const { port, ...tls } = to('port');
    const options = { ...tls, settings: { initialWindowSize: 0 } } as SecureClientSessionOptions;
    const session = connectH2(`https://127.0.0.1:${port}`, options);
    session.on('error', () => {});
    const answers: number[] = [];
    let refused = 0;
    const over = Array.from({ length: UNREAD_STREAMS }, () => {
      const stream = session.request({ ':path': '/v1/kv?prefix=large/&level=none', ...LATE });
      stream.on('response', (headers) => {
        if (headers[':status'] === 200) answers.push(Number(headers['content-length']));
        else if (headers[':status'] === 429) refused++;
      });
      stream.on('error', () => {});
      return new Promise<void>((resolve) => {
        stream.once('close', () => {
          // above the memory of a session its streams are refused before anybody looks at them
          if (stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM) refused++;
          resolve();
        });
      });
    });
    await until('a word on each of them', async () => answers.length + refused >= UNREAD_STREAMS);
    session.destroy();
    await Promise.all(over);
    const bytes = answers.reduce((sum, one) => sum + one, 0);
    expect(answers.length + refused).toBe(UNREAD_STREAMS);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(LIMITS.maxUnreadBytes);
  });
});

describe('TLS', () => {
  /** The end of a handshake: its protocol, or why there is none. */
  function handshake(options: ConnectionOptions): Promise<{ tls: TLSSocket; protocol: string | null }> {
    return new Promise((resolve) => {
      const tls = connectTls({ ...options, ALPNProtocols: ['h2'] });
      tls.once('error', () => resolve({ tls, protocol: null }));
      tls.once('secureConnect', () => resolve({ tls, protocol: tls.getProtocol() }));
    });
  }

  it.each(LISTENERS)(
    'is 1.3 only, not renegotiated, and shows the cluster’s chain on %s',
    async (listener) => {
      for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const) {
        const old = { ...to(listener), minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
        const { tls, protocol } = await handshake(old);
        tls.destroy();
        expect.soft(protocol, version).toBeNull();
      }
      const { tls, protocol } = await handshake(to(listener));
      expect(protocol).toBe('TLSv1.3');
      const shown = must(tls.getPeerX509Certificate(), 'a certificate');
      const authority = new X509Certificate(adminFile(shared(), 'ca.crt'));
      expect(shown.verify(authority.publicKey)).toBe(true);
      expect(shown.issuerCertificate?.fingerprint256).toBe(authority.fingerprint256);
      const renegotiated = await new Promise((resolve) => {
        try {
          tls.renegotiate({}, resolve);
        } catch (error) {
          resolve(error);
        }
        tls.once('error', resolve);
      });
      expect(renegotiated).toBeInstanceOf(Error);
      tls.destroy();
    },
  );

  it('with wrong certificates, again and again, is refused and told in few lines', async () => {
    const cluster = shared();
    const signer = Signer.of(cluster);
    const stranger = await Signer.stranger(signer.clusterId);
    const wrong = [
      await stranger.issue({ role: 'admin', id: 'eve' }),
      await signer.issue({ role: 'admin', id: 'eve', now: Date.now() - 3 * DAY_MS, validForMs: DAY_MS }),
      await signer.issue({ role: 'voter', id: 'n1' }),
    ];
    const before = await cluster.client().denials({ node: leader });
    const end = performance.now() + 2000;
    let tries = 0;
    const statuses = new Set<number>();
    const lane = async (n: number): Promise<void> => {
      while (performance.now() < end || tries <= MANY_TRIES) {
        const { port, ...tls } = to(must(LISTENERS[tries++ % LISTENERS.length], 'a listener'));
        const certified = must(wrong[(tries + n) % wrong.length], 'a certificate');
        statuses.add(
          await statusOf(
            connectH2(`https://127.0.0.1:${port}`, { ...tls, ...certified } as SecureClientSessionOptions),
          ),
        );
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, n) => lane(n)));
    expect(tries).toBeGreaterThan(MANY_TRIES);
    // 403: to the consensus port only streams of peers may come
    expect([...statuses].filter((status) => ![0, 401, 403].includes(status))).toEqual([]);
    const after = await cluster.client().denials({ node: leader });
    expect(after.total - before.total).toBeGreaterThan(tries / 4);
    expect(after.records.length - before.records.length).toBeLessThan(50);
  });
});

/** The status of one request of a new connection, which ends with it; 0 = it ended before. */
function statusOf(session: ClientHttp2Session): Promise<number> {
  return new Promise((resolve) => {
    session.once('error', () => resolve(0));
    session.once('close', () => resolve(0));
    const stream = session.request({ ':path': '/v1/status' });
    stream.on('error', () => {});
    stream.once('response', (answer) => {
      resolve(Number(answer[':status']));
      session.destroy();
    });
    stream.once('close', () => session.destroy());
    stream.resume();
  });
}
