/**
 * One check of this node on demand: a fresh sample of all readings, and two things that are only tried when
 * somebody asks: to make a write durable in the data folder, and to have a quorum confirm the leader. Whoever
 * asks while one is under way is given the same one.
 */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timestamp } from '../src/base/index.ts';
import type { CheckedReading, HealthStatus, NodeHealth } from '../src/health/index.ts';

/** A probe that takes longer has failed, whatever comes of it. */
const PROBE_TIMEOUT_MS = 2000;
const PROBE_BYTES = 4096;

export interface HealthCheckReport {
  readonly at: Timestamp;
  readonly status: HealthStatus;
  readonly issues: readonly string[];
  readonly checks: readonly CheckedReading[];
}

export interface CheckSources {
  readonly dataDir: string;
  /** A sample of all readings. */
  readonly sample: () => NodeHealth;
  /** Resolves when a quorum has confirmed the leader; rejects when it does not within `timeoutMs`. */
  readonly barrier: (timeoutMs: number) => Promise<unknown>;
}

interface Probe {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  readonly issue: string;
  /** What its failure makes of the node. */
  readonly failed: HealthStatus;
}

/** Milliseconds that it took; null when it failed or took too long. */
async function timed(run: () => Promise<unknown>): Promise<number | null> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PROBE_TIMEOUT_MS);
  });
  const done = run().then(
    () => performance.now() - began,
    () => null,
  );
  const ms = await Promise.race([done, late]);
  clearTimeout(timer);
  return ms;
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
  #underWay: Promise<HealthCheckReport> | null = null;

  constructor(sources: CheckSources) {
    this.#sources = sources;
  }

  run(): Promise<HealthCheckReport> {
    this.#underWay ??= this.#check().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #check(): Promise<HealthCheckReport> {
    const { dataDir, barrier, sample } = this.#sources;
    const probes: readonly Probe[] = [
      {
        name: 'disk-probe',
        run: () => writeDurably(dataDir),
        issue: 'a write to the data folder was not durable in time',
        failed: 'UNHEALTHY',
      },
      {
        name: 'quorum-probe',
        run: () => barrier(PROBE_TIMEOUT_MS),
        issue: 'no quorum confirmed a leader in time',
        failed: 'DEGRADED',
      },
    ];
    const health = sample();
    const checks: CheckedReading[] = [...health.checks];
    const issues = [...health.issues];
    let { status } = health;
    const times = await Promise.all(probes.map(({ run }) => timed(run)));
    for (const [n, { name, issue, failed }] of probes.entries()) {
      const value = times[n] ?? null;
      const verdict = value === null ? failed : 'HEALTHY';
      checks.push({ name, unit: 'ms', value, limit: PROBE_TIMEOUT_MS, status: verdict });
      if (value !== null) continue;
      issues.push(issue);
      if (ORDER.indexOf(failed) > ORDER.indexOf(status)) status = failed;
    }
    return { at: Date.now(), status, issues, checks };
  }
}
