/** Credentials that are replaced on disk while a client is in use. */
import { describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import type { Credentials, Lane, WireAnswer } from '../../../src/client/index.ts';
import { type RenewableWire, RenewedWire } from '../../../src/client/renewed-wire.ts';

const OLD = { ca: 'ca-1', cert: 'c-1', key: 'k-1' };
const NEW = { ca: 'ca-2', cert: 'c-2', key: 'k-2' };
const ASK = { method: 'GET', path: '/v1/status', headers: {} };

/** A node that takes `good` alone; others it refuses with 401, or they don't take its certificate. */
class Door implements RenewableWire {
  good: Credentials = OLD;
  shown: Credentials = OLD;
  isStrange = false;
  readonly asked: string[] = [];
  readonly budgets: number[] = [];

  #enter(): void {
    this.asked.push(this.shown.cert ?? '-');
    if (this.shown.cert === this.good.cert) return;
    const details = { sent: false };
    throw this.isStrange
      ? new SqlccError('unavailable', 'self-signed certificate in certificate chain', { details })
      : new SqlccError('unauthenticated', 'of a CA that was replaced');
  }

  async request(_endpoint: string, _request: object, timeoutMs: number): Promise<WireAnswer> {
    this.budgets.push(timeoutMs);
    try {
      this.#enter();
    } catch (error) {
      if (this.isStrange) throw error;
      return { status: 401, headers: {}, body: { code: 'unauthenticated' } };
    }
    return { status: 200, headers: {}, body: 'ok' };
  }

  async *stream(): AsyncGenerator<unknown> {
    this.#enter();
    yield 1;
    this.#enter();
    yield 2;
  }

  async openLane(): Promise<Lane> {
    this.#enter();
    const { cert } = this.shown;
    let isOpen = true;
    return {
      get isOpen() {
        return isOpen;
      },
      call: async () => ({ status: cert === this.good.cert ? 200 : 401, headers: {}, body: null }),
      leave: async () => {
        isOpen = false;
      },
      close: () => {},
    };
  }

  reload(credentials: Credentials): void {
    if (credentials.cert?.slice(2) !== credentials.key?.slice(2)) throw new TypeError('key values mismatch');
    this.shown = credentials;
  }

  async close(): Promise<void> {}
}

function world(files: { now: Credentials }) {
  const door = new Door();
  let reads = 0;
  const read = () => {
    reads++;
    return files.now;
  };
  return { door, wire: new RenewedWire(door, OLD, read), reads: () => reads };
}

const abort = { signal: new AbortController().signal };

describe('RenewedWire', () => {
  it('reads nothing while it is let in', async () => {
    const { wire, reads } = world({ now: NEW });
    expect((await wire.request('n1', ASK, 100)).status).toBe(200);
    expect(reads()).toBe(0);
  });

  it.each([false, true])(
    'asks again with what it has read, once, and goes on with it (%s)',
    async (isStrange) => {
      const { door, wire, reads } = world({ now: NEW });
      Object.assign(door, { good: NEW, isStrange });
      expect((await wire.request('n1', ASK, 100)).status).toBe(200);
      expect((await wire.openLane('n1')).isOpen).toBe(true);
      expect(door.asked).toEqual(['c-1', 'c-2', 'c-2']);
      expect(Math.max(...door.budgets)).toBe(100);
      expect(reads()).toBe(1);
    },
  );

  it('is refused as before where nothing else is to be read', async () => {
    const { door, wire } = world({ now: OLD });
    door.good = NEW;
    expect((await wire.request('n1', ASK, 100)).status).toBe(401);
    await expect(wire.openLane('n1')).rejects.toMatchObject({ code: 'unauthenticated' });
    door.isStrange = true;
    await expect(wire.request('n1', ASK, 100)).rejects.toMatchObject({ code: 'unavailable' });
    expect(door.asked).toHaveLength(3);
  });

  it('waits for the other half of a pair that is being replaced', async () => {
    const files = { now: { ...OLD, key: 'k-2' } };
    const { door, wire } = world(files);
    door.good = NEW;
    expect((await wire.request('n1', ASK, 100)).status).toBe(401);
    files.now = NEW;
    expect((await wire.request('n1', ASK, 100)).status).toBe(200);
  });

  it('breaks a stream that is refused amid its lines, for its reader to go on with the new ones', async () => {
    const { door, wire, reads } = world({ now: NEW });
    const lines: unknown[] = [];
    const follow = async (): Promise<void> => {
      for await (const line of wire.stream('n1', ASK, abort)) {
        lines.push(line);
        door.good = NEW;
      }
    };
    await expect(follow()).rejects.toMatchObject({ code: 'unavailable' });
    await follow();
    expect([lines, reads()]).toEqual([[1, 1, 2], 1]);
  });

  it('ends a lane on which it is refused, so that the next one shows the new ones', async () => {
    const { door, wire } = world({ now: NEW });
    const lane = await wire.openLane('n1');
    door.good = NEW;
    const refused = lane.call(ASK, 100);
    await expect(refused).rejects.toMatchObject({ code: 'unavailable', details: { sent: false } });
    expect(lane.isOpen).toBe(false);
    expect((await (await wire.openLane('n1')).call(ASK, 100)).status).toBe(200);
  });

  it('lets all go on that were refused at once, though one alone has read', async () => {
    const { door, wire, reads } = world({ now: NEW });
    door.good = NEW;
    const answers = await Promise.all([1, 2, 3].map(() => wire.request('n1', ASK, 100)));
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200]);
    expect(reads()).toBe(1);
  });
});
