import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { longestGap, spread } from '../../../daemon/drill.ts';
import { History } from '../../../daemon/history.ts';
import { isWildcard, reachableHost } from '../../../daemon/init.ts';
import { splitAddress } from '../../../daemon/join.ts';
import { ifMatch, readWish, sessionOf } from '../../../daemon/requests.ts';
import { JoinGuard } from '../../../daemon/routes/join.ts';
import { startAll, stopAll } from '../../../daemon/startable.ts';
import { VERSION } from '../../../daemon/version.ts';
import { LIMITS } from '../../../src/base/index.ts';

describe('the drill', () => {
  it('spread takes percentiles by nearest rank', () => {
    expect(spread([])).toEqual({ p50: 0, p99: 0, max: 0 });
    expect(spread([3, 1, 2])).toEqual({ p50: 2, p99: 3, max: 3 });
  });

  it('longestGap is the longest pause that overlaps the kill', () => {
    expect(longestGap([0, 10, 20, 95, 100, 400], 30, 110)).toBe(300);
    expect(longestGap([0, 10, 20, 95, 100, 400], 30, 99)).toBe(75);
  });
});

describe('History', () => {
  it('keeps one row a second and no more than an hour', () => {
    const history = new History();
    const point = (at: number) => ({ at, nodeId: 'n1', cpuUsage: 0, lagEntries: 0, appliedIndex: at });
    for (let s = 0; s < 5000; s++) history.add(s * 1000, [point(s * 1000)]);
    history.add(4_999_100, [point(4_999_100)]);
    expect(history.since(10, 4_999_000).points).toHaveLength(11);
    expect(history.since(1e9, 4_999_000).points.length).toBeLessThanOrEqual(LIMITS.historySeconds * 1.25);
  });

  /** An hour of so many nodes, each second; seconds tremble. */
  function hourOf(nodes: number): History {
    const history = new History();
    for (let s = 0; s <= 3600; s++) {
      const at = s * 1000 + ((s * 37) % 80);
      const row = Array.from({ length: nodes }, (_, i) => ({
        at,
        nodeId: `n${i}`,
        cpuUsage: s,
        lagEntries: 0,
      }));
      history.add(
        at,
        row.map((p) => ({ ...p, appliedIndex: s })),
      );
    }
    return history;
  }

  it('gives the newest of each step that was asked for, and never finer than it keeps them', () => {
    const history = hourOf(1);
    const { stepMs, points } = history.since(60, 3_600_000, 10_000);
    expect(stepMs).toBe(10_000);
    const seconds = points.map((p) => p.cpuUsage ?? 0);
    expect(seconds.at(-1)).toBe(3600);
    expect(seconds.length).toBeGreaterThanOrEqual(6);
    for (const [i, s] of seconds.slice(1).entries())
      expect(Math.abs(s - (seconds[i] ?? 0) - 10)).toBeLessThan(2);
    expect(history.since(60, 3_600_000, 10).stepMs).toBe(1000);
    expect(history.since(60, 3_600_000, 10).points).toHaveLength(61);
    expect(new History().since(60, 0, 5000).points).toEqual([]);
  });

  it.each([
    [50, 3000],
    [1000, 57_000],
  ])('gives an hour of %i nodes within the limit of an answer', (nodes, stepMs) => {
    const answer = hourOf(nodes).since(3600, 3_600_000);
    expect(answer.stepMs).toBe(stepMs);
    expect(answer.points.length).toBeGreaterThan(LIMITS.historyPoints * 0.7);
    expect(answer.points.length).toBeLessThanOrEqual(LIMITS.historyPoints);
    expect(answer.points[0]?.at).toBeLessThan(stepMs + 10_000);
  });
});

describe('requests', () => {
  it('If-Match is a version, quoted or not, and nothing else', () => {
    expect([ifMatch(undefined), ifMatch('"7"'), ifMatch('0'), ifMatch('W/"3"')]).toEqual([null, 7, 0, 3]);
    expect(() => ifMatch('*')).toThrow(/is no version/);
  });

  it('readWish knows four levels; session needs an index', () => {
    expect(readWish(undefined, undefined)).toEqual({ level: 'linearizable', minIndex: 0 });
    expect(readWish('session', '12')).toEqual({ level: 'session', minIndex: 12 });
    expect(() => readWish('session', undefined)).toThrow(/needs min_index/);
    expect(() => readWish('strong', undefined)).toThrow(/is none of/);
    expect(() => readWish('none', '-1')).toThrow(/is no log index/);
  });

  it('sessionOf wants both halves', () => {
    expect(sessionOf(undefined, undefined)).toBeUndefined();
    expect(sessionOf('s', '2')).toEqual({ session: 's', seq: 2 });
    expect(() => sessionOf('s', undefined)).toThrow(/belong together/);
    expect(() => sessionOf(undefined, 1)).toThrow(/belong together/);
    expect(() => sessionOf('s', 0)).toThrow(/counts from 1/);
  });
});

describe('addresses', () => {
  it('splitAddress takes HOST:PORT, also IPv6', () => {
    expect(splitAddress('10.0.0.1:5433')).toEqual({ host: '10.0.0.1', port: 5433 });
    expect(splitAddress('[::1]:5433')).toEqual({ host: '::1', port: 5433 });
    for (const bad of ['host', 'host:', ':1', 'host:0', 'host:70000', 'a b:1']) {
      expect(() => splitAddress(bad)).toThrow(/is no HOST:PORT/);
    }
  });

  it('reachableHost refuses a wildcard that nobody can connect to', () => {
    expect(isWildcard('0.0.0.0')).toBe(true);
    expect(reachableHost('0.0.0.0', '10.0.0.1')).toBe('10.0.0.1');
    expect(() => reachableHost('0.0.0.0', undefined)).toThrow(/every address/);
  });
});

describe('JoinGuard', () => {
  it('closes after too many failures of one address, for a minute', () => {
    const guard = new JoinGuard();
    for (let i = 0; i < LIMITS.maxJoinAttemptsPerAddressPerMinute; i++) guard.failed('a', i);
    expect(() => guard.check('a', 100)).toThrow(/too many failed joins/);
    expect(() => guard.check('b', 100)).not.toThrow();
    expect(() => guard.check('a', 61_000)).not.toThrow();
  });

  it('closes to everybody after too many failures in all', () => {
    const guard = new JoinGuard();
    for (let i = 0; i < LIMITS.maxJoinAttemptsPerMinute; i++) guard.failed(`a${i}`, i);
    expect(() => guard.check('fresh', 100)).toThrow(/too many failed joins/);
  });
});

describe('startables', () => {
  const part = (name: string, log: string[], fails = false) => ({
    name,
    start: async () => {
      if (fails) throw new RangeError('broken');
      log.push(`+${name}`);
    },
    stop: async () => {
      log.push(`-${name}`);
    },
  });

  it('start in order, stop in reverse', async () => {
    const log: string[] = [];
    const parts = [part('a', log), part('b', log)];
    const times = await startAll(parts, () => {});
    expect(times.map((t) => t.name)).toEqual(['a', 'b']);
    expect(await stopAll(parts, 100)).toEqual([]);
    expect(log).toEqual(['+a', '+b', '-b', '-a']);
  });

  it('a failed start stops what was started and names the step', async () => {
    const log: string[] = [];
    const parts = [part('a', log), part('b', log, true), part('c', log)];
    await expect(startAll(parts, () => {})).rejects.toThrow('start step 2 "b" failed: broken');
    expect(log).toEqual(['+a', '-b', '-a']);
  });
});

describe('startAll', () => {
  it('begins no further part once it is called off, and leaves the stopping to its caller', async () => {
    const log: string[] = [];
    const calledOff = new AbortController();
    const part = (name: string) => ({
      name,
      start: async () => {
        log.push(`+${name}`);
        if (name === 'b') calledOff.abort();
      },
      stop: async () => {
        log.push(`-${name}`);
      },
    });
    const steps = await startAll([part('a'), part('b'), part('c')], () => {}, calledOff.signal);
    expect(steps.map((s) => s.name)).toEqual(['a', 'b']);
    expect(log).toEqual(['+a', '+b']);
  });
});

describe('VERSION', () => {
  it('is the one of package.json', () => {
    const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    expect(VERSION).toBe((JSON.parse(text) as { version: string }).version);
  });
});
