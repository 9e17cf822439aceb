/**
 * What a play did to the byte: each message as it leaves, each write as the log is asked for
 * it. The story's hash says who did what when; this one says with what content.
 */
import { createHash } from 'node:crypto';
import { encodeMessages, type PersistRequest, type RaftMessage } from '../../src/raft/index.ts';

export class ByteTrace {
  readonly #hash = createHash('sha256');
  /** Messages and writes so far. */
  count = 0;

  /** `at`: the instant, ms; `who` sends. */
  sent(at: number, who: string, messages: readonly RaftMessage[]): void {
    if (messages.length === 0) return;
    this.count += messages.length;
    this.#hash.update(`${at} ${who} sends `).update(encodeMessages(messages));
  }

  written(at: number, who: string, { entries, ...rest }: PersistRequest): void {
    this.count++;
    this.#hash.update(`${at} ${who} writes ${JSON.stringify(rest)}`);
    for (const { data, ...about } of entries) this.#hash.update(JSON.stringify(about)).update(data);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
