/**
 * Which address next. Pure: answers and hints go in, an address comes out.
 *
 * A leader whose connection broke is *lost*: from then on what followers say about it
 * is old news (they notice later than its clients do), so it becomes leader again only
 * by speaking for itself. Hints of an older term than the newest known are ignored.
 */
import type { Endpoint } from './wire.ts';

export interface LeaderHint {
  readonly leader: Endpoint;
  readonly term: number;
  /** Who said so. */
  readonly from: Endpoint;
}

export class LeaderTracker {
  readonly #endpoints: Endpoint[];
  readonly #failed = new Map<Endpoint, number>();
  #leader: Endpoint | null = null;
  #lost: Endpoint | null = null;
  #term = 0;
  #failures = 0;

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = [...new Set(endpoints)];
  }

  /** All addresses known, configured ones first. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** The leader as last known and not lost since. */
  get leader(): Endpoint | null {
    return this.#leader;
  }

  /** Whether a leader was known and broke away, so that a search is worth more than a guess. */
  get isLost(): boolean {
    return this.lost !== null;
  }

  /** The leader that broke away, while none is known. */
  get lost(): Endpoint | null {
    return this.#leader === null ? this.#lost : null;
  }

  /** The newest term heard of; 0 = none. */
  get term(): number {
    return this.#term;
  }

  /** Adds addresses, at most `limit` in all; returns nothing, knows the rest. */
  learn(endpoints: readonly Endpoint[], limit: number): void {
    for (const endpoint of endpoints) {
      if (this.#endpoints.length >= limit) return;
      if (!this.#endpoints.includes(endpoint)) this.#endpoints.push(endpoint);
    }
  }

  /** Takes a hint if it is news; true when it names a leader that may be asked now. `term` 0 = not told. */
  hint({ leader, term, from }: LeaderHint): boolean {
    if (term !== 0 && term < this.#term) return false;
    if (leader === this.#lost && from !== leader && term <= this.#term) return false;
    this.#leader = leader;
    this.#term = Math.max(term, this.#term);
    if (leader !== this.#lost || from === leader) this.#lost = null;
    return true;
  }

  /** A call to `endpoint` failed on the way. */
  failed(endpoint: Endpoint): void {
    this.#failures++;
    this.#failed.set(endpoint, this.#failures);
    if (this.#leader !== endpoint) return;
    this.#lost = endpoint;
    this.#leader = null;
  }

  /** `endpoint` answered, whatever it said. */
  answered(endpoint: Endpoint): void {
    this.#failed.delete(endpoint);
  }

  /**
   * Where to send next when any node will do: the leader, else who did not fail, else who failed
   * longest ago.
   */
  next(): Endpoint | undefined {
    if (this.#leader !== null) return this.#leader;
    let best: Endpoint | undefined;
    let age = Number.POSITIVE_INFINITY;
    for (const endpoint of this.#endpoints) {
      const failedAt = this.#failed.get(endpoint) ?? 0;
      if (failedAt < age) {
        best = endpoint;
        age = failedAt;
      }
    }
    return best;
  }

  /** Every known address failed and none has answered since. */
  get allFailed(): boolean {
    return this.#endpoints.every((endpoint) => this.#failed.has(endpoint));
  }
}
