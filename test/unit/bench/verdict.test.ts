import { describe, expect, it } from 'vitest';
import type { FailoverRow } from '../../bench/failover.ts';
import { figureOf } from '../../bench/spread.ts';
import type { Cell } from '../../bench/throughput.ts';
import { type Figures, type Verdict, verdicts } from '../../bench/verdict.ts';

const NOTHING: Figures = { cells: [], failover: [], watch: [], memory: [] };

function cell(
  facts: Partial<Record<'perSecond' | 'p50Ms' | 'p99Ms' | 'serverCpuUs', number>> &
    Pick<Cell, 'side' | 'way'> &
    Partial<Pick<Cell, 'callers' | 'op'>>,
): Cell {
  const { side, way, callers = 64, op = 'put', ...values } = facts;
  const of = (name: keyof typeof values) => figureOf([values[name] ?? 1]);
  return {
    ...{ side, way, callers, op, connections: 1, errors: 0, threadsUs: {} },
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    serverCpuUs: of('serverCpuUs'),
    loadCpuUs: figureOf([1]),
    loadCores: figureOf([0.2]),
    otherCores: figureOf([0]),
    rssBeforeMb: figureOf([100]),
    rssMb: figureOf([100]),
  };
}

function named(all: readonly Verdict[], what: string): Verdict {
  const found = all.find((v) => v.what === what);
  if (found === undefined) throw new Error(`no "${what}" among ${all.map((v) => v.what).join('; ')}`);
  return found;
}

describe('verdicts', () => {
  it('etcd counts with the better of its two ways: more calls, less time', () => {
    const cells = [
      cell({ side: 'etcd', way: 'shared', perSecond: 4000, p99Ms: 20 }),
      cell({ side: 'etcd', way: 'own', perSecond: 5000, p99Ms: 30 }),
      cell({ side: 'sqlcc', way: 'shared', perSecond: 15_000, p99Ms: 10 }),
    ];
    const all = verdicts({ ...NOTHING, cells });
    expect(named(all, 'writes/s, SDK, 64 callers (shared)')).toMatchObject({
      etcd: 5000,
      ratio: 3,
      met: true,
    });
    expect(named(all, 'write p99, 64 callers (shared)')).toMatchObject({ etcd: 20, ratio: 0.5, met: true });
  });

  it('a ratio short of its target is missed, the aim beside it changes nothing', () => {
    const cells = [
      cell({ side: 'etcd', way: 'own', perSecond: 5000, serverCpuUs: 200 }),
      cell({ side: 'sqlcc', way: 'shared', perSecond: 14_900, serverCpuUs: 101 }),
    ];
    const all = verdicts({ ...NOTHING, cells });
    expect(named(all, 'writes/s, SDK, 64 callers (shared)').met).toBe(false);
    expect(named(all, 'server CPU a write, 64 callers (shared)').met).toBe(false);
  });

  it('without etcd there is no ratio and no verdict on it', () => {
    const all = verdicts({ ...NOTHING, cells: [cell({ side: 'sqlcc', way: 'post', perSecond: 9000 })] });
    expect(all).toEqual([
      expect.objectContaining({
        what: 'writes/s, one POST a write, 64 callers (post)',
        etcd: null,
        ratio: null,
        met: null,
      }),
    ]);
  });

  it('a load that answered nothing has no figure that could pass', () => {
    const nothing = { ...cell({ side: 'sqlcc', way: 'shared' }), p99Ms: figureOf([]) };
    const all = verdicts({ ...NOTHING, cells: [nothing, cell({ side: 'etcd', way: 'own', p99Ms: 20 })] });
    expect(named(all, 'write p99, 64 callers (shared)').met).toBeNull();
  });

  it('defaults of a failover are held to milliseconds of our own, other time-outs to none', () => {
    const gap = (p50: number, p99: number) => ({ samples: 20, p50, p95: p99, p99, max: p99 });
    const row = (facts: Partial<FailoverRow> & Pick<FailoverRow, 'side' | 'gapMs'>): FailoverRow => ({
      ...{
        heartbeatMs: 50,
        electionMs: 150,
        isDefault: true,
        nodes: 3,
        signal: 'SIGKILL',
        rounds: 20,
        detectMs: null,
        electionTookMs: null,
        otherCores: figureOf([0]),
      },
      ...facts,
    });
    const failover = [
      row({ side: 'etcd', electionMs: 1000, gapMs: gap(1200, 2000) }),
      row({ side: 'sqlcc', gapMs: gap(40, 251) }),
      row({ side: 'sqlcc', electionMs: 500, isDefault: false, gapMs: gap(600, 900) }),
    ];
    const all = verdicts({ ...NOTHING, failover });
    expect(named(all, 'kill → first write, defaults, p50 of 20')).toMatchObject({ etcd: 1200, met: true });
    expect(named(all, 'kill → first write, defaults, p99 of 20').met).toBe(false);
    expect(named(all, 'kill → first write, election time-out 500 ms, p50 of 20').target).toBeNull();
    const five = { nodes: 5, signal: 'SIGTERM' } as const;
    const stopped = verdicts({ ...NOTHING, failover: [row({ side: 'sqlcc', ...five, gapMs: gap(45, 51) })] });
    expect(named(stopped, 'SIGTERM → first write, defaults, 5 nodes, p50 of 20').target).toBeNull();
    expect(named(stopped, 'SIGTERM → first write, defaults, 5 nodes, p99 of 20').met).toBe(false);
  });

  it('memory is that of the largest node', () => {
    const row = {
      side: 'sqlcc',
      writes: 100_000,
      freshMb: [1, 1, 1],
      afterMb: [140, 151, 120],
      laterMb: [150, 1, 1],
    } as const;
    const all = verdicts({ ...NOTHING, memory: [row] });
    expect(all.map((v) => [v.ours, v.met])).toEqual([
      [151, false],
      [150, true],
    ]);
  });
});
