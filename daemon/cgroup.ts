/**
 * The share of the machine that the kernel grants this process: its control group and those above it, in
 * version 2 and in version 1 of that interface. The tightest limit on the way up is the one that binds.
 * Files that are not there mean no limit. A reader of files; what follows from them is decided elsewhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The CPU of a group with a limit, since the group was made. */
export interface CpuGrant {
  /** How many cores at once. */
  readonly cores: number;
  /** Null where the kernel does not count it for this group. */
  readonly usedMs: number | null;
  /** Slices of time in which the group wanted to run, and those of them in which it was stopped. */
  readonly periods: number;
  readonly throttledPeriods: number;
}

export interface MemoryGrant {
  readonly limitBytes: number;
  /** Without file cache that the kernel takes back when it needs it. */
  readonly usedBytes: number;
}

/** Where the interfaces are; others than the kernel's own only in tests. */
export interface CgroupPlaces {
  /** Which groups this process is in. */
  readonly membership: string;
  readonly root: string;
}

const KERNEL: CgroupPlaces = { membership: '/proc/self/cgroup', root: '/sys/fs/cgroup' };

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function numberIn(path: string): number | null {
  const value = Number((textOf(path) ?? 'none').trim());
  return Number.isFinite(value) ? value : null;
}

/** The value of `name` in a file of lines `name value`. */
function fieldIn(path: string, name: string): number | null {
  const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(textOf(path) ?? '');
  return match === null ? null : Number(match[1]);
}

function least<T>(grants: readonly (T | null)[], by: (grant: T) => number): T | null {
  const known = grants.filter((grant) => grant !== null);
  return known.reduce<T | null>((best, g) => (best === null || by(g) < by(best) ? g : best), null);
}

/** The folders of this process's groups, its own first. */
interface Folders {
  readonly cpu: readonly string[];
  readonly memory: readonly string[];
}

export class Cgroup {
  readonly #places: CgroupPlaces;
  readonly #isUnified: boolean;
  #membership: string | null = null;
  #folders: Folders = { cpu: [], memory: [] };

  constructor(places: CgroupPlaces = KERNEL) {
    this.#places = places;
    this.#isUnified = existsSync(join(places.root, 'cgroup.controllers'));
  }

  /** The tightest limit of CPU, with the use of the group that has it; null without one. */
  cpu(): CpuGrant | null {
    return least(
      this.#follow().cpu.map((folder) => this.#cpuOf(folder)),
      (grant) => grant.cores,
    );
  }

  /** The memory limit with the least room below it; null without one. */
  memory(): MemoryGrant | null {
    return least(
      this.#follow().memory.map((folder) => this.#memoryOf(folder)),
      (grant) => grant.limitBytes - grant.usedBytes,
    );
  }

  /** A process may be moved to another group while it runs. */
  #follow(): Folders {
    const text = textOf(this.#places.membership) ?? '';
    if (text === this.#membership) return this.#folders;
    this.#membership = text;
    const groups = text.split('\n').map((line) => line.split(':'));
    const folders = (controller: 'cpu' | 'memory'): readonly string[] => {
      const name = this.#isUnified ? '' : controller;
      const found = groups.find(([, names = '']) => names.split(',').includes(name));
      const mount = join(this.#places.root, name);
      // inside a container the group's own folder is often mounted as the root
      const own = join(mount, found?.slice(2).join(':') ?? '/');
      return ancestors(existsSync(own) ? own : mount, mount);
    };
    this.#folders = { cpu: folders('cpu'), memory: folders('memory') };
    return this.#folders;
  }

  #usedMs(folder: string): number | null {
    if (this.#isUnified) {
      const us = fieldIn(join(folder, 'cpu.stat'), 'usage_usec');
      return us === null ? null : us / 1000;
    }
    const { root } = this.#places;
    const beside = join(root, 'cpuacct', folder.slice(join(root, 'cpu').length), 'cpuacct.usage');
    const ns = numberIn(join(folder, 'cpuacct.usage')) ?? numberIn(beside);
    return ns === null ? null : ns / 1e6;
  }

  #cpuOf(folder: string): CpuGrant | null {
    const [quota, period] = this.#quota(folder);
    if (quota === null || period === null || quota <= 0 || period <= 0) return null;
    const stat = join(folder, 'cpu.stat');
    return {
      cores: quota / period,
      usedMs: this.#usedMs(folder),
      periods: fieldIn(stat, 'nr_periods') ?? 0,
      throttledPeriods: fieldIn(stat, 'nr_throttled') ?? 0,
    };
  }

  /** Microseconds of CPU in microseconds of time. */
  #quota(folder: string): readonly [quota: number | null, period: number | null] {
    if (!this.#isUnified) {
      return [numberIn(join(folder, 'cpu.cfs_quota_us')), numberIn(join(folder, 'cpu.cfs_period_us'))];
    }
    const [quota = '', period = ''] = (textOf(join(folder, 'cpu.max')) ?? '').trim().split(' ');
    return [quota === 'max' || quota === '' ? null : Number(quota), Number(period)];
  }

  #memoryOf(folder: string): MemoryGrant | null {
    const [limit, used, cache] = this.#isUnified
      ? ['memory.max', 'memory.current', 'inactive_file']
      : ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file'];
    const limitBytes = numberIn(join(folder, limit));
    const charged = numberIn(join(folder, used));
    if (limitBytes === null || charged === null) return null;
    const reclaimable = fieldIn(join(folder, 'memory.stat'), cache) ?? 0;
    return { limitBytes, usedBytes: Math.max(0, charged - reclaimable) };
  }
}

/** The folder and all above it, up to `top`. */
function ancestors(folder: string, top: string): string[] {
  const found = [folder];
  let at = folder;
  while (at !== top && at !== dirname(at)) {
    at = dirname(at);
    found.push(at);
  }
  return found;
}
