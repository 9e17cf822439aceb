/** The last round trips to all peers, for the floor of the election timeout. */
const KEPT = 256;

export class RoundTrips {
  readonly #samples: number[] = [];
  #next = 0;

  record(ms: number): void {
    this.#samples[this.#next] = ms;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** 99th percentile in ms; 0 before the first sample. */
  p99(): number {
    if (this.#samples.length === 0) return 0;
    const sorted = [...this.#samples].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] as number;
  }
}
