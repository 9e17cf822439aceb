/** What the kernel says of this machine and of this process's limits; null where it says nothing. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

export interface KernelFacts {
  /** Soft limits of this process; null = unlimited or not told. */
  readonly openFiles: number | null;
  readonly processes: number | null;
  /** Text of `transparent_hugepage/enabled`, the choice in brackets. */
  readonly hugePages: string | null;
  readonly swapBytes: number;
  readonly swappiness: number | null;
  /** Of the machine, or of the cgroup if that allows less. */
  readonly memoryBytes: number;
  readonly release: string | null;
}

export function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function numberIn(path: string): number | null {
  const text = textOf(path)?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

/** The soft limit in a line of /proc/self/limits; null for `unlimited`. */
export function softLimit(limits: string | null, name: string): number | null {
  const found = new RegExp(`^${name} +(\\S+)`, 'm').exec(limits ?? '')?.[1];
  return found === undefined || found === 'unlimited' ? null : Number(found);
}

export function kernelFacts(): KernelFacts {
  const limits = textOf('/proc/self/limits');
  const swap = /^SwapTotal: +(\d+) kB$/m.exec(textOf('/proc/meminfo') ?? '')?.[1];
  return {
    openFiles: softLimit(limits, 'Max open files'),
    processes: softLimit(limits, 'Max processes'),
    hugePages: textOf('/sys/kernel/mm/transparent_hugepage/enabled')?.trim() ?? null,
    swapBytes: Number(swap ?? 0) * 1024,
    swappiness: numberIn('/proc/sys/vm/swappiness'),
    memoryBytes: Math.min(totalmem(), numberIn('/sys/fs/cgroup/memory.max') ?? Number.POSITIVE_INFINITY),
    release: textOf('/proc/version')?.trim() ?? null,
  };
}
