import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NodeFolders } from './node-folders.ts';
import { startPeer, type TestPeer, until } from './peer-fixture.ts';

let folders: NodeFolders;
const open: TestPeer[] = [];
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterAll(() => folders.remove());
afterEach(() => Promise.all(open.splice(0).map(({ transport }) => transport.stop())));

async function peer(nodeId: string): Promise<TestPeer> {
  const started = await startPeer({ nodeId, pkiDir: await folders.node(nodeId) });
  open.push(started);
  return started;
}

function connected({ transport }: TestPeer): boolean {
  return transport.links().every((link) => link.connected);
}

/** A port that takes connections and says nothing, and how long each of them stood, ms. */
async function silentPort(): Promise<{ port: number; taken: () => number; stood: number[]; server: Server }> {
  const stood: number[] = [];
  let taken = 0;
  const server = createServer((socket) => {
    const since = performance.now();
    taken++;
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => stood.push(performance.now() - since));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, taken: () => taken, stood, server };
}

describe('PeerTransport dials', { timeout: 20_000 }, () => {
  it('gives who takes connections and is late twice the time at the next dial', async () => {
    const silent = await silentPort();
    const a = await peer('n1');
    const address = `127.0.0.1:${silent.port}`;
    a.transport.setPeers([{ nodeId: 'n2', address, purposes: ['control'] }]);
    await until('two dials were given up', () => silent.stood.length === 2);
    const [first = 0, second = 0] = silent.stood;
    expect(first).toBeGreaterThan(900);
    expect(second).toBeGreaterThan(1900);
    silent.server.close();
  });

  it('does not begin anew what has reached the host of a peer that calls', async () => {
    const silent = await silentPort();
    const a = await peer('n1');
    const b = await peer('n2');
    a.transport.setPeers([{ nodeId: 'n2', address: `127.0.0.1:${silent.port}` }]);
    await until('both lines have reached it', () => silent.taken() === 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    b.transport.setPeers([{ nodeId: 'n1', address: a.address }]);
    await until('it has called', () => connected(b));
    await until('a dial was given up', () => silent.stood.length > 0);
    expect(silent.stood[0]).toBeGreaterThan(900);
    silent.server.close();
  });

  it('for some purposes alone, and further ones later, as the peers are set', async () => {
    const a = await peer('n1');
    const b = await peer('n2');
    const opened = () =>
      a.heard.logs.filter((l) => l.event === 'peer-connected').map((l) => `${l.fields['purpose']}`);
    const set = (purposes?: readonly ['control']): void =>
      a.transport.setPeers([{ nodeId: 'n2', address: b.address, ...(purposes && { purposes }) }]);
    set(['control']);
    await until('the line for words stands', () => connected(a));
    expect(opened()).toEqual(['control']);
    set();
    await until('the one for entries too', () => opened().length === 2);
    expect(opened()).toEqual(['control', 'bulk']);
    set(['control']);
    a.transport.send('n2', 'bulk', new Uint8Array(1));
    await until('nothing goes by it', () => a.heard.events.some((e) => e.what === 'unreachable'));
    const verdicts = a.heard.events.filter((e) => e.what !== 'unreachable');
    expect([connected(a), ...verdicts]).toEqual([true]);
  });
});
