/**
 * Prepares the next segment ahead of need: a file full of zeros, synced, waiting
 * under a temporary name. The zeros are written and synced in small steps with the
 * loop free in between, so that neither heartbeats nor the log's own sync ever wait
 * behind 32 MiB of nothing.
 *
 * A full disk is met twice: first the ballast is given up (ballast.ts), then the
 * pipeline stops until somebody needs the segment. Only that need makes it a failure.
 */
import { must, SqlccError } from '../base/index.ts';
import type { Disk, DiskFile } from './disk.ts';
import { SPARE_NAME } from './segment.ts';

/** Runs `fn` soon, on an empty stack. */
export type Schedule = (fn: () => void) => void;

const STEP_BYTES = 1024 * 1024;
/** A disk without room, and a user without a right to more of it. */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const ZEROS = Buffer.alloc(STEP_BYTES);

export interface PipelineOptions {
  readonly disk: Disk;
  readonly dir: string;
  /** Size of a segment, in bytes. */
  readonly capacity: number;
  readonly schedule: Schedule;
  /** Gives up reserved space; false when there is none. */
  readonly makeRoom: () => boolean;
  readonly failed: (error: SqlccError) => void;
}

export class SegmentPipeline {
  readonly #options: PipelineOptions;
  readonly #path: string;
  #file: DiskFile | null = null;
  #state: 'idle' | 'preparing' | 'ready' | 'full' | 'stopped' = 'idle';
  #waiting: ((file: DiskFile) => void) | null = null;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#path = `${options.dir}/${SPARE_NAME}`;
  }

  /** Starts preparing unless a spare is there or under way. */
  prepare(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'preparing';
    this.#options.schedule(() => this.#step(0));
  }

  /** Hands over the spare, at once or when it is ready; the taker renames it. One taker at a time. */
  take(ready: (file: DiskFile) => void): void {
    if (this.#state === 'full') this.#state = 'idle';
    this.prepare();
    this.#waiting = ready;
    this.#handOver();
  }

  /** Ends all work; a half-made spare stays behind and is removed at the next start. */
  stop(): void {
    this.#state = 'stopped';
    this.#file?.close();
    this.#file = null;
  }

  #step(at: number): void {
    if (this.#state !== 'preparing') return;
    const { disk, capacity } = this.#options;
    try {
      this.#file ??= disk.open(this.#path, 'create');
      const length = Math.min(STEP_BYTES, capacity - at);
      this.#file.write(at, ZEROS.subarray(0, length));
      this.#file.sync((error) => this.#synced(at + length, error));
    } catch (error) {
      this.#stepFailed(error);
    }
  }

  #synced(at: number, error: SqlccError | null): void {
    if (this.#state !== 'preparing') return;
    if (error !== null) this.#options.failed(error);
    else if (at < this.#options.capacity) this.#step(at);
    else {
      this.#state = 'ready';
      this.#handOver();
    }
  }

  #stepFailed(error: unknown): void {
    if (!(error instanceof SqlccError)) throw error;
    const isFull = NO_ROOM.has(error.details.errno);
    const next = isFull ? this.#tryToMakeRoom() : error;
    if (next === true) this.#options.schedule(() => this.#step(0));
    else if (next === false && this.#waiting === null) this.#state = 'full';
    else this.#options.failed(next === false ? error : next);
  }

  /** Whether there is room for another attempt, or why that can't be said. */
  #tryToMakeRoom(): boolean | SqlccError {
    try {
      return this.#startOver();
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      return error;
    }
  }

  /** Gives back what was written in vain; true when there is room for another attempt. */
  #startOver(): boolean {
    const { disk, dir, makeRoom } = this.#options;
    this.#file?.close();
    this.#file = null;
    if (disk.list(dir).includes(SPARE_NAME)) disk.remove(this.#path);
    return makeRoom();
  }

  #handOver(): void {
    if (this.#state !== 'ready' || this.#waiting === null) return;
    const file = must(this.#file, 'spare segment');
    const ready = this.#waiting;
    this.#file = null;
    this.#waiting = null;
    this.#state = 'idle';
    ready(file);
  }
}
