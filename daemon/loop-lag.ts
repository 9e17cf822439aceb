/**
 * How late a thread's event loop is: the worst of the time since the last look, and a histogram of all
 * looks since the start. The kernel's timer and Node's own record do the measuring.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { familyOf, Histogram, type HistogramSnapshot } from '../src/metrics/index.ts';

/** Looks of one interval that are told apart; of more, every n-th stands for its neighbours. */
const MOST_LOOKS = 256;

export class LoopLag {
  readonly #delay: ReturnType<typeof monitorEventLoopDelay>;
  readonly #resolutionMs: number;
  readonly #histogram = new Histogram(familyOf('event_loop_lag')?.buckets ?? []);

  /** The loop is looked at every `resolutionMs`; each look wakes an idle process. */
  constructor(resolutionMs: number) {
    this.#resolutionMs = resolutionMs;
    this.#delay = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#delay.enable();
  }

  /** All looks since the start, in seconds. */
  get histogram(): HistogramSnapshot {
    return this.#histogram.snapshot();
  }

  /** Looks since the last sample; the first one after it has nothing to compare with and is none. */
  get looks(): number {
    return this.#delay.count;
  }

  /** 99th percentile in ms since the last call; 0 when nobody looked. */
  sample(): number {
    const p99 = this.#lagMs(99);
    const { count } = this.#delay;
    const rows = Math.min(count, MOST_LOOKS);
    for (let n = 1; n <= rows; n++) {
      this.#histogram.observe(this.#lagMs((n / rows) * 100) / 1000, count / rows);
    }
    this.#delay.reset();
    return p99;
  }

  stop(): void {
    this.#delay.disable();
  }

  #lagMs(percentile: number): number {
    const lag = this.#delay.percentile(percentile) / 1e6 - this.#resolutionMs;
    return Number.isFinite(lag) ? Math.max(0, lag) : 0;
  }
}
