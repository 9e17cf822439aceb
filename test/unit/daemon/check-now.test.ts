import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CheckNow, type CheckSources } from '../../../daemon/check-now.ts';
import { healthEvent, healthOf } from '../../../daemon/health-words.ts';
import type { DigestFacts, MemberFacts } from '../../../daemon/node-view.ts';
import { HealthMonitor, type NodeHealth } from '../../../src/health/index.ts';

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
    await check.run();
    expect(samples).toBe(2);
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
