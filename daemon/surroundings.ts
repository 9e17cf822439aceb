/**
 * What the consensus thread measures of its surroundings: how long the disk takes,
 * how late its own event loop is. The core gets the figures; what follows from them
 * is decided there.
 */
import { familyOf, Histogram } from '../src/metrics/index.ts';
import type { RaftStorage } from '../src/raft/index.ts';
import { LoopLag } from './loop-lag.ts';
import { Traffic } from './traffic.ts';

/** The event loop must be late in this many of the last 5 samples before leadership is given away. */
const LAGGING_SAMPLES = 3;
const LAGGING_WINDOW = 5;

/** How often the loop is looked at; each look wakes an idle process, and stalls that matter are longer. */
const LAG_RESOLUTION_MS = 50;

export interface SurroundingsSample {
  readonly diskLatencyMs: number;
  readonly loopLagP99Ms: number;
  /** How long the disk has acknowledged nothing though it has something to do. */
  readonly syncMs: number;
  /** The same, or the longest such time since the last sample. */
  readonly slowestSyncMs: number;
  readonly lagging: boolean;
}

export class Surroundings {
  readonly traffic = new Traffic();
  readonly loopLag = new LoopLag(LAG_RESOLUTION_MS);
  /** Seconds until a write was durable. */
  readonly fsync = new Histogram(familyOf('fsync')?.buckets ?? []);
  readonly #open = new Map<number, number>();
  /** Follows the settings: a loop that is late by more can't lead. */
  electionTimeoutMs: number;
  #latencies: number[] = [];
  #late: boolean[] = [];
  /** When the disk acknowledged last, or had something to do again. */
  #syncSince = 0;
  #slowestSyncMs = 0;
  diskLatencyMs = 0;
  loopLagMs = 0;

  constructor(electionTimeoutMs: number) {
    this.electionTimeoutMs = electionTimeoutMs;
  }

  /** The same storage, with its writes timed. */
  timed(storage: RaftStorage): RaftStorage {
    return {
      initialState: () => storage.initialState(),
      firstIndex: () => storage.firstIndex(),
      lastIndex: () => storage.lastIndex(),
      term: (index) => storage.term(index),
      entries: (low, high, maxBytes) => storage.entries(low, high, maxBytes),
      tailWithin: (high, maxBytes) => storage.tailWithin(high, maxBytes),
      snapshot: () => storage.snapshot(),
      waitingBytes: () => storage.waitingBytes(),
      onFailure: (failed) => storage.onFailure(failed),
      write: (request, done) => {
        const now = performance.now();
        if (this.#open.size === 0) this.#syncSince = now;
        this.#open.set(request.token, now);
        this.traffic.wrote(request.entries);
        storage.write(request, (token) => {
          this.#acknowledged(token);
          done(token);
        });
      },
    };
  }

  /** Figures of the time since the last sample. */
  sample(): SurroundingsSample {
    const sorted = this.#latencies.sort((a, b) => a - b);
    if (sorted.length > 0) this.diskLatencyMs = sorted[Math.floor(sorted.length * 0.99)] as number;
    this.#latencies = [];
    this.loopLagMs = this.loopLag.sample();
    this.#late = [...this.#late, this.loopLagMs > this.electionTimeoutMs].slice(-LAGGING_WINDOW);
    const syncMs = this.#open.size === 0 ? 0 : performance.now() - this.#syncSince;
    const slowestSyncMs = Math.max(syncMs, this.#slowestSyncMs);
    this.#slowestSyncMs = 0;
    return {
      diskLatencyMs: this.diskLatencyMs,
      loopLagP99Ms: this.loopLagMs,
      ...{ syncMs, slowestSyncMs },
      lagging: this.#late.filter(Boolean).length >= LAGGING_SAMPLES,
    };
  }

  /** One acknowledgement covers all earlier writes. */
  #acknowledged(token: number): void {
    const now = performance.now();
    // a write that waits its turn behind others says nothing of the disk: what counts is that it goes on
    this.#slowestSyncMs = Math.max(this.#slowestSyncMs, now - this.#syncSince);
    this.#syncSince = now;
    for (const [open, began] of this.#open) {
      if (open > token) break;
      this.#latencies.push(now - began);
      this.fsync.observe((now - began) / 1000);
      this.#open.delete(open);
    }
    if (this.#latencies.length > 4096) this.#latencies = this.#latencies.slice(-1024);
  }
}
