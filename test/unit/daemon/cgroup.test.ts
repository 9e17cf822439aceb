import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Cgroup } from '../../../daemon/cgroup.ts';
import { SystemSampler } from '../../../daemon/system-sampler.ts';

/** A tree of files as the kernel shows it. */
class FakeKernel {
  readonly dir = mkdtempSync(join(tmpdir(), 'sqlcc-cgroup-'));
  readonly places = { membership: join(this.dir, 'membership'), root: join(this.dir, 'fs') };

  constructor(membership: string, files: Readonly<Record<string, string | number>>) {
    onTestFinished(() => rmSync(this.dir, { recursive: true }));
    mkdirSync(this.places.root);
    writeFileSync(this.places.membership, membership);
    this.write(files);
  }

  write(files: Readonly<Record<string, string | number>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.places.root, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${text}\n`);
    }
  }
}

const STAT = 'usage_usec 4000000\nnr_periods 100\nnr_throttled 40\nthrottled_usec 7';
const V2 = { 'cgroup.controllers': 'cpu memory', 'a/b/cpu.stat': STAT, 'a/b/cpu.max': '20000 100000' };

describe('Cgroup, version 2', () => {
  it('cpu takes the tightest limit on the way up, with the use of the group that has it', () => {
    const above = { 'a/cpu.max': '10000 100000', 'a/cpu.stat': STAT.replaceAll('40', '90') };
    const kernel = new FakeKernel('0::/a/b\n', { ...V2, ...above });
    expect(new Cgroup(kernel.places).cpu()).toEqual({
      ...{ cores: 0.1, usedMs: 9000, periods: 100, throttledPeriods: 90 },
    });
    kernel.write({ 'a/cpu.max': 'max 100000' });
    expect(new Cgroup(kernel.places).cpu()).toEqual({
      ...{ cores: 0.2, usedMs: 4000, periods: 100, throttledPeriods: 40 },
    });
  });

  it('knows no limit where there is none, and finds the one of a group that it was moved to', () => {
    const kernel = new FakeKernel('0::/\n', V2);
    const cgroup = new Cgroup(kernel.places);
    expect([cgroup.cpu(), cgroup.memory()]).toEqual([null, null]);
    writeFileSync(kernel.places.membership, '0::/a/b\n');
    expect(cgroup.cpu()?.cores).toBe(0.2);
    expect(new Cgroup({ membership: '/nowhere', root: '/nowhere' }).cpu()).toBeNull();
  });

  it('takes the root for its own group in a container that sees no more', () => {
    const kernel = new FakeKernel('0::/docker/123\n', {
      ...{ 'cgroup.controllers': '', 'cpu.max': '150000 100000', 'cpu.stat': STAT },
    });
    expect(new Cgroup(kernel.places).cpu()?.cores).toBe(1.5);
  });

  it('memory leaves out the cache that the kernel takes back; the least room binds', () => {
    const kernel = new FakeKernel('0::/a/b\n', {
      ...{ 'cgroup.controllers': 'memory', 'a/b/memory.max': 1000, 'a/b/memory.current': 900 },
      ...{ 'a/b/memory.stat': 'anon 1\ninactive_file 600', 'a/memory.max': 'max', 'a/memory.current': 5000 },
    });
    const cgroup = new Cgroup(kernel.places);
    expect(cgroup.memory()).toEqual({ limitBytes: 1000, usedBytes: 300 });
    kernel.write({ 'a/memory.max': 5100 });
    expect(cgroup.memory()).toEqual({ limitBytes: 5100, usedBytes: 5000 });
  });
});

const V1 = '5:memory:/m\n3:cpu,cpuacct:/c/d\n1:name=systemd:/x\n';

describe('Cgroup, version 1', () => {
  it('reads quota, throttling, and use from the accounts beside or in the same folder', () => {
    const kernel = new FakeKernel(V1, {
      ...{ 'cpu/c/d/cpu.cfs_quota_us': 10_000, 'cpu/c/d/cpu.cfs_period_us': 100_000 },
      ...{ 'cpu/cpu.cfs_quota_us': -1, 'cpu/cpu.cfs_period_us': 100_000 },
      ...{ 'cpu/c/d/cpu.stat': 'nr_periods 7\nnr_throttled 3\nthrottled_time 1' },
      ...{ 'cpuacct/c/d/cpuacct.usage': 5_000_000_000 },
    });
    const cgroup = new Cgroup(kernel.places);
    const grant = { cores: 0.1, periods: 7, throttledPeriods: 3 };
    expect(cgroup.cpu()).toEqual({ ...grant, usedMs: 5000 });
    kernel.write({ 'cpu/c/d/cpuacct.usage': 6_000_000_000 });
    expect(cgroup.cpu()).toEqual({ ...grant, usedMs: 6000 });
  });

  it('memory reads its own hierarchy', () => {
    const kernel = new FakeKernel(V1, {
      ...{ 'memory/m/memory.limit_in_bytes': 1000, 'memory/m/memory.usage_in_bytes': 800 },
      ...{ 'memory/m/memory.stat': 'inactive_file 1\ntotal_inactive_file 300' },
      ...{ 'memory/memory.limit_in_bytes': '9223372036854771712', 'memory/memory.usage_in_bytes': 5000 },
    });
    expect(new Cgroup(kernel.places).memory()).toEqual({ limitBytes: 1000, usedBytes: 500 });
  });
});

describe('SystemSampler', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('measures CPU and memory by what the control group grants, since the last sample', () => {
    const kernel = new FakeKernel('0::/a/b\n', {
      ...{ ...V2, 'a/b/memory.max': 1000, 'a/b/memory.current': 250 },
    });
    const sampler = new SystemSampler('/', new Cgroup(kernel.places));
    onTestFinished(() => sampler.stop());
    vi.advanceTimersByTime(1000);
    const stat = 'usage_usec 4150000\nnr_periods 110\nnr_throttled 46';
    kernel.write({ 'a/b/cpu.stat': stat });
    // 150 ms of the 200 that a fifth of a core has in a second; stopped in 6 of 10 slices
    expect(sampler.sample()).toMatchObject({ cpuUsage: 0.75, cpuThrottled: 0.6, memoryUsage: 0.25 });
    vi.advanceTimersByTime(1000);
    expect(sampler.sample()).toMatchObject({ cpuUsage: 0, cpuThrottled: 0 });
  });

  it('measures the machine where the limit is no limit, and knows no throttling without one', () => {
    const wide = `${availableParallelism() * 100_000} 100000`;
    const kernel = new FakeKernel('0::/a/b\n', { ...V2, 'a/b/cpu.max': wide });
    const sampler = new SystemSampler('/', new Cgroup(kernel.places));
    onTestFinished(() => sampler.stop());
    kernel.write({ 'a/b/cpu.stat': 'usage_usec 999000000\nnr_periods 100\nnr_throttled 40' });
    vi.advanceTimersByTime(1000);
    const { cpuUsage, cpuThrottled } = sampler.sample();
    expect(cpuUsage).toBeLessThanOrEqual(1);
    expect(cpuThrottled).toBe(0);
    kernel.write({ 'a/b/cpu.max': 'max 100000' });
    expect(sampler.sample().cpuThrottled).toBeNull();
  });
});
