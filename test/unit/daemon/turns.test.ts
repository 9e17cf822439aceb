import { describe, expect, it } from 'vitest';
import { Turns } from '../../../daemon/turns.ts';
import { LIMITS } from '../../../src/base/index.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = (): boolean => false;
const FULL = LIMITS.listBytesPerTurn;

describe('Turns', () => {
  it('makes so many bytes a turn of the event loop, in order, and others are served between them', async () => {
    const turns = new Turns();
    const told: string[] = [];
    const ask = async (name: string, bytes: number): Promise<void> => {
      await turns.take(() => {
        told.push(`${name} is made`);
        return { bytes };
      }, never);
      told.push(`${name} is answered`);
    };
    // as calls from one packet: asked for before any is answered
    const all = [ask('small', 10), ask('half', FULL / 2), ask('full', FULL), ask('b', FULL), ask('c', FULL)];
    told.push('all were asked');
    for (let n = 1; n <= 3; n++) {
      await turn();
      told.push(`turn ${n}`);
    }
    await Promise.all(all);
    expect(told).toEqual([
      ...['small is made', 'half is made', 'full is made', 'all were asked'],
      ...['small is answered', 'half is answered', 'full is answered'],
      ...['b is made', 'b is answered', 'turn 1'],
      ...['c is made', 'c is answered', 'turn 2', 'turn 3'],
    ]);
  });

  it('counts a list of nothing too', async () => {
    const turns = new Turns();
    let made = 0;
    const one = (): { bytes: number } => ({ bytes: 0 * made++ });
    const all = Array.from({ length: LIMITS.maxWaitingLists + 1 }, () => turns.take(one, never));
    expect(made).toBeLessThanOrEqual(FULL / 1024);
    expect(made).toBeGreaterThan(FULL / 2048);
    await Promise.all(all);
  });

  it('does not make what nobody waits for any more, and refuses who comes when as many wait as may', async () => {
    const turns = new Turns();
    const made: number[] = [];
    const ask = (n: number): Promise<unknown> =>
      turns.take(
        () => ({ bytes: FULL, n: made.push(n) }),
        () => n > 1,
      );
    const results = Promise.allSettled(Array.from({ length: LIMITS.maxWaitingLists + 1 }, (_, n) => ask(n)));
    await expect(ask(0)).rejects.toMatchObject({ code: 'overloaded' });
    const codes = (await results).map((r) => (r.status === 'rejected' ? r.reason.code : 'made'));
    expect(made).toEqual([0, 1]);
    expect(codes.slice(0, 3)).toEqual(['made', 'made', 'deadline_exceeded']);
    await expect(ask(1)).resolves.toMatchObject({ bytes: FULL });
  });

  it('tells what the work threw, and goes on', async () => {
    const turns = new Turns();
    const broken = (): never => {
      throw new Error('torn');
    };
    await expect(turns.take(broken, never)).rejects.toThrow('torn');
    await expect(turns.take(() => ({ bytes: 1 }), never)).resolves.toEqual({ bytes: 1 });
  });
});
