import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { handOver } from '../../../daemon/last-duty.ts';
import type { Logger } from '../../../src/base/index.ts';

type Consensus = Parameters<typeof handOver>[0];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Told to stop, as a node of `voters` in that role; `ok`: whether another one takes the office. */
function told({ role = 'leader', voters = 3, ok = true }) {
  const asked: number[] = [];
  const consensus = {
    status: { role, membership: { voters: Array.from({ length: voters }) } },
    transfer: async (_to: unknown, timeoutMs: number) => {
      asked.push(timeoutMs);
      return { ok, reason: '' };
    },
  } as unknown as Consensus;
  let isOver = false;
  const logger = { log: () => {} } as unknown as Logger;
  void handOver(consensus, logger).then(() => {
    isOver = true;
  });
  return { asked, isOver: () => isOver };
}

it('a leader gives its office away and keeps its streams open a little longer', async () => {
  const { asked, isOver } = told({});
  await vi.advanceTimersByTimeAsync(249);
  expect([asked.length, isOver()]).toEqual([1, false]);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver()).toBe(true);
});

it('nobody else, and no leader whose office nobody took, makes its end wait', async () => {
  const others = [told({ role: 'follower' }), told({ voters: 1 }), told({ ok: false })];
  await vi.advanceTimersByTimeAsync(0);
  expect(others.map((one) => [one.asked.length, one.isOver()])).toEqual([
    [0, true],
    [0, true],
    [1, true],
  ]);
});
