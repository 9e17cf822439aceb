/** Many seeds on all cores: each thread plays a few and asks for the next. */
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { StorageKind } from './play.ts';
import type { SeedJob } from './seed-worker.ts';
import { addTally, emptyTally, type Tally } from './tally.ts';

/** Seeds that a thread plays before it reports. */
const PORTION = 10;
/**
 * Nearly all that a seed makes is soon forgotten: the more room it has, the less is copied. V8 begins with little
 * and gives more only to what survives, so a thread is told how much when it begins.
 */
const YOUNG_MIB = 64;

export interface FleetOptions {
  readonly from: number;
  readonly seeds: number;
  readonly kind?: StorageKind;
  readonly nodes?: number | null;
  /** Threads; default: one a core. */
  readonly jobs?: number;
  /** Nothing new is begun after this long, ms. */
  readonly limitMs?: number;
  readonly progress?: (tally: Tally) => void;
}

/** Resolves when all are played; rejects when a thread breaks, which no violation does. */
export async function playFleet(options: FleetOptions): Promise<Tally> {
  const { from, seeds, kind = 'wal', nodes = null, jobs = availableParallelism() } = options;
  const tally = emptyTally();
  for (const bound of ['min', 'max']) setFlagsFromString(`--${bound}-semi-space-size=${YOUNG_MIB}`);
  let next = from;
  const end = from + seeds;
  const until = performance.now() + (options.limitMs ?? Number.POSITIVE_INFINITY);
  const portion = (): SeedJob | null => {
    if (next >= end || performance.now() > until) return null;
    const job = { from: next, to: Math.min(end, next + PORTION), kind, nodes };
    next = job.to;
    return job;
  };
  const crew = Array.from({ length: Math.max(1, Math.min(jobs, Math.ceil(seeds / PORTION))) }, () =>
    work(portion, (part) => {
      addTally(tally, part);
      options.progress?.(tally);
    }),
  );
  await Promise.all(crew);
  tally.failures.sort((a, b) => a.seed - b.seed);
  return tally;
}

/** One thread, until there is nothing to do. */
function work(portion: () => SeedJob | null, done: (part: Tally) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./seed-worker.ts', import.meta.url));
    const next = (): void => {
      const job = portion();
      if (job !== null) worker.postMessage(job);
      else void worker.terminate().then(() => resolve());
    };
    worker.on('message', (part: Tally) => {
      done(part);
      next();
    });
    worker.on('error', reject);
    next();
  });
}
