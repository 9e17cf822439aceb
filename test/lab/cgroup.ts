/** A control group of its own for some processes: a ceiling of memory, a share of CPU. Versions 1 and 2. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert } from '../../src/base/index.ts';

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
type Controller = 'memory' | 'cpu';

const isUnified = (): boolean => existsSync(join(ROOT, 'cgroup.controllers'));

let made = 0;

export class Cgroup {
  readonly #paths = new Map<Controller, string>();

  /** Why it can't be had here, or null. */
  static missing(): string | null {
    if (process.getuid?.() !== 0) return 'control groups need root';
    if (isUnified()) {
      const enabled = readFileSync(join(ROOT, 'cgroup.subtree_control'), 'utf8');
      return enabled.includes('memory') && enabled.includes('cpu') ? null : 'no memory and cpu controllers';
    }
    const there = (['memory', 'cpu'] as const).every((c) => existsSync(join(ROOT, c, 'cgroup.procs')));
    return there ? null : 'no memory and cpu controllers';
  }

  constructor() {
    const name = `sqlcclab-${process.pid}-${made++}`;
    for (const controller of ['memory', 'cpu'] as const) {
      const path = isUnified() ? join(ROOT, name) : join(ROOT, controller, name);
      mkdirSync(path, { recursive: true });
      this.#paths.set(controller, path);
    }
  }

  #write(controller: Controller, file: string, text: string): void {
    writeFileSync(join(this.#paths.get(controller) ?? ROOT, file), text);
  }

  /** Whoever needs more is killed by the kernel. */
  limitMemory(bytes: number): void {
    this.#write('memory', isUnified() ? 'memory.max' : 'memory.limit_in_bytes', `${bytes}`);
  }

  /** 0.1 = a tenth of one core, in slices of `periodUs`; a second is the longest that the kernel takes. */
  limitCpu(cores: number, periodUs = PERIOD_US): void {
    const quota = Math.round(cores * periodUs);
    if (isUnified()) return this.#write('cpu', 'cpu.max', `${quota} ${periodUs}`);
    // one of the two may be out of range for the other's old value
    this.#write('cpu', 'cpu.cfs_quota_us', '-1');
    this.#write('cpu', 'cpu.cfs_period_us', `${periodUs}`);
    this.#write('cpu', 'cpu.cfs_quota_us', `${quota}`);
  }

  /** Of cores that others want too its members get nearly all, as if they had the machine to themselves. */
  goFirst(): void {
    if (isUnified()) this.#write('cpu', 'cpu.weight', '10000');
    else this.#write('cpu', 'cpu.shares', '262144');
  }

  /** Moves a process in, with all its threads. */
  add(pid: number): void {
    for (const controller of this.#paths.keys()) this.#write(controller, 'cgroup.procs', `${pid}`);
  }

  /** How often the CPU was withheld, to see that the limit had an effect. */
  throttled(): number {
    const stat = readFileSync(join(this.#paths.get('cpu') ?? ROOT, 'cpu.stat'), 'utf8');
    return Number(/nr_throttled (\d+)/.exec(stat)?.[1] ?? 0);
  }

  /** Sends what still runs in it back to the root, where there is no limit. */
  remove(): void {
    for (const path of new Set(this.#paths.values())) {
      const pids = readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
      for (const pid of pids) writeFileSync(join(dirname(path), 'cgroup.procs'), pid);
      rmdirSync(path);
      assert(!existsSync(path), 'the group is gone');
    }
  }
}
