/**
 * What whoever carries messages between nodes must keep, whichever way the streams
 * come in. A suite for any implementation: `make` gives two connected ends.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/index.ts';
import type { PeerPurpose, PeerTransport } from '../../src/rpc/index.ts';

export interface TransportEnd {
  readonly nodeId: string;
  readonly transport: Pick<PeerTransport, 'send' | 'setPeers' | 'links' | 'disconnect' | 'stop'>;
  /** Everything its listener was given, in order. */
  readonly payloads: readonly { readonly peer: string; readonly bytes: Uint8Array }[];
  /** Times `unreachable` was told. */
  readonly unreachable: () => number;
}

export interface TransportPair {
  readonly a: TransportEnd;
  readonly b: TransportEnd;
  readonly purpose: PeerPurpose;
  stop(): Promise<void>;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function numbered(n: number, size: number): Uint8Array {
  const out = new Uint8Array(Math.max(4, size));
  new DataView(out.buffer).setUint32(0, n);
  return out;
}

function numbersOf(end: TransportEnd): number[] {
  return end.payloads.map(({ bytes }) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
}

export function transportContract(name: string, make: () => Promise<TransportPair>): void {
  describe(`${name} keeps the contract of a transport`, { timeout: 20_000 }, () => {
    let pair: TransportPair | null = null;
    const start = async (): Promise<TransportPair> => {
      pair = await make();
      return pair;
    };
    afterEach(async () => {
      await pair?.stop();
      pair = null;
    });

    it('delivers whole payloads of every size, in order, once, with the true sender', async () => {
      const { a, b, purpose } = await start();
      const sizes = [4, 5, 100, 16_384, 16_385, 70_000, 1_000_000, 4];
      for (const [n, size] of sizes.entries()) a.transport.send('b', purpose, numbered(n, size));
      await until('all arrived', () => b.payloads.length === sizes.length);
      expect(b.payloads.map((p) => p.bytes.length)).toEqual(sizes);
      expect(numbersOf(b)).toEqual(sizes.map((_, n) => n));
      expect(b.payloads.every((p) => p.peer === 'a')).toBe(true);
    });

    it('delivers a payload of exactly the limit, and drops a longer one without losing the connection', async () => {
      const { a, b, purpose } = await start();
      const { maxFrameBytes } = LIMITS;
      a.transport.send('b', purpose, numbered(1, maxFrameBytes));
      a.transport.send('b', purpose, numbered(2, maxFrameBytes + 1));
      a.transport.send('b', purpose, numbered(3, 10));
      await until('the drop was told', () => a.unreachable() === 1);
      await until('the others arrived', () => b.payloads.length === 2);
      expect(b.payloads.map((p) => p.bytes.length)).toEqual([maxFrameBytes, 10]);
      expect(numbersOf(b)).toEqual([1, 3]);
      expect(a.transport.links()).toMatchObject([{ nodeId: 'b', connected: true }]);
    });

    it('takes a turn as long as its queue, drops what is beyond it and tells, and goes on', async () => {
      const { a, b, purpose } = await start();
      const size = 2 * 1024 * 1024;
      const fits = LIMITS.maxPeerQueueBytes / size;
      for (let n = 0; n < 3 * fits; n++) a.transport.send('b', purpose, numbered(n, size));
      await until('the drop was told', () => a.unreachable() === 1);
      await until('the queue arrived', () => b.payloads.length >= fits);
      a.transport.send('b', purpose, numbered(1000, 10));
      await until('one more arrived', () => numbersOf(b).at(-1) === 1000);
      expect(numbersOf(b)).toEqual([...Array.from({ length: fits }, (_, n) => n), 1000]);
    });

    it('carries both directions at once', async () => {
      const { a, b, purpose } = await start();
      for (let n = 0; n < 300; n++) {
        a.transport.send('b', purpose, numbered(n, 50));
        b.transport.send('a', purpose, numbered(n, 50));
      }
      await until('both heard all', () => a.payloads.length === 300 && b.payloads.length === 300);
      expect(numbersOf(a)).toEqual(numbersOf(b));
    });

    it('tells unreachable for a peer that it does not know, and throws nothing', async () => {
      const { a, purpose } = await start();
      a.transport.send('stranger', purpose, numbered(1, 10));
      await until('it was told', () => a.unreachable() === 1);
    });

    it('loses or delivers across a broken connection, never twice, never out of order', async () => {
      const { a, b, purpose } = await start();
      for (let n = 0; n < 200; n++) {
        if (n % 50 === 49) (n % 100 === 49 ? a : b).transport.disconnect(n % 100 === 49 ? 'b' : 'a');
        a.transport.send('b', purpose, numbered(n, 500));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      let last = 1000;
      await until('one gets through again', () => {
        a.transport.send('b', purpose, numbered(last++, 10));
        return (numbersOf(b).at(-1) ?? 0) >= 1000;
      });
      const got = numbersOf(b);
      expect(got).toEqual([...new Set(got)].sort((x, y) => x - y));
      expect(got.length).toBeGreaterThan(20);
    });

    it('knows whom it is connected to, and setPeers([]) ends it', async () => {
      const { a, b, purpose } = await start();
      expect(a.transport.links()).toMatchObject([{ nodeId: 'b', connected: true }]);
      a.transport.setPeers([]);
      expect(a.transport.links()).toEqual([]);
      const before = b.payloads.length;
      a.transport.send('b', purpose, numbered(1, 10));
      await until('the drop was told', () => a.unreachable() > 0);
      expect(b.payloads.length).toBe(before);
    });
  });
}
