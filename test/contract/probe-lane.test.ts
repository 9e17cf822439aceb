/** The transport with a lane of datagrams: the same contract, and what `sendProbe` adds to it. */
import { createSocket, Socket } from 'node:dgram';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PeerTransport } from '../../src/rpc/index.ts';
import { CLUSTER_ID, NodeFolders } from '../unit/rpc/node-folders.ts';
import { until } from '../unit/rpc/peer-fixture.ts';
import { type TransportEnd, transportContract } from './transport.ts';

let folders: NodeFolders;
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterAll(() => folders.remove());

interface LaneEnd extends TransportEnd {
  readonly transport: PeerTransport;
  readonly port: number;
}

/** A port that nobody has, for TCP and UDP alike. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function end(nodeId: string, hasLane: boolean, removed: ReadonlySet<string>): Promise<LaneEnd> {
  const payloads: { peer: string; bytes: Uint8Array }[] = [];
  let unreachable = 0;
  const port = await freePort();
  const where = { host: '127.0.0.1', port };
  const transport = new PeerTransport({
    clusterId: CLUSTER_ID,
    nodeId,
    instanceId: `${nodeId}-1`,
    pkiDir: await folders.node(nodeId),
    listen: where,
    purposes: ['gossip'],
    pings: 'sparing',
    ...(hasLane ? { probes: where } : {}),
    refusal: (claim) => (removed.has(claim.nodeId) ? 'removed' : null),
    listener: {
      payload: (peer, _purpose, bytes) => payloads.push({ peer, bytes: bytes.slice() }),
      unreachable: () => unreachable++,
      lost: () => {},
      dead: () => {},
      restored: () => {},
      log: () => {},
    },
  });
  await transport.start();
  return { nodeId, transport, payloads, port, unreachable: () => unreachable };
}

interface Pair {
  readonly a: LaneEnd;
  readonly b: LaneEnd;
  readonly removed: Set<string>;
  stop(): Promise<void>;
}

async function pair(hasLane: { readonly a: boolean; readonly b: boolean }): Promise<Pair> {
  const removed = new Set<string>();
  const a = await end('a', hasLane.a, removed);
  const b = await end('b', hasLane.b, removed);
  a.transport.setPeers([{ nodeId: 'b', address: `127.0.0.1:${b.port}` }]);
  b.transport.setPeers([{ nodeId: 'a', address: `127.0.0.1:${a.port}` }]);
  await until('connected', () => [a, b].every((one) => one.transport.links().every((l) => l.connected)));
  const stop = async (): Promise<void> => {
    await a.transport.stop();
    await b.transport.stop();
  };
  return { a, b, removed, stop };
}

transportContract('PeerTransport with a probe lane', async () => {
  const { a, b, stop } = await pair({ a: true, b: true });
  return { a, b, stop, purpose: 'gossip' };
});

function lane(one: LaneEnd): string | undefined {
  return one.transport.links()[0]?.probeLane;
}

function probe(one: LaneEnd, to: string, text: string): void {
  one.transport.sendProbe(to, 'gossip', new TextEncoder().encode(text));
}

function texts(one: LaneEnd): string[] {
  return one.payloads.map(({ bytes }) => new TextDecoder().decode(bytes));
}

/** Probes both ways until both sides have heard the other by datagram. */
async function warmUp({ a, b }: Pair): Promise<void> {
  await until('both lanes are used', () => {
    probe(a, 'b', 'warm');
    probe(b, 'a', 'warm');
    return lane(a) === 'udp' && lane(b) === 'udp';
  });
}

describe('PeerTransport.sendProbe', { timeout: 20_000 }, () => {
  let open: Pair | null = null;
  const start = async (hasLane = { a: true, b: true }): Promise<Pair> => {
    open = await pair(hasLane);
    return open;
  };
  afterEach(async () => {
    await open?.stop();
    open = null;
  });

  it('arrives by both ways at first, and by datagram alone once the other is heard by datagram', async () => {
    const { a, b } = await start();
    await warmUp({ a, b } as Pair);
    const before = b.payloads.length;
    for (let n = 0; n < 20; n++) probe(a, 'b', `n${n}`);
    await until('all arrived', () => new Set(texts(b).filter((t) => t.startsWith('n'))).size === 20);
    // loopback loses and doubles nothing: twenty, not forty
    await until('what was sent before is through', () => {
      a.transport.send('b', 'gossip', new TextEncoder().encode('end'));
      return texts(b).includes('end');
    });
    expect(
      texts(b)
        .slice(before)
        .filter((t) => t.startsWith('n')),
    ).toHaveLength(20);
    expect(b.payloads.every((p) => p.peer === 'a')).toBe(true);
  });

  it('goes on by datagram while the connection is down', async () => {
    const { a, b } = await start();
    await warmUp({ a, b } as Pair);
    a.transport.disconnect('b');
    expect(a.transport.links()[0]?.connected).toBe(false);
    probe(a, 'b', 'still here');
    await until('it arrived', () => texts(b).includes('still here'));
  });

  it('stays on the connection with a peer that has no lane, and says so', async () => {
    const { a, b } = await start({ a: true, b: false });
    for (let n = 0; n < 5; n++) probe(a, 'b', `p${n}`);
    for (let n = 0; n < 5; n++) probe(b, 'a', `p${n}`);
    await until('all arrived', () => a.payloads.length === 5 && b.payloads.length === 5);
    expect([lane(a), lane(b)]).toEqual(['h2', 'h2']);
  });

  it('takes a message that fits no datagram by the connection', async () => {
    const { a, b } = await start();
    await warmUp({ a, b } as Pair);
    probe(a, 'b', 'x'.repeat(1300));
    await until('it arrived', () => b.payloads.some((p) => p.bytes.length === 1300));
  });

  it('answers no stranger and hands on nothing that was recorded and sent again', async () => {
    const { a, b } = await start();
    const tapped: Buffer[] = [];
    const tap = createSocket('udp4');
    let answers = 0;
    tap.on('message', () => answers++);
    await warmUp({ a, b } as Pair);
    // the bytes as they leave: what an eavesdropper has
    const sealed = sealedDatagrams(a, tapped);
    probe(a, 'b', 'once');
    await until('it arrived', () => texts(b).includes('once'));
    sealed.restore();
    expect(tapped).toHaveLength(1);
    for (const datagram of [
      tapped[0] as Buffer,
      Buffer.alloc(60, 1),
      Buffer.alloc(0),
      Buffer.alloc(1400, 1),
    ]) {
      await new Promise((resolve) => tap.send(datagram, b.port, '127.0.0.1', resolve));
    }
    probe(a, 'b', 'after');
    await until('a later one arrived', () => texts(b).includes('after'));
    expect(texts(b).filter((t) => t === 'once')).toHaveLength(1);
    expect(answers).toBe(0);
    tap.close();
  });

  it('hears nothing any more of a peer that was removed from the record', async () => {
    const { a, b, removed } = await start();
    await warmUp({ a, b } as Pair);
    removed.add('a');
    b.transport.review();
    const before = b.payloads.length;
    for (let n = 0; n < 10; n++) probe(a, 'b', 'let me in');
    await until('the connection is gone too', () => !(a.transport.links()[0]?.connected ?? false));
    expect(b.payloads.length).toBe(before);
  });
});

/** Keeps what the lane of `one` sends: loopback shows it to nobody else without a raw socket. */
function sealedDatagrams(one: LaneEnd, into: Buffer[]): { restore(): void } {
  const original = Socket.prototype.send;
  Socket.prototype.send = function (this: unknown, ...args: unknown[]) {
    if (args[1] !== one.port) into.push(Buffer.from(args[0] as Uint8Array));
    return Reflect.apply(original, this, args);
  } as typeof original;
  return {
    restore: () => {
      Socket.prototype.send = original;
    },
  };
}
