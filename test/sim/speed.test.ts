import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/index.ts';
import { measureSpeed, speedText } from './speed.ts';

interface StepCosts {
  readonly core: number;
  readonly logged: number;
  readonly faulty: number;
}

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

  it('finds that a step costs the same after four times as many, and a log little more than none', () => {
    const [short, long] = [0.02, 0.08].map((scale) => {
      const [core, , logged, faulty] = measureSpeed(scale).map((s) => s.cpuSeconds / s.steps);
      return { core: must(core, 'a'), logged: must(logged, 'b'), faulty: must(faulty, 'c') };
    }) as [StepCosts, StepCosts];
    // ratios within one process, so of one machine: 0.6, 1.6 and 4.9, each time, beside much other work
    expect(long.logged / short.logged).toBeLessThan(1.2);
    expect(long.logged / long.core).toBeLessThan(3);
    expect(long.faulty / long.core).toBeLessThan(9);
  });
});
