/**
 * Keeps the watermark (watermark.ts) a moment behind the log: noted when the log falls
 * silent, because under load each batch proves the one before it.
 */
import { type Cancel, type Clock, type Duration, plus, SqlccError } from '../base/index.ts';
import type { Watermark, WatermarkFile } from './watermark.ts';

/** Silence after which the newest durable batch is noted; so it is never older than twice this. */
const SILENCE_MS: Duration = 25;

export interface MarkerOptions {
  readonly file: WatermarkFile;
  readonly clock: Clock;
  readonly failed: (error: SqlccError) => void;
}

export class Marker {
  readonly #options: MarkerOptions;
  #newest: Watermark;
  #noted: number;
  #isNoting = false;
  #isStopped = false;
  #cancel: Cancel | null = null;

  constructor(options: MarkerOptions) {
    this.#options = options;
    this.#newest = options.file.found;
    this.#noted = this.#newest.batch;
  }

  /** The log is durable up to `mark`. */
  durable(mark: Watermark): void {
    this.#newest = mark;
    if (this.#cancel === null) this.#wait();
  }

  /** The same, and noted without waiting for silence. */
  noteNow(mark: Watermark): void {
    this.#newest = mark;
    this.#note();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Closes the file; notes what is not yet noted when the log ended in order. */
  close(note: boolean): void {
    this.stop();
    const { file } = this.#options;
    try {
      if (note && !this.#isNoting && this.#newest.batch > this.#noted) file.noteNow(this.#newest);
    } catch (error) {
      // nothing rests on this note: an older mark is a weaker proof, never a wrong one
      if (!(error instanceof SqlccError)) throw error;
    }
    file.close();
  }

  #wait(): void {
    const { clock } = this.#options;
    const { batch } = this.#newest;
    this.#cancel = clock.wakeAt(plus(clock.now(), SILENCE_MS), () => {
      this.#cancel = null;
      if (this.#newest.batch !== batch) this.#wait();
      else this.#note();
    });
  }

  #note(): void {
    if (this.#isNoting || this.#isStopped || this.#newest.batch <= this.#noted) return;
    this.#isNoting = true;
    const mark = this.#newest;
    const { file, failed } = this.#options;
    try {
      file.note(mark, (error) => {
        this.#isNoting = false;
        if (error !== null) return failed(error);
        this.#noted = mark.batch;
        if (this.#newest.batch > mark.batch && this.#cancel === null && !this.#isStopped) this.#wait();
      });
    } catch (error) {
      failed(error as SqlccError);
    }
  }
}
