/** Keys and values: one method a route. */
import type { KvWatchLine, ResponseOf } from '../api/index.ts';
import { ifMatch } from './client-session.ts';
import type { Dispatch } from './dispatcher.ts';
import type { ListOptions, ReadOptions, WatchOptions, WriteOptions } from './types.ts';

/** Runs a dispatch, pinned to a node if one is named. */
export type Run = (dispatch: Dispatch, node?: string) => Promise<unknown>;

const READ = { repeat: 'free', kind: 'data' } as const;

export class KvClient {
  readonly #run: Run;
  readonly #watch: (options: WatchOptions) => AsyncIterable<KvWatchLine>;

  constructor(run: Run, watch: (options: WatchOptions) => AsyncIterable<KvWatchLine>) {
    this.#run = run;
    this.#watch = watch;
  }

  /** Throws `not_found`. */
  async get(key: string, options: ReadOptions = {}): Promise<ResponseOf<'getKey'>> {
    const { node, level, minIndex, ...call } = options;
    const query = { level, min_index: minIndex };
    return (await this.#run(
      { name: 'getKey', ...READ, params: { key }, query, ...call },
      node,
    )) as ResponseOf<'getKey'>;
  }

  /** Not repeated after a lost answer: `outcome_unknown`. A session's put is. */
  async put(key: string, value: string, options: WriteOptions = {}): Promise<ResponseOf<'putKey'>> {
    const { ifVersion: _, ...call } = options;
    const headers = ifMatch(options);
    const write = {
      name: 'putKey',
      kind: 'data',
      repeat: 'once',
      params: { key },
      body: { value },
      headers,
    } as const;
    return (await this.#run({ ...write, ...call })) as ResponseOf<'putKey'>;
  }

  async delete(key: string, options: WriteOptions = {}): Promise<ResponseOf<'deleteKey'>> {
    const { ifVersion: _, ...call } = options;
    const headers = ifMatch(options);
    const write = { name: 'deleteKey', kind: 'data', repeat: 'once', params: { key }, headers } as const;
    return (await this.#run({ ...write, ...call })) as ResponseOf<'deleteKey'>;
  }

  async list(options: ListOptions = {}): Promise<ResponseOf<'listKeys'>> {
    const { node, level, minIndex, prefix, limit, ...call } = options;
    const query = { prefix, limit, level, min_index: minIndex };
    return (await this.#run({ name: 'listKeys', ...READ, query, ...call }, node)) as ResponseOf<'listKeys'>;
  }

  /** Many keys at one index. */
  async batch(keys: readonly string[], options: ReadOptions = {}): Promise<ResponseOf<'batchKeys'>> {
    const { node, level, minIndex, ...call } = options;
    const body = { keys, level, min_index: minIndex };
    return (await this.#run({ name: 'batchKeys', ...READ, body, ...call }, node)) as ResponseOf<'batchKeys'>;
  }

  /** Changes of a key or a prefix, resumed behind the last version after a break. */
  watch(options: WatchOptions): AsyncIterable<KvWatchLine> {
    return this.#watch(options);
  }
}
