/** The two intervals of the health loop, in virtual time: of a node's own samples, and of its full check. */
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { HealthLoop } from '../../../daemon/health-loop.ts';
import type { NodeParts } from '../../../daemon/node-parts.ts';
import type { DigestFacts, MemberFacts } from '../../../daemon/node-view.ts';

const SAMPLE = {
  ...{ cpuUsage: 0.1, cpuThrottled: null, cpuPressure: null, memoryUsage: 0.2, diskUsage: 0.3 },
  ...{ diskUsedBytes: 1, capacity: 10, diskFreeBytes: 9, loadFactor: 0.1, loopLagP99Ms: 1, rssBytes: 1 },
  ...{ ioReadBytes: null, ioWriteBytes: null, ioReadRate: null, ioWriteRate: null },
};

function other(health: DigestFacts['health']): MemberFacts {
  const digest = { health, issues: health === 'HEALTHY' ? [] : ['disk is slow'], at: 1 };
  return { ...{ nodeId: 'n2', liveness: 'alive', silenceMs: 1, rttMs: 1 }, digest: digest as never };
}

/** A loop of n1 that hears n2 by gossip; what it tells and publishes is kept with its time. */
function start(monitoring: { sampleIntervalMs: number; healthCheckIntervalMs: number }) {
  const seen = {
    ...{ events: [] as string[], published: 0, samples: 0, barriers: 0, isQuorate: true },
    ...{ n2: other('HEALTHY'), monitoring },
  };
  const parts = {
    inForce: {
      get config() {
        return {
          monitoring: seen.monitoring,
          ...{ replication: { replicaLagThresholdBytes: 1e9 }, raft: { electionTimeoutMs: 300 } },
        };
      },
    },
    facts: { nodeId: 'n1', dataDir: tmpdir() },
    options: { logger: { log: () => {} } },
    hub: { publishOwn: ({ message }: { message: string }) => seen.events.push(message) },
    sampler: {
      sample: () => {
        seen.samples++;
        return SAMPLE;
      },
      stop: () => {},
    },
    gossip: {
      members: () => new Map([['n2', seen.n2]]),
      member: () => seen.n2,
      publishDigest: () => seen.published++,
    },
    consensus: {
      ...{ status: null, traffic: { logBytes: 0, logEntries: 0 }, loopLagMs: 1, diskLatencyMs: 1 },
      readBarrier: async () => {
        seen.barriers++;
        if (!seen.isQuorate) throw new Error('no quorum');
      },
    },
    latencies: { totals: { requests: 0, errors: 0 }, quantile: () => null },
    state: { appliedIndex: 0, cluster: null },
    history: { add: () => {} },
    ownFile: { issues: () => [] },
    events: { divergence: { accused: () => [] } },
    startedAt: 0,
  };
  const loop = new HealthLoop({ parts: parts as unknown as NodeParts, connections: () => 0 });
  onTestFinished(() => loop.stop());
  loop.start();
  return { loop, seen };
}

/** Files are written in real time. */
const realImmediate = setImmediate;

describe('HealthLoop', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('samples at its own interval, follows a change of it, and ends when it is stopped', () => {
    const { loop, seen } = start({ sampleIntervalMs: 1000, healthCheckIntervalMs: 5000 });
    const [samples, published] = [seen.samples, seen.published];
    vi.advanceTimersByTime(4000);
    expect([seen.samples - samples, seen.published - published]).toEqual([4, 4]);
    seen.monitoring = { sampleIntervalMs: 200, healthCheckIntervalMs: 5000 };
    loop.follow();
    vi.advanceTimersByTime(2000);
    expect(seen.published - published).toBe(14);
    loop.stop();
    vi.advanceTimersByTime(5000);
    expect(seen.published - published).toBe(14);
  });

  it.each([1000, 5000])(
    'tells of a change of another node’s health at its look every %i ms',
    (intervalMs) => {
      const { loop, seen } = start({ sampleIntervalMs: 250, healthCheckIntervalMs: intervalMs });
      vi.advanceTimersByTime(10 * intervalMs + 250);
      expect(loop.health.status).toBe('HEALTHY');
      expect(seen.events).toEqual([]);
      seen.n2 = other('DEGRADED');
      vi.advanceTimersByTime(intervalMs - 500);
      expect(seen.events).toEqual([]);
      vi.advanceTimersByTime(500);
      expect(seen.events).toEqual(['n2 says it is DEGRADED: disk is slow']);
    },
  );

  it('takes no sample of its own when somebody asks for a check: the next one is of a whole interval', async () => {
    const { loop, seen } = start({ sampleIntervalMs: 500, healthCheckIntervalMs: 3_600_000 });
    vi.advanceTimersByTime(1000);
    const { samples } = seen;
    const report = await loop.checkNow();
    expect(report.checks.map((c) => c.name)).toContain('quorum-probe');
    expect(seen.samples).toBe(samples);
  });

  it('looks at once when somebody asks how the others are', () => {
    const { loop, seen } = start({ sampleIntervalMs: 500, healthCheckIntervalMs: 3_600_000 });
    seen.n2 = other('DEGRADED');
    vi.advanceTimersByTime(60_000);
    expect(seen.events).toEqual([]);
    expect(loop.getAllNodeHealths().get('n2')?.status).toBe('DEGRADED');
    expect(seen.events).toHaveLength(1);
  });

  /** Another full check, with the file that it writes, then a sample. */
  async function nextCheck(loop: HealthLoop, seen: { barriers: number }, intervalMs: number): Promise<void> {
    const before = seen.barriers;
    vi.advanceTimersByTime(intervalMs);
    expect(seen.barriers).toBe(before + 1);
    while (loop.isChecking) await new Promise((resolve) => realImmediate(resolve));
    vi.advanceTimersByTime(250);
  }

  it('tries a write and a quorum at each full check; two failures in a row count, and so do two successes', async () => {
    const { loop, seen } = start({ sampleIntervalMs: 250, healthCheckIntervalMs: 5000 });
    const probe = (name: string) => loop.health.checks.find((c) => c.name === name)?.status;
    expect(probe('quorum-probe')).toBe('UNKNOWN');
    await nextCheck(loop, seen, 5000);
    expect([probe('disk-probe'), probe('quorum-probe')]).toEqual(['HEALTHY', 'HEALTHY']);
    seen.isQuorate = false;
    await nextCheck(loop, seen, 4750);
    expect(loop.health.status).toBe('HEALTHY');
    seen.isQuorate = true;
    await nextCheck(loop, seen, 4750);
    seen.isQuorate = false;
    await nextCheck(loop, seen, 4750);
    expect(loop.health.status).toBe('HEALTHY');
    await nextCheck(loop, seen, 4750);
    vi.advanceTimersByTime(2500);
    expect(loop.health).toMatchObject({
      ...{ status: 'DEGRADED', issues: ['no quorum confirmed a leader in time'] },
    });
    expect(seen.events).toEqual(['n1 is DEGRADED: no quorum confirmed a leader in time']);
    seen.isQuorate = true;
    await nextCheck(loop, seen, 2250);
    expect(loop.health.status).toBe('DEGRADED');
    await nextCheck(loop, seen, 4750);
    vi.advanceTimersByTime(2500);
    expect(loop.health).toMatchObject({ status: 'HEALTHY', issues: [] });
  });
});
