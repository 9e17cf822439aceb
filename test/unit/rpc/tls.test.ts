import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dial, isLate, isRefused } from '../../../src/rpc/tls.ts';
import { NodeFolders } from './node-folders.ts';

let folders: NodeFolders;
beforeAll(async () => {
  folders = await NodeFolders.create();
});
afterAll(() => folders.remove());

/** Certificates that count how often they are read. */
async function counted() {
  const { ca, cert, key } = await folders.person('ann', 'admin');
  const reads = { key: 0 };
  const tls = {
    ca,
    cert,
    get key() {
      reads.key++;
      return key;
    },
  };
  return { tls, reads };
}

/** A port of loopback at which nobody listens. */
async function refusingPort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A port that takes connections and says nothing; `taken` has them. */
async function silent(): Promise<{ port: number; taken: Socket[]; server: Server }> {
  const taken: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    taken.push(socket);
  });
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  return { port, taken, server };
}

describe('dial', () => {
  it('reads the same certificates once, however often it dials, and others anew', async () => {
    const port = await refusingPort();
    const [first, renewed] = [await counted(), await counted()];
    const dialled = (tls: typeof first.tls) =>
      new Promise<Error | null>((resolve) => {
        dial({ host: '127.0.0.1', port, tls, timeoutMs: 2000 }, (error) => resolve(error));
      });
    for (let n = 0; n < 3; n++) expect(isRefused(await dialled(first.tls))).toBe(true);
    const once = first.reads.key;
    await dialled(first.tls);
    await dialled(renewed.tls);
    expect(first.reads.key).toBe(once);
    expect(renewed.reads.key).toBe(once);
  });

  it('has a time of its own for the handshake, and says that it was the process that was late', async () => {
    const { port, server } = await silent();
    const { tls } = await counted();
    const steps: string[] = [];
    const handshake = {
      timeoutMs: 30,
      enter: (begin: () => void) => {
        steps.push('entered');
        begin();
        return () => void steps.push('left');
      },
    };
    const error = await new Promise<Error | null>((resolve) => {
      dial({ host: '127.0.0.1', port, tls, timeoutMs: 10_000, handshake }, resolve);
    });
    expect(error?.message).toBe(`no handshake with 127.0.0.1:${port} within 30 ms`);
    expect([isLate(error), isRefused(error)]).toEqual([true, false]);
    expect(steps).toEqual(['entered', 'left']);
    server.close();
  });

  it('waits for its turn without a time-out, says nothing before, and can be given up', async () => {
    const { port, taken, server } = await silent();
    const { tls } = await counted();
    const steps: string[] = [];
    let giveUp = (): void => {};
    const error = await new Promise<Error | null>((resolve) => {
      const enter = (): (() => void) => {
        // its turn never comes; what happens first is that the caller wants it no longer
        steps.push('waits');
        setImmediate(() => giveUp());
        return () => void steps.push('left');
      };
      giveUp = dial(
        { host: '127.0.0.1', port, tls, timeoutMs: 5000, handshake: { timeoutMs: 1, enter } },
        resolve,
      );
    });
    expect(error?.message).toBe('given up');
    expect(isLate(error)).toBe(false);
    expect(steps).toEqual(['waits', 'left']);
    await new Promise((resolve) => server.close(resolve));
    expect(taken.map((socket) => socket.bytesRead)).toEqual([0]);
  });

  it('that is closed while it waits for its turn has failed', async () => {
    const { port, server } = await silent();
    server.on('connection', (socket) => socket.end());
    const { tls } = await counted();
    const error = await new Promise<Error | null>((resolve) => {
      const handshake = { timeoutMs: 10, enter: () => () => {} };
      dial({ host: '127.0.0.1', port, tls, timeoutMs: 5000, handshake }, resolve);
    });
    expect(error?.message).toBe(`127.0.0.1:${port} closed during the handshake`);
    expect(isLate(error)).toBe(false);
    server.close();
  });
});
