/**
 * Exactly-once writes: each carries the session's name and a serial number, and the
 * cluster keeps the answer. After a lost answer the same number is sent again, to
 * whoever leads now, until the outcome is known or the deadline has passed.
 */
import type { ResponseOf, SqlResponse } from '../api/index.ts';
import { LIMITS, SqlccError } from '../base/index.ts';
import type { Dispatch, Dispatcher } from './dispatcher.ts';
import type { CallOptions, SqlStatement, WriteOptions } from './types.ts';

export class ClientSession {
  readonly id: string;
  readonly #dispatcher: Dispatcher;
  readonly #waiting: (() => void)[] = [];
  #seq = 0;
  #inFlight = 0;

  constructor(dispatcher: Dispatcher, id: string) {
    this.#dispatcher = dispatcher;
    this.id = id;
  }

  /**
   * Runs statements as one transaction, once. Throws `session_expired` when the cluster has
   * forgotten the session.
   */
  async sql(statements: readonly SqlStatement[], options: CallOptions = {}): Promise<SqlResponse> {
    return (await this.#keyed(
      (seq) => ({ name: 'sql', kind: 'data', repeat: 'keyed', body: { statements, session: this.id, seq } }),
      options,
    )) as SqlResponse;
  }

  async put(key: string, value: string, options: WriteOptions = {}): Promise<ResponseOf<'putKey'>> {
    return (await this.#keyed(
      (seq) => ({
        ...{ name: 'putKey', kind: 'data', repeat: 'keyed', params: { key }, body: { value } },
        headers: { ...this.#headers(seq), ...ifMatch(options) },
      }),
      options,
    )) as ResponseOf<'putKey'>;
  }

  async delete(key: string, options: WriteOptions = {}): Promise<ResponseOf<'deleteKey'>> {
    return (await this.#keyed(
      (seq) => ({
        ...{ name: 'deleteKey', kind: 'data', repeat: 'keyed', params: { key } },
        headers: { ...this.#headers(seq), ...ifMatch(options) },
      }),
      options,
    )) as ResponseOf<'deleteKey'>;
  }

  #headers(seq: number): Record<string, string> {
    return { 'x-sqlcc-session': this.id, 'x-sqlcc-seq': `${seq}` };
  }

  async #keyed(make: (seq: number) => Dispatch, options: CallOptions): Promise<unknown> {
    // more in flight than the cluster keeps answers for would let it forget one that is still needed
    if (this.#waiting.length >= LIMITS.maxPendingProposals) {
      throw new SqlccError('overloaded', `${this.#waiting.length} writes of this session are waiting`);
    }
    while (this.#inFlight >= LIMITS.maxSessionInFlight) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#inFlight++;
    this.#seq++;
    try {
      return await this.#dispatcher.call({ ...make(this.#seq), ...options });
    } finally {
      this.#inFlight--;
      this.#waiting.shift()?.();
    }
  }
}

/** The header of a conditional write. */
export function ifMatch({ ifVersion }: WriteOptions): Record<string, string> {
  return ifVersion === undefined ? {} : { 'if-match': `"${ifVersion}"` };
}
