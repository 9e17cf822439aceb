/**
 * How much may wait for its commit on a leader.
 *
 * A bound in bytes alone is minutes of waiting on a slow disk, and everybody who waits
 * gives up before it is over: a queue full of work that nobody wants any more. So the
 * bound follows what commits: it is what the cluster was seen to commit in a second, never
 * below what one sync takes (a disk that hangs must not refuse the small), never above
 * the memory that it may take. It grows only where it was used: a cluster that has had
 * little to do knows nothing of how much it could. While the oldest waits for longer than
 * the target, no more than the least is let in.
 */
import type { Bytes, Duration, Instant, LogIndex } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';

/** What is admitted should be committed after this long. */
const TARGET_MS: Duration = 1000;
const LEAST_BYTES = LIMITS.walBatchBytes;
/** Without figures yet. */
const FIRST_BYTES = 2 * LEAST_BYTES;
/** A bound of which less than this share was taken is not known to be too low. */
const USED_SHARE = 0.5;

interface Batch {
  readonly last: LogIndex;
  readonly bytes: Bytes;
  readonly at: Instant;
  /** All that waited when it was appended, itself included. */
  readonly queued: Bytes;
}

export class Admission {
  /** Oldest first. */
  #batches: Batch[] = [];
  #bytes = 0;
  #bound: Bytes = FIRST_BYTES;

  /** Bytes that wait for their commit. */
  get bytes(): Bytes {
    return this.#bytes;
  }

  /** Bytes that may be added now; below 0 when the bound has come down. */
  room(now: Instant): Bytes {
    const oldest = this.#batches[0];
    const isStuck = oldest !== undefined && now - oldest.at > TARGET_MS;
    return (isStuck ? LEAST_BYTES : this.#bound) - this.#bytes;
  }

  /** Entries up to `last` were appended. */
  appended(last: LogIndex, bytes: Bytes, now: Instant): void {
    this.#bytes += bytes;
    this.#batches.push({ last, bytes, at: now, queued: this.#bytes });
  }

  /** Everything up to `index` is committed. */
  committed(index: LogIndex, now: Instant): void {
    let done = 0;
    for (; done < this.#batches.length; done++) {
      const batch = this.#batches[done];
      if (batch === undefined || batch.last > index) break;
      this.#bytes -= batch.bytes;
      this.#learn(batch, now - batch.at);
    }
    if (done > 0) this.#batches.splice(0, done);
  }

  #learn({ bytes, queued }: Batch, waitedMs: Duration): void {
    const isUsed = queued >= this.#bound * USED_SHARE;
    if (waitedMs > TARGET_MS) this.#bound = Math.min(this.#bound, (queued * TARGET_MS) / waitedMs);
    else if (waitedMs <= TARGET_MS / 2 && isUsed) this.#bound += bytes;
    this.#bound = Math.min(Math.max(this.#bound, LEAST_BYTES), LIMITS.maxUncommittedBytes);
  }
}
