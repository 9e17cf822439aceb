import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CheckNow, type CheckSources, type ProbeTimes } from '../../../daemon/check-now.ts';
import { healthEvent, healthOf } from '../../../daemon/health-words.ts';
import type { DigestFacts, MemberFacts } from '../../../daemon/node-view.ts';
import { HealthMonitor, type NodeHealth, PROBE_TIMEOUT_MS } from '../../../src/health/index.ts';

const HEALTHY: NodeHealth = {
  ...new HealthMonitor('x').health,
  ...{ status: 'HEALTHY', checks: [{ name: 'cpu', value: 0.1, unit: 'ratio', limit: 1, status: 'HEALTHY' }] },
};

function checker(changes: Partial<CheckSources> = {}): CheckNow {
  const dataDir = mkdtempSync(join(tmpdir(), 'sqlcc-check-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  return new CheckNow({ dataDir, sample: () => HEALTHY, barrier: async () => 7, ...changes });
}

describe('CheckNow', () => {
  it('adds what was tried to what was read, and leaves nothing behind', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sqlcc-check-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true }));
    const report = await checker({ dataDir }).run();
    expect(report).toMatchObject({ status: 'HEALTHY', issues: [] });
    expect(report.checks.map((c) => [c.name, c.status])).toEqual([
      ['cpu', 'HEALTHY'],
      ['disk-probe', 'HEALTHY'],
      ['quorum-probe', 'HEALTHY'],
    ]);
    expect(report.checks[1]?.value).toBeGreaterThan(0);
    expect(existsSync(join(dataDir, 'health.probe'))).toBe(false);
  });

  it('names what failed; a disk that refuses is worse than a quorum that is away', async () => {
    const alone = checker({ barrier: () => Promise.reject(new Error('no quorum')) });
    expect(await alone.run()).toMatchObject({
      ...{ status: 'DEGRADED', issues: ['no quorum confirmed a leader in time'] },
    });
    const report = await checker({ dataDir: '/proc/nowhere' }).run();
    expect(report.status).toBe('UNHEALTHY');
    expect(report.checks.find((c) => c.name === 'disk-probe')).toMatchObject({
      value: null,
      status: 'UNHEALTHY',
    });
  });

  it('does not make a sick node better', async () => {
    const sample = (): NodeHealth => ({ ...HEALTHY, status: 'UNHEALTHY', issues: ['disk is 99 % full'] });
    const alone = checker({ sample, barrier: () => Promise.reject(new Error('no quorum')) });
    expect(await alone.run()).toMatchObject({ status: 'UNHEALTHY', issues: { length: 2 } });
  });

  it('takes the sample when it knows what was tried', async () => {
    const seen: ProbeTimes[] = [];
    const sample = (times: ProbeTimes): NodeHealth => {
      seen.push(times);
      return HEALTHY;
    };
    await checker({ sample, barrier: () => Promise.reject(new Error('no quorum')) }).run();
    expect(seen).toEqual([{ diskProbeMs: expect.any(Number), quorumProbeMs: PROBE_TIMEOUT_MS }]);
    expect(seen[0]?.diskProbeMs).toBeLessThan(PROBE_TIMEOUT_MS);
  });

  it('says once what the node’s own checks say too', async () => {
    const issue = 'no quorum confirmed a leader in time';
    const row = { name: 'quorum-probe', value: 2000, unit: 'ms', limit: 2000, status: 'DEGRADED' } as const;
    const sample = (): NodeHealth => ({ ...HEALTHY, status: 'DEGRADED', issues: [issue], checks: [row] });
    const report = await checker({ sample, barrier: () => Promise.reject(new Error('no quorum')) }).run();
    expect(report.issues).toEqual([issue]);
    expect(report.checks.map((c) => c.name)).toEqual(['disk-probe', 'quorum-probe']);
  });

  it('lets no second write follow one that hangs, and takes up again when it is through', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const writes: (() => void)[] = [];
    const write = (): Promise<void> => new Promise((done) => writes.push(done));
    const check = checker({ write });
    for (let n = 0; n < 5; n++) {
      const probing = check.probe();
      await vi.advanceTimersByTimeAsync(PROBE_TIMEOUT_MS);
      expect(await probing).toMatchObject({ diskProbeMs: PROBE_TIMEOUT_MS });
    }
    expect(writes).toHaveLength(1);
    writes[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    const probing = check.probe();
    writes[1]?.();
    expect((await probing).diskProbeMs).toBeLessThan(PROBE_TIMEOUT_MS);
  });

  it('runs once for all who ask meanwhile', async () => {
    let samples = 0;
    const check = checker({
      sample: () => {
        samples++;
        return HEALTHY;
      },
    });
    const [a, b] = await Promise.all([check.run(), check.run()]);
    expect(a).toBe(b);
    expect(samples).toBe(1);
  });

  it('tries nothing more often than once a second for whoever asks in a loop, and then again', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const tried = { writes: 0, barriers: 0, samples: 0 };
    const check = checker({
      write: async () => void tried.writes++,
      barrier: async () => tried.barriers++,
      sample: () => {
        tried.samples++;
        return HEALTHY;
      },
    });
    const first = await check.run();
    for (let n = 0; n < 9; n++) {
      await vi.advanceTimersByTimeAsync(111);
      expect(await check.run()).toBe(first);
    }
    expect(tried).toEqual({ writes: 1, barriers: 1, samples: 1 });
    await vi.advanceTimersByTimeAsync(1);
    expect(await check.run()).not.toBe(first);
    expect(tried).toEqual({ writes: 2, barriers: 2, samples: 2 });
  });
});

const MEMBER: MemberFacts = {
  ...{ nodeId: 'n2', liveness: 'alive', silenceMs: 1, rttMs: 1 },
  digest: { health: 'DEGRADED', issues: ['disk is slow'], at: 5, cpuUsage: 0.5 } as unknown as DigestFacts,
};

describe('healthOf', () => {
  it('is a node’s own word, and nothing of one that is dead', () => {
    expect(healthOf(MEMBER)).toMatchObject({ status: 'DEGRADED', issues: ['disk is slow'], lastCheck: 5 });
    const dead = healthOf({ ...MEMBER, liveness: 'dead' });
    expect(dead).toMatchObject({ status: 'UNKNOWN', issues: ['dead: no word from it'], cpuUsage: null });
    expect(healthOf({ ...MEMBER, digest: null }).status).toBe('UNKNOWN');
  });
});

describe('healthEvent', () => {
  const bad: NodeHealth = { ...HEALTHY, status: 'DEGRADED', issues: ['disk is slow', 'late'] };
  const good: NodeHealth = { ...HEALTHY, issues: [] };

  it('says who is how and why, and who said so', () => {
    expect(healthEvent('n1', { nodeId: 'n1', before: 'HEALTHY', health: bad }, 9)).toEqual({
      ...{ kind: 'health-changed', severity: 'warning', nodeId: 'n1', at: 9 },
      message: 'n1 is DEGRADED: disk is slow; late',
      data: { status: 'DEGRADED', before: 'HEALTHY', issues: ['disk is slow', 'late'] },
    });
    const other = healthEvent('n1', { nodeId: 'n2', before: 'DEGRADED', health: good }, 9);
    expect(other).toMatchObject({ severity: 'info', message: 'n2 says it is HEALTHY' });
  });

  it('is silent of what other events say: a good start, a node that is lost', () => {
    expect(healthEvent('n1', { nodeId: 'n2', before: 'UNKNOWN', health: good }, 9)).toBeNull();
    const lost = { nodeId: 'n2', before: 'DEGRADED', health: { ...bad, status: 'UNKNOWN' } } as const;
    expect(healthEvent('n1', lost, 9)).toBeNull();
    expect(healthEvent('n1', { nodeId: 'n2', before: 'UNKNOWN', health: bad }, 9)).not.toBeNull();
  });
});
