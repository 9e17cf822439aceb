import { describe, expect, it } from 'vitest';
import { PacedHash } from '../../../src/state/paced-hash.ts';

/** A walk that takes `busyMs`, and when each began. */
function make(busyMs: number) {
  const walks: number[] = [];
  const paced = new PacedHash(async () => {
    walks.push(performance.now());
    const hash = `walk ${walks.length}`;
    await new Promise((resolve) => setTimeout(resolve, busyMs));
    if (busyMs === 0) throw new RangeError('killed');
    return { hash, index: 7 };
  });
  return { walks, paced };
}

describe('PacedHash', () => {
  it('ask is one walk for all who ask meanwhile', async () => {
    const { walks, paced } = make(5);
    const answers = await Promise.all(Array.from({ length: 20 }, () => paced.ask()));
    expect(new Set(answers.map((a) => a.hash))).toEqual(new Set(['walk 1']));
    expect(walks).toHaveLength(1);
    expect(await paced.ask()).toEqual({ hash: 'walk 2', index: 7 });
  });

  it('ask leaves the machine alone for most of the time, however often it is called', async () => {
    const { walks, paced } = make(20);
    for (let i = 0; i < 3; i++) await paced.ask();
    expect(walks).toHaveLength(3);
    expect((walks[2] as number) - (walks[0] as number)).toBeGreaterThanOrEqual(2 * 5 * 19);
  });

  it('ask walks anew after a walk that failed', async () => {
    const { walks, paced } = make(0);
    await expect(paced.ask()).rejects.toThrow('killed');
    await expect(paced.ask()).rejects.toThrow('killed');
    expect(walks).toHaveLength(2);
  });
});
