/**
 * The process's own streams as the port that commands print through; the only file here that
 * touches them.
 */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Somebody can answer a question: input and the error stream are a terminal. */
  readonly canAsk: boolean;
  readonly isOutTty: boolean;
  readonly columns: number;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  out(text: string): void;
  err(text: string): void;
}

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  return {
    ...{ env, stdout, stderr },
    // few commands read: it is made when somebody does
    get stdin() {
      return process.stdin;
    },
    get canAsk() {
      return process.stdin.isTTY === true && stderr.isTTY === true;
    },
    isOutTty: stdout.isTTY === true,
    columns: stdout.columns ?? 80,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
  };
}

/** Resolves when everything written to stdout has left. */
export function flushed(): Promise<void> {
  return new Promise((resolve) => process.stdout.write('', () => resolve()));
}

/** Calls `fn` when what was written to stdout is lost: nobody reads on (`sqlcc … | head`), or it failed. */
export function onLostOutput(fn: (how: 'unread' | 'failed') => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return fn('unread');
    // a terminal that hangs up says so by its signal
    if (process.stdout.isTTY) return;
    process.stderr.write(`error[internal]: the output can't be written: ${error.message}\n`);
    fn('failed');
  });
}
