import { describe, expect, it } from 'vitest';
import { Pace } from '../../../daemon/pace.ts';

const MIB = 1024 * 1024;

describe('Pace', () => {
  it('holds the rate over any time, whoever takes', () => {
    const pace = new Pace(64 * MIB);
    let now = 1000;
    for (let n = 0; n < 400; n++) now += pace.take(MIB / 4, now);
    // 100 MiB at 64 MiB/s, less the burst
    expect(now - 1000).toBeGreaterThan(1500);
    expect(now - 1000).toBeLessThan(1570);
  });

  it('lets a small burst through at once, and does not save up more than that', () => {
    const pace = new Pace(64 * MIB);
    expect(pace.take(MIB, 0)).toBe(0);
    expect(pace.take(2 * MIB, 0)).toBe(0);
    expect(pace.take(MIB, 0)).toBeGreaterThan(5);
    expect(pace.take(MIB, 1e6)).toBe(0);
    expect(pace.take(4 * MIB, 1e6)).toBeCloseTo(28.125, 3);
  });
});
