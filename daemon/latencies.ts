/**
 * Latency of client requests over the last minute: a bounded ring of samples, percentiles by nearest rank.
 */
const RING = 4096;
const WINDOW_MS = 60_000;

export class Latencies {
  readonly #values = new Float64Array(RING);
  readonly #times = new Float64Array(RING);
  #next = 0;
  #count = 0;
  #total = 0;
  #errors = 0;

  /** Hears each sample; set once by whoever counts them. */
  onRecord: (ms: number) => void = () => {};

  /** Requests and failed requests since the start. */
  get totals(): { readonly requests: number; readonly errors: number } {
    return { requests: this.#total, errors: this.#errors };
  }

  record(ms: number, failed: boolean): void {
    this.onRecord(ms);
    this.#values[this.#next] = ms;
    this.#times[this.#next] = performance.now();
    this.#next = (this.#next + 1) % RING;
    this.#count = Math.min(this.#count + 1, RING);
    this.#total++;
    if (failed) this.#errors++;
  }

  /** The q-quantile of the last minute, ms; null without samples. */
  quantile(q: number): number | null {
    const since = performance.now() - WINDOW_MS;
    const recent: number[] = [];
    for (let i = 0; i < this.#count; i++)
      if ((this.#times[i] as number) >= since) recent.push(this.#values[i] as number);
    if (recent.length === 0) return null;
    recent.sort((a, b) => a - b);
    return Math.round((recent[Math.max(0, Math.ceil(q * recent.length) - 1)] as number) * 1000) / 1000;
  }
}
