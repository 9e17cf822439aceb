/**
 * While the screen has the terminal: whatever ends the process meanwhile (a signal, an error that nobody
 * caught, `process.exit`), the terminal is given back first, and what was written to stderr, which would have
 * torn the picture, is told behind it.
 */
import { SqlccError } from '../src/base/index.ts';
import { clean } from './format/width.ts';
import type { TopIo } from './options.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** The newest stay. */
const KEPT_CHUNKS = 50;
const FAILED = 1;

/** As every command tells an error; the stack for who asked for it. */
function words(error: unknown, env: TopIo['env']): string {
  if (error instanceof SqlccError)
    return `error[${error.code}]: ${clean(error.message)}\nhint: ${clean(error.hint)}\n`;
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const trace = env['SQLCC_DEBUG'] === undefined || stack === undefined ? '' : `${stack}\n`;
  const hint = 'hint: a bug in sqlcc: run again with SQLCC_DEBUG=1\n';
  return `error[internal]: the screen failed: ${clean(message)}\n${trace}${hint}`;
}

export class Guard {
  readonly #io: TopIo;
  readonly #write: NodeJS.WriteStream['write'];
  readonly #held: string[] = [];
  #dropped = 0;
  #isOver = false;
  #leave: () => void = () => undefined;
  #tellFailure: (exitCode: number) => void = () => undefined;
  /** Resolves with the exit code of an error that nobody caught, when it has been told. */
  readonly failed: Promise<number>;

  /** From now on stderr is kept back. */
  constructor(io: TopIo) {
    this.#io = io;
    this.failed = new Promise((resolve) => {
      this.#tellFailure = resolve;
    });
    const { stderr } = io;
    this.#write = stderr.write;
    stderr.write = ((chunk: unknown): boolean => {
      this.#held.push(String(chunk));
      if (this.#held.length > KEPT_CHUNKS) this.#dropped += this.#held.splice(0, 1).length;
      return true;
    }) as typeof stderr.write;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    // a rejection that nobody caught comes here too
    process.on('uncaughtException', this.fail);
    process.on('exit', this.end);
  }

  /** How the terminal is given back from now on. It may be asked for in the midst of drawing. */
  leaveBy(leave: () => void): void {
    this.#leave = leave;
  }

  /** The terminal is as before, what was kept back is told, and nothing is guarded any more; once. */
  readonly end = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    process.off('uncaughtException', this.fail);
    process.off('exit', this.end);
    try {
      this.#leave();
    } finally {
      const { stderr } = this.#io;
      stderr.write = this.#write;
      if (this.#dropped > 0) stderr.write(`(${this.#dropped} earlier messages are not kept)\n`);
      for (const chunk of this.#held.splice(0)) stderr.write(chunk);
    }
  };

  /** Nobody caught this error: the end of the screen, with its cause behind it. */
  readonly fail = (error: unknown): void => {
    this.end();
    this.#io.stderr.write(words(error, this.#io.env));
    this.#tellFailure(error instanceof SqlccError ? error.exitCode : FAILED);
  };

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.end();
    // who else heeds it has heard it just now, and ends the process in order
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
}
