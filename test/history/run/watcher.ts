/** A watcher of a run: writes down every line with the instant at which it came. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlccError } from '../../../src/base/index.ts';
import type { SqlccClient } from '../../../src/client/index.ts';
import type { Recorder } from './recorder.ts';

const REFUSED_PAUSE_MS = 100;

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
    this.#done = this.#followAll(client, prefix);
    this.#done.catch(() => {}); // told by `stop`
  }

  /** The highest revision that was told. */
  get reached(): number {
    return this.#reached;
  }

  /** Goes on where it stood when a node refuses it: one whose clock is off takes nobody's certificate. */
  async #followAll(client: SqlccClient, prefix: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#follow(client, prefix);
      } catch (error) {
        if (!(error instanceof SqlccError) || error.code !== 'unauthenticated') throw error;
        await sleep(REFUSED_PAUSE_MS);
      }
    }
  }

  async #follow(client: SqlccClient, prefix: string): Promise<void> {
    const { signal } = this.#stop;
    for await (const line of client.kv.watch({ prefix, after: this.#reached, signal })) {
      const { type, key, value, version } = line;
      this.#recorder.watch({
        ...{ e: 'watch', w: this.#w, at: this.#recorder.now(), type, rev: version },
        ...(key === null ? {} : { k: key }),
        ...(value === null ? {} : { v: value }),
      });
      this.#reached = Math.max(this.#reached, version);
    }
  }

  /** Ends wherever it is, and claims nothing; after `stop` it does nothing. */
  abandon(): void {
    this.#stop.abort();
  }

  /** Ends; complete up to `rev` it must have been. Rejects with what ended it before. */
  async stop(rev: number): Promise<void> {
    this.#stop.abort();
    await this.#done;
    this.#recorder.watch({ e: 'watch', w: this.#w, at: this.#recorder.now(), type: 'end', rev });
  }
}
