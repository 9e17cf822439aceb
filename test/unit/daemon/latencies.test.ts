/** Quantiles of the last minute, in virtual time. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Latencies } from '../../../daemon/latencies.ts';

describe('Latencies', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const near = (value: number | null, expected: number): void => {
    expect(Math.abs((value ?? Number.NaN) / expected - 1)).toBeLessThan(0.01);
  };

  it('knows nothing without requests, and each of them however many there are', () => {
    const latencies = new Latencies();
    expect(latencies.quantile(0.95)).toBeNull();
    for (let n = 1; n <= 100_000; n++) latencies.record(n / 100, n % 10 === 0);
    near(latencies.quantile(0.5), 500);
    near(latencies.quantile(0.95), 950);
    near(latencies.quantile(0.99), 990);
    expect(latencies.totals).toEqual({ requests: 100_000, errors: 10_000 });
  });

  it('forgets what is older than a minute, and nothing that is younger than fifty seconds', () => {
    const latencies = new Latencies();
    latencies.record(1000, false);
    vi.advanceTimersByTime(50_000);
    latencies.record(1, false);
    near(latencies.quantile(0.99), 1000);
    vi.advanceTimersByTime(10_000);
    near(latencies.quantile(0.99), 1);
    vi.advanceTimersByTime(3_600_000);
    expect(latencies.quantile(0.99)).toBeNull();
  });

  it('takes the shortest and the longest', () => {
    const latencies = new Latencies();
    for (const ms of [0, 1e9]) latencies.record(ms, false);
    expect(latencies.quantile(0.01)).toBe(0.001);
    near(latencies.quantile(0.99), 600_000);
  });
});
