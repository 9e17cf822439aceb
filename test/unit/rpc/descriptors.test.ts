import { closeSync, openSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { DescriptorReserve, descriptorOf, openFilesLimit } from '../../../src/rpc/descriptors.ts';
import { notLinux, skipVisibly } from '../../lab/skip.ts';

describe('DescriptorReserve', () => {
  it('is touched by the last numbers of the limit, an eighth of it at most', () => {
    const first = (limit: number): number => {
      const reserve = new DescriptorReserve(() => limit);
      let n = 0;
      while (!reserve.isTouched(n, 0)) n++;
      return n;
    };
    expect(first(1024)).toBe(1024 - LIMITS.reservedDescriptors);
    expect(first(64)).toBe(56);
  });

  it('looks at the limit again each second: it may be changed from outside', () => {
    let limit = 1000;
    const reserve = new DescriptorReserve(() => limit);
    expect(reserve.isTouched(500, 0)).toBe(false);
    limit = 400;
    expect(reserve.isTouched(500, 999)).toBe(false);
    expect(reserve.isTouched(500, 1000)).toBe(true);
  });

  it('is never touched where nobody says the limit, always where none is left to look with', () => {
    expect(new DescriptorReserve(() => null).isTouched(1_000_000, 0)).toBe(false);
    expect(new DescriptorReserve(() => 0).isTouched(5, 0)).toBe(true);
  });
});

const skip = skipVisibly('what the kernel says of descriptors', notLinux());

it.skipIf(skip)('openFilesLimit and descriptorOf say what the kernel says', async () => {
  expect(openFilesLimit()).toBeGreaterThan(16);
  const server = createServer();
  const accepted = new Promise<object>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = dial((server.address() as { port: number }).port, '127.0.0.1');
  const socket = await accepted;
  const taken = descriptorOf(socket);
  const next = openSync('/dev/null', 'r');
  closeSync(next);
  expect(taken).toBeGreaterThan(2);
  expect(next).not.toBe(taken);
  expect(descriptorOf({})).toBe(-1);
  client.destroy();
  server.close();
});
