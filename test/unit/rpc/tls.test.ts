import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dial, isRefused } from '../../../src/rpc/tls.ts';
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
});
