/**
 * How long this node's own writes take to become durable, as the core sees it: from the
 * hand-over to the acknowledgement, what a write waits behind others included.
 *
 * The slowest of late counts at once and is forgotten by and by; a write that is open for
 * longer than that counts by its age. No I/O, no clock: both instants are told.
 */
import type { Duration, Instant } from '../base/index.ts';

/** Share of an older, longer time that a shorter one takes away. */
const FORGETS = 1 / 8;

export class WritePace {
  #open: { readonly token: number; readonly at: Instant }[] = [];
  #lateMs: Duration = 0;

  handedOver(token: number, now: Instant): void {
    this.#open.push({ token, at: now });
  }

  /** Everything up to `token` is durable. */
  acknowledged(token: number, now: Instant): void {
    let done = 0;
    for (; done < this.#open.length; done++) {
      const write = this.#open[done];
      if (write === undefined || write.token > token) break;
      const tookMs = now - write.at;
      this.#lateMs = Math.max(tookMs, this.#lateMs + (tookMs - this.#lateMs) * FORGETS);
    }
    if (done > 0) this.#open.splice(0, done);
  }

  /** How long a write that is made now may take, ms; 0 = nothing was written yet, or it took no time. */
  expectedMs(now: Instant): Duration {
    const oldest = this.#open[0];
    return oldest === undefined ? this.#lateMs : Math.max(this.#lateMs, now - oldest.at);
  }
}
