/**
 * When the calls of many callers leave together (group commit). What a round of consensus
 * costs hardly depends on how many calls it carries, so a few do not start one of their own
 * while more are under way: they wait until those are answered, and a moment for the callers
 * who were just answered to come back, as they do when each waits for its own answer. The
 * larger part never waits for the smaller, and few callers never wait at all.
 */
import type { Bytes, Duration, Instant } from '../src/base/index.ts';

/** Calls that wait, are under way or are expected: fewer than this are not worth waiting for. */
const MANY = 16;
/** So much leaves at once. */
const LARGE_BYTES = 256 * 1024;
/** Who was answered and means to go on is back within this share of a round, on a busy machine too. */
const RETURN_SHARE = 0.25;
/** At least so long, ms; at most this share of what anybody waits. */
const LEAST_RETURN_MS = 1.5;
const MOST_RETURN_SHARE = 0.4;
/** Weight of the newest round in what a round takes. */
const NEWEST = 0.2;
/** Those who come late are not waited for when they are so few, of so many that are there. */
const FEW_OF = 8;

export class Gathering {
  readonly #longestWaitMs: Duration;
  #waiting = 0;
  #waitingBytes: Bytes = 0;
  #waitingSince: Instant = 0;
  #underWay = 0;
  #returning = 0;
  #answeredAt: Instant = Number.NEGATIVE_INFINITY;
  #leftAt: Instant = 0;
  #roundMs: Duration = 0;

  /** Nobody waits longer for others than `longestWaitMs`. */
  constructor(longestWaitMs: Duration) {
    this.#longestWaitMs = longestWaitMs;
  }

  /** How many wait to leave. */
  get waiting(): number {
    return this.#waiting;
  }

  /** One more waits to leave. */
  came(bytes: Bytes, now: Instant): void {
    if (this.#waiting === 0) this.#waitingSince = now;
    this.#waiting++;
    this.#waitingBytes += bytes;
    if (this.#returning > 0) this.#returning--;
  }

  /** All who waited have left. */
  left(now: Instant): void {
    this.#leftAt = now;
    this.#underWay += this.#waiting;
    this.#waiting = 0;
    this.#waitingBytes = 0;
  }

  /** So many of those under way have been answered, one way or another. */
  answered(count: number, now: Instant): void {
    this.#underWay -= count;
    this.#returning = count;
    this.#answeredAt = now;
    this.#roundMs += NEWEST * (now - this.#leftAt - this.#roundMs);
  }

  /** How long those who wait should wait on, unless something happens before; 0 = they leave now. */
  waitMs(now: Instant): Duration {
    if (this.#waitingBytes >= LARGE_BYTES) return 0;
    const back = this.#answeredAt + this.#returnMs() - now;
    const returning = back > 0 ? this.#returning : 0;
    if (this.#waiting + this.#underWay + returning < MANY) return 0;
    const left = this.#waitingSince + this.#longestWaitMs - now;
    if (left <= 0) return 0;
    if (this.#underWay >= this.#waiting) return left;
    return returning * FEW_OF > this.#waiting ? Math.min(left, back) : 0;
  }

  #returnMs(): Duration {
    const share = Math.max(LEAST_RETURN_MS, this.#roundMs * RETURN_SHARE);
    return Math.min(share, this.#longestWaitMs * MOST_RETURN_SHARE);
  }
}
