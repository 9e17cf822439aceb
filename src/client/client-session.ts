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
  /** Numbers whose outcome is not known yet, lowest first. */
  readonly #inFlight = new Set<number>();

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
    while (this.#free() <= 0) await this.#turn(deadline, options.signal);
    this.#seq++;
    const seq = this.#seq;
    this.#inFlight.add(seq);
    try {
      const timeoutMs = deadline - performance.now();
      return await this.#dispatcher.call({ ...make(seq), ...options, timeoutMs });
    } finally {
      this.#inFlight.delete(seq);
      // the lowest number may have held up many
      for (const next of [...this.#waiting].slice(0, Math.max(0, this.#free()))) next();
    }
  }

  /**
   * Numbers that may be given out now. What is bounded is not how many are in flight but how far apart
   * they are: the cluster keeps the answers to the highest numbers, and the lowest one in flight is still
   * needed.
   */
  #free(): number {
    const [lowest = this.#seq + 1] = this.#inFlight;
    return LIMITS.maxSessionInFlight - (this.#seq + 1 - lowest);
  }

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
