import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogThreshold } from '../../../daemon/log-threshold.ts';
import { createLogger } from '../../../daemon/logger.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('LogThreshold', () => {
  it('goes back by itself when its time is over, and tells it once', () => {
    const threshold = new LogThreshold('info');
    const onEnd = vi.fn();
    threshold.change('debug', 60_000, 1000, onEnd);
    expect([threshold.current, threshold.until]).toEqual(['debug', 61_000]);
    vi.advanceTimersByTime(59_999);
    expect(threshold.current).toBe('debug');
    vi.advanceTimersByTime(1);
    expect([threshold.current, threshold.until]).toEqual(['info', null]);
    vi.advanceTimersByTime(600_000);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  it('a later change takes the place of an earlier one, and its end with it', () => {
    const threshold = new LogThreshold('warn');
    const first = vi.fn();
    threshold.change('debug', 1000, 0, first);
    threshold.change('error', 5000, 500, () => {});
    vi.advanceTimersByTime(4000);
    expect(threshold.current).toBe('error');
    expect(first).not.toHaveBeenCalled();
    threshold.reset();
    expect([threshold.current, threshold.until]).toEqual(['warn', null]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('the configuration moves what it goes back to, and not what was asked for meanwhile', () => {
    const threshold = new LogThreshold('info');
    threshold.setLevel('error');
    expect([threshold.current, threshold.base]).toEqual(['error', 'error']);
    threshold.change('debug', 1000, 0, () => {});
    threshold.setLevel('warn');
    expect([threshold.current, threshold.base]).toEqual(['debug', 'warn']);
    vi.advanceTimersByTime(1000);
    expect(threshold.current).toBe('warn');
    threshold.setLevel(null);
    expect(threshold.current).toBe('info');
  });

  it('decides what a logger writes, line by line', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-log-'));
    const threshold = new LogThreshold('info');
    const logger = createLogger(threshold, join(dir, 'log'));
    logger.log('debug', 'before');
    threshold.change('debug', 1000, 0, () => {});
    logger.log('debug', 'during');
    vi.advanceTimersByTime(1000);
    logger.log('debug', 'after');
    logger.log('info', 'end');
    const lines = readFileSync(join(dir, 'log'), 'utf8').trim().split('\n');
    rmSync(dir, { recursive: true });
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['during', 'end']);
  });
});
