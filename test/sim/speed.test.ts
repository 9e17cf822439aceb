import { describe, expect, it } from 'vitest';
import { measureSpeed, speedText } from './speed.ts';

describe('measureSpeed', () => {
  it('plays every world that it names, and says how fast', () => {
    const speeds = measureSpeed(0.02);
    expect(speeds).toHaveLength(4);
    for (const { simulatedSeconds, cpuSeconds, steps } of speeds) {
      expect(simulatedSeconds).toBeGreaterThan(10);
      expect(cpuSeconds).toBeGreaterThan(0);
      expect(steps).toBeGreaterThan(1000);
    }
    expect(speeds.map((s) => s.operations > 0)).toEqual([true, true, true, true]);
    expect(
      speedText({
        ...speeds[0],
        name: 'x',
        simulatedSeconds: 10,
        cpuSeconds: 0.01,
        steps: 10_000,
        operations: 5,
      }),
    ).toBe('  1000 simulated s/s, 1.00 µs a step, 0.5 operations a second: x');
  });
});
