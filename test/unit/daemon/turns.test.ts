import { describe, expect, it } from 'vitest';
import { Turns } from '../../../daemon/turns.ts';
import { LIMITS } from '../../../src/base/index.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Turns', () => {
  it('gives one piece of work a turn of the event loop, in order, and others are served between them', async () => {
    const turns = new Turns();
    const told: string[] = [];
    const work = async (name: string): Promise<void> => {
      await turns.next();
      told.push(`${name} begins`);
      await Promise.resolve();
      told.push(`${name} ends`);
    };
    const all = [work('a'), work('b'), work('c')];
    await Promise.resolve().then(() => {});
    for (let n = 1; n <= 3; n++) {
      await turn();
      told.push(`turn ${n}`);
    }
    await Promise.all(all);
    const of = (name: string): string[] => [`${name} begins`, `${name} ends`];
    expect(told).toEqual([...of('a'), ...of('b'), 'turn 1', ...of('c'), 'turn 2', 'turn 3']);
  });

  it('makes nobody wait when nobody was there in this turn', async () => {
    const turns = new Turns();
    await turns.next();
    await turn();
    let isServed = false;
    const next = turns.next().then(() => {
      isServed = true;
    });
    await Promise.resolve().then(() => {});
    expect(isServed).toBe(true);
    await next;
  });

  it('refuses who comes when as many wait as may', async () => {
    const turns = new Turns();
    const all = Array.from({ length: LIMITS.maxPendingReads + 1 }, () => turns.next());
    await expect(turns.next()).rejects.toMatchObject({ code: 'overloaded' });
    await all[0];
    await turn();
    // one has had its turn: there is room for one
    all.push(turns.next());
    await expect(turns.next()).rejects.toMatchObject({ code: 'overloaded' });
  });
});
