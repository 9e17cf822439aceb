/**
 * Answers that wait to be read, by caller. Each session has its bounds, but a caller may have many: whoever
 * asks for much on all of them and reads nothing would fill a node's memory. So what one name, one
 * token or one address leaves unread is counted together, until it has left for the network.
 */
import type { Writable } from 'node:stream';
import { LIMITS, SqlccError } from '../base/index.ts';

export class UnreadAnswers {
  readonly #limit: number;
  readonly #bytes = new Map<string, number>();

  constructor(limitBytes: number = LIMITS.maxUnreadBytes) {
    this.#limit = limitBytes;
  }

  /** Bytes that `who` has not taken. */
  of(who: string): number {
    return this.#bytes.get(who) ?? 0;
  }

  /** Throws overloaded while `who` leaves more unread than anybody may. */
  check(who: string): void {
    if (this.of(who) < this.#limit) return;
    throw new SqlccError('overloaded', 'too many answers to this caller wait to be read', {
      hint: 'read them, or ask for less at once',
    });
  }

  /** Whether one more answer would be too much; who has nothing unread may have any one. */
  isTooMuch(who: string, bytes: number): boolean {
    const known = this.of(who);
    return known > 0 && known + bytes > this.#limit;
  }

  add(who: string, bytes: number): void {
    this.#bytes.set(who, this.of(who) + bytes);
  }

  /** They have left, or the connection that they were for has ended. */
  remove(who: string, bytes: number): void {
    const rest = this.of(who) - bytes;
    if (rest > 0) this.#bytes.set(who, rest);
    else this.#bytes.delete(who);
  }

  /** Ends `sink` with an answer, which counts until it has left. */
  endWith(sink: Writable, answer: Buffer, who: string): void {
    this.add(who, answer.length);
    let isOver = false;
    const left = (): void => {
      if (!isOver) this.remove(who, answer.length);
      isOver = true;
    };
    sink.once('close', left);
    sink.end(answer, left);
    if (sink.closed) left();
  }
}

/**
 * In place of an answer that nobody has room for: what was asked for may have been done, only a reading
 * surely changed nothing.
 */
export function droppedAnswer(method: string): SqlccError {
  const text = 'the answer was dropped: too many answers to this caller wait to be read';
  return new SqlccError(method === 'GET' || method === 'HEAD' ? 'overloaded' : 'outcome_unknown', text);
}
