import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LanePool } from '../../../src/client/lane-pool.ts';
import { LeaderTracker } from '../../../src/client/leader-tracker.ts';
import { WarmLanes } from '../../../src/client/warm-lanes.ts';
import { MemoryCluster } from './memory-cluster.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Tells when each node was dialled, ms since the beginning. */
class DialledCluster extends MemoryCluster {
  readonly dialled: Record<string, number[]> = {};
  readonly #began = performance.now();

  override openLane(endpoint: string) {
    this.dialled[endpoint] = [...(this.dialled[endpoint] ?? []), Math.round(performance.now() - this.#began)];
    return super.openLane(endpoint);
  }
}

function stage() {
  const cluster = new DialledCluster(3);
  const lanes = new LanePool(cluster);
  const warm = new WarmLanes(new LeaderTracker(cluster.endpoints), lanes);
  const [one = '', two = '', three = ''] = cluster.endpoints;
  return { cluster, lanes, warm, dialled: cluster.dialled, one, two, three };
}

it('a lane to each node is opened at once, and none twice while all stand', async () => {
  const { warm, dialled, one, two, three } = stage();
  warm.keep();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(dialled).toEqual({ [one]: [0], [two]: [0], [three]: [0] });
  warm.close();
});

it('a node that is gone is dialled after a quarter of the time since, and soon behind a search', async () => {
  const { cluster, lanes, warm, dialled, two } = stage();
  warm.keep();
  await vi.advanceTimersByTimeAsync(10_000);
  cluster.down.add(two);
  await vi.advanceTimersByTimeAsync(200_000);
  // missed at one of the looks that come each second
  const away = (dialled[two] ?? []).slice(1).map((at) => at - 10_250);
  expect(away.slice(0, 7)).toEqual([0, 250, 500, 750, 1000, 1250, 1562]);
  const gaps = away.slice(1).map((at, i) => at - (away[i] ?? 0));
  expect(Math.max(...gaps)).toBe(8000);
  expect(gaps.at(-1)).toBe(8000);
  expect(away.length).toBeLessThan(45);
  // its client hears of it by a search, or at the next look
  cluster.down.delete(two);
  warm.keepSoon();
  await vi.advanceTimersByTimeAsync(250);
  expect(lanes.peek(two)).toBeDefined();
  warm.close();
});

it('dials nobody once it is closed', async () => {
  const { cluster, warm, dialled, two } = stage();
  warm.keep();
  cluster.down.add(two);
  warm.close();
  warm.keepSoon();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(dialled[two]).toEqual([0]);
});
