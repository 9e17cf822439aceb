import { describe, expect, it } from 'vitest';
import { type Denial, Denials } from '../../../daemon/denials.ts';
import { LIMITS } from '../../../src/base/index.ts';

function make() {
  const told: Denial[] = [];
  return { told, denials: new Denials((denial) => told.push(denial)) };
}

const eve = { who: 'eve', from: '192.0.2.7' };

describe('Denials', () => {
  it('tells the first at once, then what a minute gathered, then nothing', () => {
    const { told, denials } = make();
    for (let i = 0; i < 500; i++) denials.note(eve, 'permission_denied tokens', i);
    denials.note({ ...eve, who: 'bob' }, 'permission_denied tokens', 500);
    expect(told.map((d) => [d.who, d.count])).toEqual([
      ['eve', 1],
      ['bob', 1],
    ]);
    denials.flush(60_000);
    expect(told.at(-1)).toEqual({ ...eve, what: 'permission_denied tokens', count: 499 });
    denials.flush(60_500);
    denials.flush(200_000);
    expect(told).toHaveLength(3);
    expect(denials.total).toBe(501);
    denials.note(eve, 'permission_denied tokens', 200_000);
    expect(told).toHaveLength(4);
  });

  it('keeps a bounded number of rows; the rest is counted together and in the total', () => {
    const { told, denials } = make();
    for (let i = 0; i < LIMITS.maxDenialRows + 100; i++)
      denials.note({ who: 'nobody', from: `192.0.2.${i}` }, 'unauthenticated', i);
    expect(told).toHaveLength(LIMITS.maxDenialRows + 1);
    expect(told.at(-1)?.who).toBe('others');
    expect(denials.total).toBe(LIMITS.maxDenialRows + 100);
    denials.flush(70_000);
    expect(told.filter((d) => d.who === 'others').at(-1)?.count).toBe(99);
  });
});
