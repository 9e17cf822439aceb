import { describe, expect, it } from 'vitest';
import type { HealthCheck, HealthSample, NodeHealth } from '../../../src/health/index.ts';
import { HEALTH_CHECKS, HealthMonitor, lagCheck, networkCheck, rollUp } from '../../../src/health/index.ts';

function sample(changes: Partial<HealthSample> = {}): HealthSample {
  return {
    cpuUsage: 0.2,
    memoryUsage: 0.3,
    diskUsage: 0.4,
    loopLagMs: 1,
    fsyncLatencyMs: 2,
    cpuThrottled: null,
    activeConnections: 5,
    ...{ diskReadRate: 0, diskWriteRate: 100, queriesPerSecond: 7, errorRate: 0, networkRttMs: 1 },
    ...{ queryLatencyP50Ms: 2, queryLatencyP99Ms: 9 },
    queryLatencyP95Ms: 3,
    at: 1000,
    ...changes,
  };
}

const disk: HealthCheck = {
  name: 'disk',
  unit: 'ratio',
  read: (s) => s.diskUsage,
  degraded: 0.8,
  unhealthy: 0.9,
  holdMs: 2000,
  text: (v) => `disk ${v}`,
};

/** Feeds one reading a second and tells the status after each. */
function statuses(readings: readonly (number | null)[]): NodeHealth['status'][] {
  const monitor = new HealthMonitor('n1', [disk]);
  return readings.map((diskUsage, n) => monitor.observe(sample({ diskUsage }), n * 1000).status);
}

describe('HealthMonitor', () => {
  it('knows nothing before the first sample and is healthy after a good one', () => {
    const monitor = new HealthMonitor('n1');
    expect(monitor.health).toMatchObject({ status: 'UNKNOWN', lastCheck: null });
    expect(monitor.observe(sample(), 0)).toMatchObject({ status: 'HEALTHY', issues: [], lastCheck: 1000 });
  });

  it('follows a reading only after its hold time', () => {
    expect(statuses([0.5, 0.85, 0.85, 0.85])).toEqual(['HEALTHY', 'HEALTHY', 'HEALTHY', 'DEGRADED']);
  });

  it('does not follow a peak', () => {
    expect(new Set(statuses([0.5, 0.95, 0.5, 0.95, 0.95, 0.5, 0.95]))).toEqual(new Set(['HEALTHY']));
  });

  it('recovers below nine tenths of the limit, not at it', () => {
    const up = [0.85, 0.85, 0.85];
    expect(statuses([...up, 0.79, 0.75, 0.73, 0.79]).slice(3)).toEqual(Array(4).fill('DEGRADED'));
    expect(statuses([...up, 0.7, 0.7, 0.7]).slice(3)).toEqual(['DEGRADED', 'DEGRADED', 'HEALTHY']);
  });

  it('goes to UNHEALTHY and back by DEGRADED', () => {
    const seen = statuses([0.95, 0.95, 0.95, 0.78, 0.78, 0.78, 0.1, 0.1, 0.1]);
    expect(seen.filter((s, n) => s !== seen[n - 1])).toEqual(['HEALTHY', 'UNHEALTHY', 'DEGRADED', 'HEALTHY']);
  });

  it('counts each limit for itself: between bad and worse it is bad, between well and bad no longer worse', () => {
    const swing = (a: number, b: number) => Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? a : b));
    expect(statuses(swing(0.85, 0.95)).slice(2)).toEqual(Array(18).fill('DEGRADED'));
    const seen = statuses([0.95, 0.95, 0.95, ...swing(0.1, 0.8)]);
    expect([seen[2], ...seen.slice(5)]).toEqual(['UNHEALTHY', ...Array(18).fill('DEGRADED')]);
  });

  it('is interrupted by a reading that is missing, and recovers by one after its hold time', () => {
    expect(new Set(statuses([0.85, 0.85, null, 0.85, 0.85]))).toEqual(new Set(['HEALTHY']));
    const up = [0.85, 0.85, 0.85];
    expect(statuses([...up, null, null, null]).slice(3)).toEqual(['DEGRADED', 'DEGRADED', 'HEALTHY']);
  });

  it('tells the newest reading; while the hold time alone keeps it, what it was and when it clears', () => {
    const monitor = new HealthMonitor('n1', [disk]);
    for (const [n, diskUsage] of [0.95, 0.95, 0.95, 0.85].entries())
      monitor.observe(sample({ diskUsage }), n * 1000);
    expect(monitor.health).toMatchObject({ status: 'UNHEALTHY', issues: ['disk 0.85'] });
    const held = (diskUsage: number | null) => monitor.observe(sample({ diskUsage }), 4000).issues;
    expect(held(0.1)).toEqual(['disk 0.1, was 85 %: clears below 81 % for 2s']);
    expect(held(null)).toEqual(['disk 0.85 when it was read last: clears below 81 % for 2s']);
    const cpu = new HealthMonitor('n1');
    for (const now of [0, 60_000]) cpu.observe(sample({ cpuUsage: 0.98 }), now);
    expect(cpu.observe(sample({ cpuUsage: 0.51 }), 61_000).issues).toEqual([
      'cpu is at 51 %, was 98 %: clears below 88 % for 1m',
    ]);
  });

  it('leaves out what a machine can not tell', () => {
    expect(statuses([null, null])).toEqual(['HEALTHY', 'HEALTHY']);
  });

  it('names every reading that is over its limit', () => {
    const monitor = new HealthMonitor('n1');
    const bad = sample({ diskUsage: 0.97, fsyncLatencyMs: 400, loopLagMs: 3000 });
    monitor.observe(bad, 0);
    const health = monitor.observe(bad, 10_000);
    expect(health.status).toBe('UNHEALTHY');
    expect(health.issues).toEqual([
      'disk is 97 % full',
      'event loop is 3000 ms late',
      'disk takes 400 ms to sync',
    ]);
  });

  it('calls a replica that lags DEGRADED at once', () => {
    let threshold = 1000;
    const monitor = new HealthMonitor('n1', [...HEALTH_CHECKS, lagCheck(() => threshold)]);
    expect(monitor.observe(sample({ lagBytes: 1000 }), 0).status).toBe('HEALTHY');
    expect(monitor.observe(sample({ lagBytes: 1_000_000 }), 0)).toMatchObject({
      status: 'DEGRADED',
      issues: ['about 1 MB of log behind the leader'],
    });
    threshold = 2_000_000;
    expect(monitor.observe(sample({ lagBytes: 1_000_000 }), 0).status).toBe('HEALTHY');
    expect(monitor.observe(sample({ lagBytes: null }), 0).status).toBe('HEALTHY');
  });
});

describe('HealthMonitor of other nodes', () => {
  const told = (changes: Partial<NodeHealth>): NodeHealth => ({
    ...new HealthMonitor('x').health,
    ...changes,
  });

  it('addHealthCheckCallback hears every change of status, of this node and of others, and nothing else', () => {
    const monitor = new HealthMonitor('n1', [disk]);
    const heard: string[] = [];
    const stop = monitor.addHealthCheckCallback((nodeId, health) => heard.push(`${nodeId} ${health.status}`));
    for (const now of [0, 1000, 2000, 3000])
      monitor.observe(sample({ diskUsage: now < 1000 ? 0 : 0.85 }), now);
    expect(heard).toEqual(['n1 HEALTHY', 'n1 DEGRADED']);
    const others = new Map([
      ['n1', told({ status: 'UNHEALTHY' })],
      ['n2', told({ status: 'HEALTHY' })],
    ]);
    monitor.learn(others);
    monitor.learn(others);
    monitor.learn(new Map([['n2', told({ status: 'UNHEALTHY', issues: ['disk is full'] })]]));
    expect(monitor.checkNodeHealth('n2').issues).toEqual(['disk is full']);
    // its own word counts for itself
    expect(monitor.checkNodeHealth('n1').status).toBe('DEGRADED');
    expect([...monitor.getAllNodeHealths().keys()].sort()).toEqual(['n1', 'n2']);
    monitor.learn(new Map());
    expect(heard.slice(2)).toEqual(['n2 HEALTHY', 'n2 UNHEALTHY', 'n2 UNKNOWN']);
    expect(monitor.checkNodeHealth('n2')).toMatchObject({ status: 'UNKNOWN', lastCheck: null });
    stop();
    monitor.learn(others);
    expect(heard).toHaveLength(5);
  });

  it('keeps every reading with its verdict, also those that are neither good nor bad', () => {
    const monitor = new HealthMonitor('n1');
    const { checks } = monitor.observe(sample({ cpuThrottled: 0.8, fsyncLatencyMs: null }), 0);
    const of = (name: string) => checks.find((c) => c.name === name);
    expect(of('cpu-throttled')).toEqual({
      ...{ name: 'cpu-throttled', unit: 'ratio', value: 0.8, limit: 0.3, status: 'HEALTHY' },
    });
    expect(of('fsync')).toMatchObject({ value: null, status: 'UNKNOWN' });
    expect(of('disk-write')).toMatchObject({ value: 100, unit: 'bytes/s', limit: null, status: 'HEALTHY' });
    const later = monitor.observe(sample({ cpuThrottled: 0.8 }), 5000);
    expect(later.status).toBe('DEGRADED');
    expect(later.issues).toEqual(['CPU is withheld by the control group in 80 % of its time slices']);
  });

  it('calls a network slower than an election waits DEGRADED', () => {
    let timeout = 150;
    const monitor = new HealthMonitor('n1', [networkCheck(() => timeout)]);
    const slow = sample({ networkRttMs: 200 });
    monitor.observe(slow, 0);
    expect(monitor.observe(slow, 9000).status).toBe('HEALTHY');
    expect(monitor.observe(slow, 10_000).issues).toEqual(['the slowest node takes 200 ms to answer']);
    timeout = 300;
    monitor.observe(slow, 11_000);
    expect(monitor.observe(slow, 21_000).status).toBe('HEALTHY');
  });
});

describe('rollUp', () => {
  it('counts the living', () => {
    const rolled = rollUp([
      { alive: true, status: 'HEALTHY', role: 'leader', loadFactor: 1, requests: 70, errors: 7 },
      { alive: true, status: 'UNHEALTHY', role: 'follower', loadFactor: 0, requests: 30, errors: 0 },
      { alive: true, status: 'UNKNOWN', role: 'other', loadFactor: null, requests: null, errors: null },
      { alive: false, status: 'HEALTHY', role: 'leader', loadFactor: 9, requests: 5, errors: 5 },
    ]);
    const counts = { totalNodes: 4, healthyNodes: 2, leaderNodes: 1, followerNodes: 1 };
    expect(rolled).toEqual({ ...counts, averageLoad: 0.5, totalQueries: 100, totalErrors: 7 });
    expect(rollUp([]).averageLoad).toBeNull();
  });
});
