/**
 * Requests that are being read or answered, by caller. Each has its bound, and so has each session; but a
 * caller may have many sessions, and a node that is slow, on a busy machine or behind a leader that is, keeps
 * what it was asked until it has an answer. So what one name, one token or one address has under way is
 * counted together.
 */
import { type Bytes, LIMITS, SqlccError } from '../base/index.ts';

export class UnderWay {
  readonly #limit: Bytes;
  readonly #bytes = new Map<string, Bytes>();

  constructor(limitBytes: Bytes = LIMITS.maxUnderWayBytes) {
    this.#limit = limitBytes;
  }

  /** Bytes that `who` has under way. */
  of(who: string): Bytes {
    return this.#bytes.get(who) ?? 0;
  }

  /** Throws overloaded, and counts nothing, where it would be too much; any first one is taken. */
  add(who: string, bytes: Bytes): void {
    const known = this.of(who);
    if (known > 0 && known + bytes > this.#limit)
      throw new SqlccError('overloaded', 'too much of this caller is under way on this node', {
        hint: 'wait for answers, or send less at once',
      });
    this.#bytes.set(who, known + bytes);
  }

  remove(who: string, bytes: Bytes): void {
    const rest = this.of(who) - bytes;
    if (rest > 0) this.#bytes.set(who, rest);
    else this.#bytes.delete(who);
  }

  /** A body that is read piece by piece. */
  open(who: () => string): OpenBody {
    return new OpenBody(this, who);
  }
}

/** What of one request is counted; `close` is called at its end, whatever that is. */
export class OpenBody {
  readonly #all: UnderWay;
  readonly #who: () => string;
  #account: string | null = null;
  #bytes: Bytes = 0;

  constructor(all: UnderWay, who: () => string) {
    this.#all = all;
    this.#who = who;
  }

  /** Throws overloaded. */
  take(bytes: Bytes): void {
    this.#account ??= this.#who();
    this.#all.add(this.#account, bytes);
    this.#bytes += bytes;
  }

  close(): void {
    if (this.#account !== null) this.#all.remove(this.#account, this.#bytes);
    this.#bytes = 0;
  }
}
