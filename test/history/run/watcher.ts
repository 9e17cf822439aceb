/** A watcher of a run: writes down every line with the instant at which it came. */
import type { SqlccClient } from '../../../src/client/index.ts';
import type { Recorder } from './recorder.ts';

let nextWatch = 1;

export class Watcher {
  readonly #recorder: Recorder;
  readonly #stop = new AbortController();
  readonly #w = nextWatch++;
  readonly #done: Promise<void>;
  #reached: number;

  /** Follows everything that begins with `prefix` and changed behind `after`. */
  constructor(client: SqlccClient, recorder: Recorder, prefix: string, after: number) {
    this.#recorder = recorder;
    this.#reached = after;
    recorder.watch({ e: 'watch', w: this.#w, at: recorder.now(), type: 'start', k: prefix, rev: after });
    this.#done = this.#follow(client, prefix, after);
    this.#done.catch(() => {}); // told by `stop`
  }

  /** The highest revision that was told. */
  get reached(): number {
    return this.#reached;
  }

  async #follow(client: SqlccClient, prefix: string, after: number): Promise<void> {
    for await (const line of client.kv.watch({ prefix, after, signal: this.#stop.signal })) {
      const { type, key, value, version } = line;
      this.#recorder.watch({
        ...{ e: 'watch', w: this.#w, at: this.#recorder.now(), type, rev: version },
        ...(key === null ? {} : { k: key }),
        ...(value === null ? {} : { v: value }),
      });
      this.#reached = Math.max(this.#reached, version);
    }
  }

  /** Ends; complete up to `rev` it must have been. Rejects with what ended it before. */
  async stop(rev: number): Promise<void> {
    this.#stop.abort();
    await this.#done;
    this.#recorder.watch({ e: 'watch', w: this.#w, at: this.#recorder.now(), type: 'end', rev });
  }
}
