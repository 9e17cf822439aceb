/**
 * What the consensus thread measures of its surroundings: how long the disk takes,
 * how late its own event loop is. The core gets the figures; what follows from them
 * is decided there.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RaftStorage } from '../src/raft/index.ts';
import { Traffic } from './traffic.ts';

/** The event loop must be late in this many of the last 5 samples before leadership is given away. */
const LAGGING_SAMPLES = 3;
const LAGGING_WINDOW = 5;

/** How often the loop is looked at; each look wakes an idle process, and stalls that matter are longer. */
const LAG_RESOLUTION_MS = 50;

export interface SurroundingsSample {
  readonly diskLatencyMs: number;
  readonly loopLagP99Ms: number;
  /** Age of the oldest write that has not come back. */
  readonly oldestWriteMs: number;
  /** The same, or the slowest of those that came back since the last sample. */
  readonly slowestWriteMs: number;
  readonly lagging: boolean;
}

export class Surroundings {
  readonly traffic = new Traffic();
  readonly #delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  readonly #open = new Map<number, number>();
  readonly #electionTimeoutMs: number;
  #latencies: number[] = [];
  #late: boolean[] = [];
  diskLatencyMs = 0;
  loopLagMs = 0;

  constructor(electionTimeoutMs: number) {
    this.#electionTimeoutMs = electionTimeoutMs;
    this.#delay.enable();
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
      onFailure: (failed) => storage.onFailure(failed),
      write: (request, done) => {
        this.#open.set(request.token, performance.now());
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
    const slowest = sorted.at(-1) ?? 0;
    if (sorted.length > 0) this.diskLatencyMs = sorted[Math.floor(sorted.length * 0.99)] as number;
    this.#latencies = [];
    const lag = this.#delay.percentile(99) / 1e6 - LAG_RESOLUTION_MS;
    this.loopLagMs = Number.isFinite(lag) ? Math.max(0, lag) : 0;
    this.#delay.reset();
    this.#late = [...this.#late, this.loopLagMs > this.#electionTimeoutMs].slice(-LAGGING_WINDOW);
    const oldest = this.#open.values().next().value;
    const oldestWriteMs = oldest === undefined ? 0 : performance.now() - oldest;
    return {
      diskLatencyMs: this.diskLatencyMs,
      loopLagP99Ms: this.loopLagMs,
      oldestWriteMs,
      slowestWriteMs: Math.max(oldestWriteMs, slowest),
      lagging: this.#late.filter(Boolean).length >= LAGGING_SAMPLES,
    };
  }

  /** One acknowledgement covers all earlier writes. */
  #acknowledged(token: number): void {
    const now = performance.now();
    for (const [open, began] of this.#open) {
      if (open > token) break;
      this.#latencies.push(now - began);
      this.#open.delete(open);
    }
    if (this.#latencies.length > 4096) this.#latencies = this.#latencies.slice(-1024);
  }
}
