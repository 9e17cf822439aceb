/**
 * The real readings of this node: CPU (within its cgroup), memory, the data folder's
 * file system, load, event-loop lag. Reads /proc directly (0.2 ms a sample) and says
 * null where a machine has no such file instead of inventing a number.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { Cgroup, type CpuGrant } from './cgroup.ts';
import { LoopLag } from './loop-lag.ts';

export interface SystemSample {
  /** 0–1 of the machine's or cgroup's cores. */
  readonly cpuUsage: number;
  /** Part of the slices of time in which the control group stopped this process; null without a limit. */
  readonly cpuThrottled: number | null;
  /** Part of the last 10 s in which something on this machine waited for a core; null where nobody tells. */
  readonly cpuPressure: number | null;
  /** 0–1 of the machine's or cgroup's memory, without file cache that the kernel takes back. */
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
  /** The same a second, since the last sample. */
  readonly ioReadRate: number | null;
  readonly ioWriteRate: number | null;
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

function memory(cgroup: Cgroup): { used: number; limit: number } {
  const grant = cgroup.memory();
  if (grant !== null && grant.limitBytes < totalmem()) {
    return { used: grant.usedBytes, limit: grant.limitBytes };
  }
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
  readonly #cgroup: Cgroup;
  #last = cpuTimes();
  #lastGrant: CpuGrant | null;
  #lastIo = ioBytes();
  #lastOwn = process.cpuUsage();
  #lastAt = performance.now();
  #rssBytes = 0;

  constructor(dataDir: string, cgroup: Cgroup = new Cgroup()) {
    this.#dir = dataDir;
    this.#cgroup = cgroup;
    this.#lastGrant = cgroup.cpu();
  }

  /** Readings since the last call. */
  sample(): SystemSample {
    const now = performance.now();
    const elapsedMs = Math.max(1, now - this.#lastAt);
    this.#lastAt = now;
    const cpu = this.#cpu(elapsedMs);
    const ram = memory(this.#cgroup);
    const disk = statfsSync(this.#dir);
    const capacity = disk.blocks * disk.bsize;
    const free = disk.bavail * disk.bsize;
    return {
      ...cpu,
      cpuPressure: cpuPressure(),
      memoryUsage: clamp(ram.used / ram.limit),
      diskUsage: clamp(1 - free / capacity),
      diskUsedBytes: capacity - free,
      capacity,
      diskFreeBytes: free,
      loadFactor: Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100) / 100,
      loopLagP99Ms: this.loopLag.sample(),
      rssBytes: this.#rss(),
      ...this.#io(elapsedMs),
    };
  }

  #machineCpu(): number {
    const times = cpuTimes();
    const span = times && this.#last ? times.total - this.#last.total : 0;
    const busy = times && this.#last && span > 0 ? (times.busy - this.#last.busy) / span : 0;
    this.#last = times;
    return busy;
  }

  /** Of what the control group grants, where that is less than the machine. */
  #cpu(elapsedMs: number): Pick<SystemSample, 'cpuUsage' | 'cpuThrottled'> {
    const machine = this.#machineCpu();
    const [grant, last] = [this.#cgroup.cpu(), this.#lastGrant];
    this.#lastGrant = grant;
    // without two readings of one limit there is no difference to speak of
    if (grant === null || last === null) return { cpuUsage: clamp(machine), cpuThrottled: null };
    const periods = grant.periods - last.periods;
    const throttled = grant.throttledPeriods - last.throttledPeriods;
    const own = process.cpuUsage(this.#lastOwn);
    this.#lastOwn = process.cpuUsage();
    // of a group whose use nobody counts this process's own is known
    const ownMs = (own.user + own.system) / 1000;
    const usedMs = grant.usedMs === null || last.usedMs === null ? ownMs : grant.usedMs - last.usedMs;
    const isLimited = grant.cores < availableParallelism();
    return {
      cpuUsage: clamp(isLimited ? usedMs / (elapsedMs * grant.cores) : machine),
      cpuThrottled: periods > 0 ? clamp(throttled / periods) : 0,
    };
  }

  #io(elapsedMs: number) {
    const [now, last] = [ioBytes(), this.#lastIo];
    this.#lastIo = now;
    const rate = (after: number | null, before: number | null): number | null =>
      after === null || before === null ? null : Math.max(0, after - before) / (elapsedMs / 1000);
    return {
      ...now,
      ioReadRate: rate(now.ioReadBytes, last.ioReadBytes),
      ioWriteRate: rate(now.ioWriteBytes, last.ioWriteBytes),
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

/** Of the whole machine; a group's own is its throttling. */
function cpuPressure(): number | null {
  const match = /^some avg10=(\d+(?:\.\d+)?)/m.exec(readTextOr('/proc/pressure/cpu', ''));
  return match === null ? null : clamp(Number(match[1]) / 100);
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
