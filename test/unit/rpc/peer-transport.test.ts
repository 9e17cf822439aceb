import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NodeClaim } from '../../../src/auth/index.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { spkiFingerprint } from '../../../src/pki/index.ts';
import { FrameReader, writeFrame } from '../../../src/rpc/index.ts';
import { NodeFolders } from './node-folders.ts';
import { startPeer, type TestPeer, type TestPeerOptions, until, untilInEveryTurn } from './peer-fixture.ts';

let folders: NodeFolders;
const open: TestPeer[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterAll(() => folders.remove());
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(open.splice(0).map((peer) => peer.transport.stop()));
});

async function peer(options: TestPeerOptions): Promise<TestPeer> {
  const started = await startPeer(options);
  open.push(started);
  return started;
}

async function pair(): Promise<[TestPeer, TestPeer]> {
  const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
  const b = await peer({ nodeId: 'n2', pkiDir: await folders.node('n2') });
  a.transport.setPeers([{ nodeId: 'n2', address: b.address }]);
  b.transport.setPeers([{ nodeId: 'n1', address: a.address }]);
  const lines = (p: TestPeer) => p.heard.logs.filter((l) => l.event === 'peer-connected').length;
  await until('both are connected for all purposes', () => lines(a) === 2 && lines(b) === 2);
  return [a, b];
}

function connected(peer: TestPeer): boolean {
  return peer.transport.links().every((link) => link.connected);
}

function verdicts(peer: TestPeer): string[] {
  return peer.heard.events.filter((e) => e.what !== 'unreachable').map((e) => `${e.what} ${e.peer}`);
}

/** A peer in a process of its own that dials `back`. */
async function spawnPeer(
  nodeId: string,
  back: TestPeer,
  port = 0,
): Promise<{ child: ChildProcess; address: string }> {
  const options = {
    nodeId,
    pkiDir: await folders.node(nodeId),
    port,
    peers: [{ nodeId: 'n1', address: back.address }],
  };
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'peer-process.ts'), JSON.stringify(options)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  const address = await new Promise<string>((resolve) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  return { child, address };
}

describe('PeerTransport', { timeout: 20_000 }, () => {
  it('send delivers in order on its own purpose, many messages a turn', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 500; i++)
      a.transport.send('n2', i % 2 === 0 ? 'control' : 'bulk', Buffer.from(`${i}`));
    await until('all arrived', () => b.heard.payloads.length === 500);
    const control = b.heard.payloads.filter((p) => p.purpose === 'control').map((p) => Number(p.text));
    expect(control).toEqual(Array.from({ length: 250 }, (_, i) => i * 2));
    expect(b.heard.payloads.every((p) => p.peer === 'n1')).toBe(true);
    expect(a.heard.events).toEqual([]);
  });

  it('send to a peer that is not connected drops and tells unreachable once a turn', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    for (let i = 0; i < 5; i++) a.transport.send('n9', 'control', Buffer.from('x'));
    await Promise.resolve();
    expect(a.heard.events.map((e) => `${e.what} ${e.peer}`)).toEqual(['unreachable n9']);
  });

  it('send drops beyond LIMITS.maxPeerQueueBytes and tells unreachable', async () => {
    const [a, b] = await pair();
    const chunk = Buffer.alloc(1024 * 1024);
    const sent = LIMITS.maxPeerQueueBytes / chunk.length + 8;
    for (let i = 0; i < sent; i++) a.transport.send('n2', 'bulk', chunk);
    await until('the drop was told', () => a.heard.events.some((e) => e.what === 'unreachable'));
    await until(
      'what fits arrives',
      () => b.heard.payloads.length === LIMITS.maxPeerQueueBytes / chunk.length,
    );
    a.transport.send('n2', 'bulk', Buffer.from('after'));
    await until('it goes on', () => b.heard.payloads.at(-1)?.text === 'after');
  });

  it('send refuses a payload that no frame holds, with a line in the log once a second', async () => {
    const [a, b] = await pair();
    for (let n = 0; n < 3; n++) a.transport.send('n2', 'bulk', new Uint8Array(LIMITS.maxFrameBytes + 1));
    await until('the drop was told', () => a.heard.events.some((e) => e.what === 'unreachable'));
    const limit = LIMITS.maxFrameBytes;
    expect(a.heard.logs.filter((l) => l.event === 'peer-payload-too-long')).toEqual([
      { event: 'peer-payload-too-long', fields: { peer: 'n2', purpose: 'bulk', bytes: limit + 1, limit } },
    ]);
    a.transport.send('n2', 'bulk', Buffer.from('next'));
    await until('the next one', () => b.heard.payloads.length === 1);
    expect(a.heard.events.map((e) => `${e.what} ${e.peer}`)).toEqual(['unreachable n2']);
  });

  it('links measures round trips', async () => {
    const [a] = await pair();
    await until('a pong came', () => a.transport.links()[0]?.rttMs !== null);
    expect(a.transport.links()[0]?.rttMs).toBeGreaterThan(0);
    expect(a.transport.rttP99Ms()).toBeLessThan(500);
  });

  it('clockWords brings how far the wall clocks are apart, each word once', async () => {
    const [a] = await pair();
    await until('a pong came', () => a.transport.links()[0]?.rttMs !== null);
    const words = a.transport.clockWords();
    expect(words).toEqual([{ nodeId: 'n2', lateMs: expect.any(Number) }]);
    // one machine, one clock
    expect(Math.abs(words[0]?.lateMs ?? Number.NaN)).toBeLessThan(500);
    expect(a.transport.clockWords()).toEqual([]);
  });

  it('openBulk gives both ends a stream with the header, apart from messages', async () => {
    const [a, b] = await pair();
    await until(
      'bulk is connected',
      () => a.heard.logs.filter((l) => l.event === 'peer-connected').length === 2,
    );
    const stream = await a.transport.openBulk('n2', { snapshot: 'snap-7', size: 3 });
    await until('it arrived', () => b.heard.transfers.length === 1);
    const transfer = b.heard.transfers[0];
    expect(transfer?.peer).toBe('n1');
    expect(transfer?.header).toEqual({ snapshot: 'snap-7', size: 3 });
    const got: string[] = [];
    const reader = new FrameReader();
    transfer?.stream.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        got.push(`${frame.type} ${Buffer.from(frame.payload)}`);
        writeFrame(transfer.stream, 9, Buffer.from('thanks'));
      }
    });
    const back: string[] = [];
    const backReader = new FrameReader();
    stream.on('data', (chunk: Buffer) => {
      for (const frame of backReader.push(chunk)) back.push(`${frame.type} ${Buffer.from(frame.payload)}`);
    });
    writeFrame(stream, 8, Buffer.from('abc'));
    await until('both heard', () => got.length === 1 && back.length === 1);
    expect([got, back]).toEqual([['8 abc'], ['9 thanks']]);
    stream.destroy();
    expect(connected(a)).toBe(true);
  });

  it('openBulk to an unconnected peer throws unavailable', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    await expect(a.transport.openBulk('n9', {})).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('disconnect comes back by itself and is no evidence', async () => {
    const [a, b] = await pair();
    a.transport.disconnect('n2');
    await until('gone', () => !connected(a));
    await until('back', () => connected(a) && connected(b));
    expect(verdicts(a)).toEqual([]);
  });

  it('stop is a farewell: the others redial and accuse nobody', async () => {
    const [a, b] = await pair();
    open.splice(open.indexOf(b), 1);
    await b.transport.stop();
    await until('gone', () => !connected(a));
    await new Promise((resolve) => setTimeout(resolve, 150)); // several refused attempts
    expect(verdicts(a)).toEqual([]);
  });

  it('setPeers to another address moves the connection', async () => {
    const [a, b] = await pair();
    const c = await peer({ nodeId: 'n2', pkiDir: await folders.node('n2') });
    a.transport.setPeers([{ nodeId: 'n2', address: c.address }]);
    await until('connected to the new one', () => connected(a));
    a.transport.send('n2', 'control', Buffer.from('new'));
    await until('it arrived there', () => c.heard.payloads.length === 1);
    expect(b.heard.payloads).toEqual([]);
  });

  it('callers says where those who dialled in are found, unless they name no address', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const from = async (nodeId: string, ownAddress?: string): Promise<void> => {
      const pkiDir = await folders.node(nodeId);
      const caller = await peer({ nodeId, pkiDir, ...(ownAddress === undefined ? {} : { ownAddress }) });
      caller.transport.setPeers([{ nodeId: 'n1', address: a.address }]);
      await until('it was heard', () => a.heard.callers.includes(nodeId));
    };
    await from('n2', 'n2.example:5435');
    await from('n3');
    await from('n4', 'no port');
    expect(a.transport.callers()).toEqual([{ nodeId: 'n2', address: 'n2.example:5435' }]);
  });

  it('setPeers refuses an address that is none, and goes on', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    a.transport.setPeers([{ nodeId: 'n2', address: 'no port' }]);
    expect(a.transport.links()).toEqual([]);
    expect(a.heard.logs.map((l) => l.event)).toEqual(['peer-address-refused']);
  });
});

describe('PeerTransport identity', { timeout: 20_000 }, () => {
  it('refuses an observer that speaks for another node, another cluster, a person, an expired node', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const strangers = [
      await peer({ nodeId: 'liar', pkiDir: await folders.node('honest', { role: 'observer' }) }),
      await peer({
        nodeId: 'n3',
        clusterId: 'other',
        pkiDir: await folders.node('n3', { clusterId: 'other' }),
      }),
      await peer({ nodeId: 'n4', pkiDir: await folders.node('n4', { now: Date.now() - 100 * 86_400_000 }) }),
      await peer({ nodeId: 'n5', pkiDir: await folders.node('n5', { now: Date.now() + 86_400_000 }) }),
    ];
    for (const stranger of strangers) stranger.transport.setPeers([{ nodeId: 'n1', address: a.address }]);
    const reasons = (): string => a.heard.logs.map((l) => String(l.fields['reason'])).join('\n');
    const wanted = [/honest speaks for liar/, /CERT_HAS_EXPIRED/, /CERT_NOT_YET_VALID/];
    await until('all were refused for their reasons', () => wanted.every((reason) => reason.test(reasons())));
    for (const stranger of strangers) {
      stranger.transport.send('n1', 'control', Buffer.from('let me in'));
      expect(connected(stranger)).toBe(false);
    }
    expect(a.heard.payloads).toEqual([]);
  });

  it('refuses a node of another CA, both ways', async () => {
    const foreign = await NodeFolders.create();
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const b = await peer({ nodeId: 'n2', pkiDir: await foreign.node('n2') });
    a.transport.setPeers([{ nodeId: 'n2', address: b.address }]);
    b.transport.setPeers([{ nodeId: 'n1', address: a.address }]);
    await until('refused there', () => a.heard.logs.some((l) => l.event === 'peer-refused'));
    expect([connected(a), connected(b)]).toEqual([false, false]);
    expect(verdicts(a)).toEqual([]);
    foreign.remove();
  });

  it('does not talk to a node that answers at the address of another', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const b = await peer({ nodeId: 'n2', pkiDir: await folders.node('n2') });
    a.transport.setPeers([{ nodeId: 'n3', address: b.address }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(connected(a)).toBe(false);
    expect(b.heard.payloads).toEqual([]);
  });

  it('refuses the certificate of a person, whatever it claims', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const admin = await folders.person('admin', 'admin');
    const session = connectHttp2(`https://${a.address}`, { ...admin, minVersion: 'TLSv1.3' });
    session.on('error', () => {});
    const stream = session.request({
      ':method': 'CONNECT',
      ':authority': a.address,
      'x-sqlcc-stream': 'control',
      'x-sqlcc-node': 'admin',
      'x-sqlcc-cluster': 'c0ffee00-0000-4000-8000-000000000001',
    });
    stream.on('error', () => {});
    const status = await new Promise((resolve) =>
      stream.once('response', (headers) => resolve(headers[':status'])),
    );
    expect(status).toBe(403);
    session.destroy();
  });

  it('refusal is asked with role, key and serial of the certificate, for streams and, by review, for open ones', async () => {
    const refused = new Set<string>();
    const claims: NodeClaim[] = [];
    const a = await peer({
      nodeId: 'n1',
      pkiDir: await folders.node('n1'),
      refusal: (claim) => {
        claims.push(claim);
        return refused.has(claim.keySha256) ? 'it was removed' : null;
      },
    });
    const pkiDir = await folders.node('n2', { role: 'observer' });
    const key = spkiFingerprint(readFileSync(join(pkiDir, 'node.crt')));
    const b = await peer({ nodeId: 'n2', pkiDir });
    a.transport.setPeers([{ nodeId: 'n2', address: b.address }]);
    b.transport.setPeers([{ nodeId: 'n1', address: a.address }]);
    await until('both are connected', () => connected(a) && connected(b));
    const { serialNumber } = new X509Certificate(readFileSync(join(pkiDir, 'node.crt')));
    const serial = serialNumber.toLowerCase();
    const caSha256 = spkiFingerprint(folders.authority.certPem);
    expect(claims[0]).toEqual({ nodeId: 'n2', role: 'observer', keySha256: key, caSha256, serial });
    b.transport.send('n1', 'control', Buffer.from('hello'));
    await until('it is heard', () => a.heard.payloads.length === 1);
    refused.add(key);
    a.transport.review();
    await until('b noticed', () => b.heard.logs.some((l) => l.event === 'peer-disconnected'));
    await until('a said why', () => a.heard.logs.some((l) => l.fields['reason'] === 'it was removed'));
    b.transport.send('n1', 'control', Buffer.from('still here'));
    await until('it is refused at the door', () => a.heard.logs.some((l) => l.event === 'peer-refused'));
    expect(connected(b)).toBe(false);
    expect(connected(a), 'what it had dialled itself is closed too').toBe(false);
    expect(a.heard.payloads).toHaveLength(1);
  });
});

describe('PeerTransport frames', { timeout: 20_000 }, () => {
  /** A raw stream with n2's certificate to `a`. */
  async function rawStream(a: TestPeer) {
    const pkiDir = await folders.node('n2');
    const read = (name: string) => readFileSync(join(pkiDir, name));
    const session = connectHttp2(`https://${a.address}`, {
      ca: read('ca.crt'),
      cert: read('node.crt'),
      key: read('node.key'),
    });
    session.on('error', () => {});
    const stream = session.request({
      ':method': 'CONNECT',
      ':authority': a.address,
      'x-sqlcc-stream': 'control',
      'x-sqlcc-node': 'n2',
      'x-sqlcc-cluster': 'c0ffee00-0000-4000-8000-000000000001',
    });
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('response', resolve));
    return { session, stream };
  }

  it.each([
    ['an unknown type', [0, 0, 0, 1, 77, 0]],
    ['a length above the limit', [255, 255, 255, 255, 1]],
  ])('%s closes the stream and the node lives', async (_name, bytes) => {
    const [a, b] = await pair();
    const { session, stream } = await rawStream(a);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.write(Buffer.from(bytes));
    await closed;
    expect(a.heard.logs.some((l) => l.event === 'peer-stream-closed')).toBe(true);
    session.destroy();
    await until('b is back after the stranger took its place', () => connected(b));
    b.transport.send('n1', 'bulk', Buffer.from('alive'));
    await until('a lives', () => a.heard.payloads.some((p) => p.text === 'alive'));
  });

  it('a frame cut short is never delivered', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const { session, stream } = await rawStream(a);
    stream.write(Buffer.from([0, 0, 0, 9, 1, 65, 66]));
    await new Promise((resolve) => setTimeout(resolve, 30));
    session.destroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(a.heard.payloads).toEqual([]);
  });
});

describe('PeerTransport evidence', { timeout: 20_000 }, () => {
  it('SIGKILL gives lost at once and dead 50 ms later, once each; a restart gives restored', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const { child, address } = await spawnPeer('n2', a);
    a.transport.setPeers([{ nodeId: 'n2', address }]);
    await until('connected', () => connected(a));
    const killedAt = performance.now();
    child.kill('SIGKILL');
    await until('dead', () => verdicts(a).includes('dead n2'));
    const at = (what: string) => (a.heard.events.find((e) => e.what === what)?.at ?? 0) - killedAt;
    // milliseconds on a quiet machine; here only: long before any time-out
    expect(at('lost')).toBeLessThan(1000);
    expect(at('dead') - at('lost')).toBeGreaterThanOrEqual(45);
    expect(at('dead') - at('lost')).toBeLessThan(1000);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await spawnPeer('n2', a, Number(address.split(':')[1]));
    await until('restored', () => connected(a));
    expect(verdicts(a)).toEqual(['lost n2', 'dead n2', 'restored n2']);
  });

  it('a stopped process is no evidence; its silence ends the connection', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const { child, address } = await spawnPeer('n2', a);
    a.transport.setPeers([{ nodeId: 'n2', address }]);
    const bulks = () =>
      a.heard.logs.filter(({ event, fields }) => event === 'peer-connected' && fields['purpose'] === 'bulk');
    await until('connected on both lines', () => connected(a) && bulks().length === 1);
    child.kill('SIGSTOP');
    await until('silence noticed', () => !connected(a), 4000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(verdicts(a)).toEqual([]);
    child.kill('SIGCONT');
    await until('back', () => connected(a), 8000);
    expect(verdicts(a)).toEqual([]);
    // the other line may wait for TCP to repeat what was lost, for as long again
    await until('the other line is dialled anew', () => bulks().length === 2);
  }, 20_000);

  it('a pause of the peer leaves no trace in the round trips', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    const { child, address } = await spawnPeer('n2', a);
    a.transport.setPeers([{ nodeId: 'n2', address }]);
    await until('round trips are known', () => a.transport.rttP99Ms() > 0);
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    child.kill('SIGSTOP');
    await pause(1200); // several pings long, shorter than the silence that ends a connection
    child.kill('SIGCONT');
    // looked at in every turn: the pause is six ticks long, so the next ping may follow the late answer within
    // a millisecond, and its answer would take the place of the late one between two looks
    await untilInEveryTurn('it answered late', () => (a.transport.links()[0]?.rttMs ?? 0) > 500);
    await until('it answers on time', () => (a.transport.links()[0]?.rttMs ?? 1e9) < 500);
    expect(connected(a)).toBe(true);
    expect(a.transport.rttP99Ms()).toBeLessThan(500);
  });

  it('a peer that was never reached gives no evidence', async () => {
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    a.transport.setPeers([{ nodeId: 'n2', address: '127.0.0.1:9' }]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(verdicts(a)).toEqual([]);
  });

  it('a port that accepts and says nothing is no evidence', async () => {
    const silent: Server = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const a = await peer({ nodeId: 'n1', pkiDir: await folders.node('n1') });
    a.transport.setPeers([{ nodeId: 'n2', address: `127.0.0.1:${port}` }]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([connected(a), ...verdicts(a)]).toEqual([false]);
    silent.close();
  });
});
