/**
 * Child processes that run SQL reads, because a query in SQLite can't be interrupted
 * from outside and must not be able to stop a daemon: at the deadline its process is
 * killed. None runs at the start, idle ones end, at most LIMITS.maxReaders work.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { ErrorCode, LogIndex } from '../base/index.ts';
import { LIMITS, SqlccError } from '../base/index.ts';
import type { SqlStatement } from '../cluster/index.ts';
import { type SqlResult, trialFile } from '../engines/index.ts';
import { PacedHash, type StateHash } from './paced-hash.ts';
import type { ReaderAnswer, ReaderJob } from './reader-messages.ts';
import type { StateDigest } from './state-hash.ts';

/** A copy for a trial is made within this time, or the trial is given up. */
const COPY_TIMEOUT_MS = 15_000;

export interface ReaderPoolOptions {
  /** The folder `engine/` of a node's data directory. */
  readonly dir: string;
  /** File of the child process, e.g. dist/reader-process.js. */
  readonly entry: URL;
}

export interface QueryAnswer {
  readonly results: readonly SqlResult[];
  readonly appliedIndex: LogIndex;
}

interface Task {
  readonly job: ReaderJob;
  readonly timeoutMs: number;
  readonly deadline: number;
  /** Ends the wait for a free reader. */
  readonly patience: NodeJS.Timeout;
  readonly settle: (answer: ReaderAnswer) => void;
  readonly fail: (error: SqlccError) => void;
  readonly began: () => void;
}

interface Reader {
  readonly child: ChildProcess;
  task: Task | null;
  /** Ends the task, or the idle process. */
  timer: NodeJS.Timeout | null;
  /** Why it was killed; null while it lives or when it died by itself. */
  verdict: SqlccError | null;
}

function tooLong(task: Task): SqlccError {
  const ms = task.timeoutMs;
  if (task.job.kind !== 'trial')
    return new SqlccError('deadline_exceeded', `the read took longer than ${ms} ms`);
  const seconds = Math.round(ms / 100) / 10;
  const message = `the write takes longer than ${seconds} s, and would hold up every node that long`;
  const hint = 'write by key, in smaller parts, or add an index';
  return new SqlccError('sql_error', message, { details: { statement: 0, sqlstate: '57014' }, hint });
}

export class ReaderPool {
  readonly #options: ReaderPoolOptions;
  readonly #readers = new Set<Reader>();
  readonly #hashes = new PacedHash(() => this.#walk());
  #waiting: Task[] = [];
  #stopped = false;

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
  }

  /** Processes alive now. */
  get size(): number {
    return this.#readers.size;
  }

  /**
   * Runs statements that read, all at one point in time. Throws sql_error (54000 for an answer over
   * the limits), deadline_exceeded when the time is over, overloaded when too many wait.
   */
  async query(statements: readonly SqlStatement[], timeoutMs: number): Promise<QueryAnswer> {
    const answer = await this.#submit({ kind: 'query', statements }, timeoutMs);
    if (answer.kind !== 'rows') throw new SqlccError('internal', `a reader answered ${answer.kind}`);
    return { results: answer.results, appliedIndex: answer.appliedIndex };
  }

  /**
   * Resolves when the write ended within `timeoutMs` on a throw-away copy; throws sql_error when it
   * did not.
   */
  async trial(statements: readonly SqlStatement[], timeoutMs: number): Promise<void> {
    await this.#submit({ kind: 'trial', statements }, timeoutMs);
  }

  /**
   * SHA-256 over the whole state, in a process of its own: the applier goes on meanwhile. Walks every
   * row, one walk at a time; whoever asks during one shares its answer.
   */
  hash(): Promise<StateHash> {
    return this.#hashes.ask();
  }

  /**
   * What the state says at this point in time, part by part. `began` is called when that point is fixed:
   * until then nothing may be applied that is not to be seen.
   */
  async digest(began: () => void): Promise<StateDigest & { readonly index: LogIndex }> {
    const answer = await this.#submit({ kind: 'digest' }, LIMITS.maxRequestTimeoutMs, began);
    if (answer.kind !== 'digested') throw new SqlccError('internal', `a reader answered ${answer.kind}`);
    return { ...answer.digest, index: answer.index };
  }

  async #walk(): Promise<StateHash> {
    // longer than anybody may wait for it
    const answer = await this.#submit({ kind: 'hash' }, LIMITS.maxRequestTimeoutMs);
    if (answer.kind !== 'hashed') throw new SqlccError('internal', `a reader answered ${answer.kind}`);
    return { hash: answer.hash, index: answer.index };
  }

  /** Kills all readers; what they worked on fails as unavailable. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const gone = new SqlccError('unavailable', 'this node is stopping');
    for (const task of this.#waiting.splice(0)) {
      clearTimeout(task.patience);
      task.fail(gone);
    }
    const ends = [...this.#readers].map(
      (reader) => new Promise((resolve) => reader.child.once('exit', resolve)),
    );
    for (const reader of this.#readers) this.#kill(reader, gone);
    await Promise.all(ends);
  }

  #submit(job: ReaderJob, timeoutMs: number, began: () => void = () => {}): Promise<ReaderAnswer> {
    if (this.#stopped) return Promise.reject(new SqlccError('unavailable', 'this node is stopping'));
    if (this.#waiting.length >= LIMITS.maxPendingReads) {
      return Promise.reject(
        new SqlccError('overloaded', `${this.#waiting.length} reads are waiting on this node`),
      );
    }
    return new Promise((settle, fail) => {
      const patience = setTimeout(() => this.#giveUp(task), timeoutMs);
      const deadline = performance.now() + timeoutMs;
      const task: Task = { job, timeoutMs, deadline, patience, settle, fail, began };
      this.#waiting.push(task);
      this.#dispatch();
    });
  }

  #giveUp(task: Task): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== task);
    task.fail(new SqlccError('overloaded', `all readers were busy for ${Math.round(task.timeoutMs)} ms`));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const idle = [...this.#readers].find((reader) => reader.task === null && reader.verdict === null);
      const reader = idle ?? (this.#readers.size < LIMITS.maxReaders ? this.#fork() : undefined);
      if (reader === undefined) return;
      const task = this.#waiting.shift() as Task;
      clearTimeout(task.patience);
      const left = Math.max(1, task.deadline - performance.now());
      this.#start(reader, task, task.job.kind === 'trial' ? COPY_TIMEOUT_MS : left);
    }
  }

  #start(reader: Reader, task: Task, limitMs: number): void {
    reader.task = task;
    this.#limit(reader, limitMs);
    reader.child.ref();
    reader.child.channel?.ref();
    reader.child.send(task.job, (error) => {
      if (error !== null)
        this.#kill(reader, new SqlccError('unavailable', `a reader is gone: ${error.message}`));
    });
  }

  #limit(reader: Reader, limitMs: number): void {
    if (reader.timer !== null) clearTimeout(reader.timer);
    reader.timer = setTimeout(() => {
      if (reader.task !== null) this.#kill(reader, tooLong(reader.task));
    }, limitMs);
  }

  #fork(): Reader {
    const child = fork(this.#options.entry, [this.#options.dir], {
      execArgv: [`--max-old-space-size=${LIMITS.readerHeapMib}`],
      serialization: 'json',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const reader: Reader = { child, task: null, timer: null, verdict: null };
    this.#readers.add(reader);
    child.on('message', (answer: ReaderAnswer) => this.#onAnswer(reader, answer));
    child.on('error', () => this.#onEnd(reader));
    child.on('exit', () => this.#onEnd(reader));
    return reader;
  }

  #onAnswer(reader: Reader, answer: ReaderAnswer): void {
    const { task } = reader;
    if (task === null) return;
    if (answer.kind === 'began') {
      task.began();
      return this.#limit(reader, task.timeoutMs);
    }
    reader.task = null;
    this.#rest(reader);
    if (answer.kind === 'error') {
      const { details, hint } = answer;
      task.fail(new SqlccError(answer.code as ErrorCode, answer.message, { details, hint }));
    } else {
      task.settle(answer);
    }
    this.#dispatch();
  }

  /** An idle reader keeps no daemon alive and ends after a while. */
  #rest(reader: Reader): void {
    if (reader.timer !== null) clearTimeout(reader.timer);
    reader.timer = setTimeout(
      () => this.#kill(reader, new SqlccError('unavailable', 'idle')),
      LIMITS.readerIdleMs,
    );
    reader.timer.unref();
    reader.child.unref();
    reader.child.channel?.unref();
  }

  #kill(reader: Reader, verdict: SqlccError): void {
    reader.verdict = verdict;
    reader.child.kill('SIGKILL');
  }

  #onEnd(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    if (reader.timer !== null) clearTimeout(reader.timer);
    if (reader.child.pid !== undefined) {
      const file = trialFile(this.#options.dir, reader.child.pid);
      for (const name of [file, `${file}-journal`]) rmSync(name, { force: true });
    }
    const details = { statement: 0, sqlstate: '53200' };
    const died = new SqlccError('sql_error', 'the reader ended; the statement may need too much memory', {
      details,
    });
    reader.task?.fail(reader.verdict ?? died);
    reader.task = null;
    if (!this.#stopped) this.#dispatch();
  }
}
