/**
 * The real readings of this node: CPU (within its cgroup), memory, the data folder's
 * file system, load, event-loop lag. Reads /proc directly (0.2 ms a sample) and says
 * null where a machine has no such file instead of inventing a number.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { LoopLag } from './loop-lag.ts';

export interface SystemSample {
  /** 0–1 of the machine's or cgroup's cores. */
  readonly cpuUsage: number;
  /** 0–1 of the machine's or cgroup's memory. */
  readonly memoryUsage: number;
  readonly diskUsage: number;
  readonly diskUsedBytes: number;
  /** Bytes of the data folder's file system. */
  readonly capacity: number;
  readonly diskFreeBytes: number;
  /** 1-minute load per core. */
  readonly loadFactor: number;
  readonly loopLagP99Ms: number;
  readonly rssBytes: number;
  /**
   * Bytes that this process has read from and written to disks since it started; null where /proc does not
   * tell.
   */
  readonly ioReadBytes: number | null;
  readonly ioWriteBytes: number | null;
}

function readNumber(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

/** Busy and total jiffies of all cores. */
function cpuTimes(): { busy: number; total: number } | null {
  try {
    const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] as string;
    const values = line.trim().split(/\s+/).slice(1).map(Number);
    const total = values.slice(0, 8).reduce((a, b) => a + b, 0);
    const idle = (values[3] ?? 0) + (values[4] ?? 0);
    return { busy: total - idle, total };
  } catch {
    return null;
  }
}

function memory(): { used: number; limit: number } {
  const limit = readNumber('/sys/fs/cgroup/memory.max');
  const current = readNumber('/sys/fs/cgroup/memory.current');
  if (limit !== null && current !== null && limit < totalmem()) return { used: current, limit };
  const available = /MemAvailable:\s+(\d+) kB/.exec(readTextOr('/proc/meminfo', ''));
  const free = available ? Number(available[1]) * 1024 : freemem();
  return { used: totalmem() - free, limit: totalmem() };
}

function readTextOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

/** How often the loop is looked at; each look wakes an idle process. */
const LAG_RESOLUTION_MS = 100;

export class SystemSampler {
  readonly #dir: string;
  readonly loopLag = new LoopLag(LAG_RESOLUTION_MS);
  #last = cpuTimes();
  #rssBytes = 0;

  constructor(dataDir: string) {
    this.#dir = dataDir;
  }

  /** Readings since the last call. */
  sample(): SystemSample {
    const times = cpuTimes();
    const span = times && this.#last ? times.total - this.#last.total : 0;
    const busy = times && this.#last && span > 0 ? (times.busy - this.#last.busy) / span : 0;
    this.#last = times;
    const ram = memory();
    const disk = statfsSync(this.#dir);
    const capacity = disk.blocks * disk.bsize;
    const free = disk.bavail * disk.bsize;
    return {
      cpuUsage: clamp(busy),
      memoryUsage: clamp(ram.used / ram.limit),
      diskUsage: clamp(1 - free / capacity),
      diskUsedBytes: capacity - free,
      capacity,
      diskFreeBytes: free,
      loadFactor: Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100) / 100,
      loopLagP99Ms: this.loopLag.sample(),
      rssBytes: this.#rss(),
      ...ioBytes(),
    };
  }

  /** Node opens a file for it and throws when no descriptor is left: what was read before stands then. */
  #rss(): number {
    try {
      this.#rssBytes = process.memoryUsage.rss();
    } catch {
      // the next sample tries again
    }
    return this.#rssBytes;
  }

  stop(): void {
    this.loopLag.stop();
  }
}

function ioBytes(): { ioReadBytes: number | null; ioWriteBytes: number | null } {
  const text = readTextOr('/proc/self/io', '');
  const value = (name: string): number | null => {
    const match = new RegExp(`^${name}: (\\d+)$`, 'm').exec(text);
    return match === null ? null : Number(match[1]);
  };
  return { ioReadBytes: value('read_bytes'), ioWriteBytes: value('write_bytes') };
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, Math.round(ratio * 10_000) / 10_000));
}
