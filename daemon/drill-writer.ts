/**
 * One writer of the drill: inserts rows without pause through an exactly-once session and
 * remembers, for each row, what it was told. What it was told is compared with what is
 * stored afterwards (drill-verify.ts).
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlccError } from '../src/base/index.ts';
import type { ClientSession } from '../src/client/index.ts';

export const WRITERS = 4;
const WRITE_TIMEOUT_MS = 20_000;
/** After an error: a cluster that refuses at once is not asked in a tight loop. */
const ERROR_PAUSE_MS = 20;

/** What became of a row, from the writer's point of view. */
export type Told = 'unknown' | 'refused' | 'fault';

/** Reads an error: the row may be there, surely is not, or the drill itself is wrong. */
export function toldBy(error: unknown): Told {
  if (!(error instanceof SqlccError)) return 'fault';
  if (error.retry === 'unknown' || error.code === 'session_expired') return 'unknown';
  return error.retry === 'safe' ? 'refused' : 'fault';
}

export class Writer {
  readonly acked: number[] = [];
  /** Rows that may be there, once. */
  readonly unknown: number[] = [];
  /** Writes that were refused: their rows must not be there. */
  refused = 0;
  /** When acknowledgements came since the last `forgetTimes`, ms of the monotonic clock. */
  readonly times: number[] = [];
  readonly #open: () => Promise<ClientSession>;
  readonly #writer: number;
  #running = true;
  #done: Promise<void> = Promise.resolve();

  /** `open` makes a session; it is asked again when one has expired. */
  constructor(open: () => Promise<ClientSession>, writer: number) {
    this.#open = open;
    this.#writer = writer;
  }

  start(): void {
    this.#done = this.#loop();
    this.#done.catch(() => {}); // told by `stop`
  }

  /** Resolves when the last write has its answer; rejects with what ended the writer before. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  /** Drops all times but the newest: a long drill needs those of one round. */
  forgetTimes(): void {
    this.times.splice(0, this.times.length - 1);
  }

  async #loop(): Promise<void> {
    let session = await this.#open();
    for (let seq = 1; this.#running; seq++) {
      const id = seq * WRITERS + this.#writer;
      const statement = {
        sql: 'INSERT INTO drill (id, writer, at) VALUES (?, ?, ?)',
        params: [id, this.#writer, Date.now()],
      };
      try {
        await session.sql([statement], { timeoutMs: WRITE_TIMEOUT_MS });
        this.acked.push(id);
        this.times.push(performance.now());
      } catch (error) {
        const told = toldBy(error);
        if (told === 'fault') throw error;
        if (told === 'unknown') this.unknown.push(id);
        else this.refused++;
        if (error instanceof SqlccError && error.code === 'session_expired') session = await this.#open();
        await sleep(ERROR_PAUSE_MS);
      }
    }
  }
}
