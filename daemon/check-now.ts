/**
 * The full check of this node: two things are tried, to make a write durable in the data folder and to have
 * a quorum confirm the leader. It is played every `health_check_interval_ms`, and when somebody asks, who
 * gets all readings with it. Whoever asks while one is under way, or within a second behind it, is given the
 * same one: whoever may only look makes no disk sync and no quorum answer more often than that. A write that
 * hangs is not followed by another one: each would hold a thread of the pool that all files share.
 */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant, Timestamp } from '../src/base/index.ts';
import type { CheckedReading, HealthStatus, NodeHealth } from '../src/health/index.ts';
import { DISK_PROBE, PROBE_ISSUES, PROBE_TIMEOUT_MS, QUORUM_PROBE } from '../src/health/index.ts';

const PROBE_BYTES = 4096;
/** For so long a report is the answer to whoever asks. */
const FRESH_MS = 1000;

export interface HealthCheckReport {
  readonly at: Timestamp;
  readonly status: HealthStatus;
  readonly issues: readonly string[];
  readonly checks: readonly CheckedReading[];
}

/** Milliseconds that each took; `PROBE_TIMEOUT_MS` = it failed or took longer. */
export interface ProbeTimes {
  readonly diskProbeMs: number;
  readonly quorumProbeMs: number;
}

export interface CheckSources {
  readonly dataDir: string;
  /** A sample of all readings, taken when both were tried. */
  readonly sample: (times: ProbeTimes) => NodeHealth;
  /** Resolves when a quorum has confirmed the leader; rejects when it does not within `timeoutMs`. */
  readonly barrier: (timeoutMs: number) => Promise<unknown>;
  /** Makes a write durable in the folder; another one only for tests. */
  readonly write?: (dataDir: string) => Promise<void>;
}

/** Milliseconds that it took, at most the time that it has. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(PROBE_TIMEOUT_MS), PROBE_TIMEOUT_MS);
  });
  const done = run().then(
    () => performance.now() - began,
    () => PROBE_TIMEOUT_MS,
  );
  const ms = await Promise.race([done, late]);
  clearTimeout(timer);
  return Math.min(ms, PROBE_TIMEOUT_MS);
}

async function writeDurably(dataDir: string): Promise<void> {
  const path = join(dataDir, 'health.probe');
  const file = await open(path, 'w', 0o600);
  try {
    await file.write(Buffer.alloc(PROBE_BYTES));
    await file.datasync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

const ORDER: readonly HealthStatus[] = ['HEALTHY', 'UNKNOWN', 'DEGRADED', 'UNHEALTHY'];

export class CheckNow {
  readonly #sources: CheckSources;
  #underWay: Promise<ProbeTimes> | null = null;
  #report: Promise<HealthCheckReport> | null = null;
  /** When that came to its end; infinity while it is under way. */
  #reportedAt: Instant = Number.POSITIVE_INFINITY;
  /** The write that is under way, also past its time. */
  #writing: Promise<void> | null = null;

  constructor(sources: CheckSources) {
    this.#sources = sources;
  }

  /** Tries both; never rejects. */
  probe(): Promise<ProbeTimes> {
    this.#underWay ??= this.#probe().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Tries both and reads everything, once a second at most; a probe that fails counts at once here. */
  run(): Promise<HealthCheckReport> {
    if (performance.now() - this.#reportedAt >= FRESH_MS) this.#report = null;
    if (this.#report !== null) return this.#report;
    this.#reportedAt = Number.POSITIVE_INFINITY;
    this.#report = this.#check().finally(() => {
      this.#reportedAt = performance.now();
    });
    return this.#report;
  }

  async #probe(): Promise<ProbeTimes> {
    const [diskProbeMs, quorumProbeMs] = await Promise.all([
      timed(() => this.#write()),
      timed(() => this.#sources.barrier(PROBE_TIMEOUT_MS)),
    ]);
    return { diskProbeMs, quorumProbeMs };
  }

  #write(): Promise<void> {
    const { dataDir, write = writeDurably } = this.#sources;
    this.#writing ??= write(dataDir).finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #check(): Promise<HealthCheckReport> {
    const times = await this.probe();
    const health = this.#sources.sample(times);
    const tried = [
      { name: DISK_PROBE, ms: times.diskProbeMs, failed: 'UNHEALTHY' },
      { name: QUORUM_PROBE, ms: times.quorumProbeMs, failed: 'DEGRADED' },
    ] as const;
    const isTried = (name: string): boolean => tried.some((t) => t.name === name);
    const checks = health.checks.filter(({ name }) => !isTried(name));
    const issues = new Set(health.issues);
    let { status } = health;
    for (const { name, ms, failed } of tried) {
      const hasFailed = ms >= PROBE_TIMEOUT_MS;
      const verdict = hasFailed ? failed : 'HEALTHY';
      const value = hasFailed ? null : ms;
      checks.push({ name, unit: 'ms', value, limit: PROBE_TIMEOUT_MS, status: verdict });
      if (!hasFailed) continue;
      issues.add(PROBE_ISSUES[name]);
      if (ORDER.indexOf(failed) > ORDER.indexOf(status)) status = failed;
    }
    return { at: Date.now(), status, issues: [...issues], checks };
  }
}
