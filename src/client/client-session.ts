/**
 * Exactly-once writes: each carries the session's name and a serial number, and the
 * cluster keeps the answer. After a lost answer the same number is sent again, to
 * whoever leads now, until the outcome is known or the deadline has passed.
 */
import type { ResponseOf, SqlResponse } from '../api/index.ts';
import { LIMITS, SqlccError } from '../base/index.ts';
import type { Dispatch, Dispatcher } from './dispatcher.ts';
import type { CallOptions, SqlStatement, WriteOptions } from './types.ts';
import { within } from './within.ts';

export class ClientSession {
  readonly id: string;
  readonly #dispatcher: Dispatcher;
  readonly #waiting = new Set<() => void>();
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
    const deadline = performance.now() + (options.timeoutMs ?? this.#dispatcher.timeoutMs);
    while (this.#inFlight >= LIMITS.maxSessionInFlight) await this.#turn(deadline, options.signal);
    this.#inFlight++;
    this.#seq++;
    try {
      const timeoutMs = deadline - performance.now();
      return await this.#dispatcher.call({ ...make(this.#seq), ...options, timeoutMs });
    } finally {
      this.#inFlight--;
      const [next] = this.#waiting;
      next?.();
    }
  }

  /** More in flight than the cluster keeps answers for would let it forget one that is still needed. */
  async #turn(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const refuse = (text: string) => new SqlccError('overloaded', text, { details: { sent: false } });
    if (this.#waiting.size >= LIMITS.maxPendingProposals)
      throw refuse(`${this.#waiting.size} writes of this session are waiting`);
    let wake = (): void => {};
    const freed = new Promise<void>((resolve) => {
      wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
    const late = () => refuse(`all ${LIMITS.maxSessionInFlight} places of this session stayed taken`);
    const timeoutMs = deadline - performance.now();
    try {
      await within(freed, { signal, timeoutMs, late });
    } catch (error) {
      // woken in the same turn: the place is for who comes next
      if (!this.#waiting.delete(wake)) [...this.#waiting][0]?.();
      throw error;
    }
  }
}

/** The header of a conditional write. */
export function ifMatch({ ifVersion }: WriteOptions): Record<string, string> {
  return ifVersion === undefined ? {} : { 'if-match': `"${ifVersion}"` };
}
