/** The edge of the process: words in, signals, exit code out. Everything between is run.ts. */
import { enableCompileCache } from 'node:module';
import { EXIT } from './exit-codes.ts';
import { flushed, onLostOutput, processTerminal } from './output/terminal.ts';

// a one-shot command spends most of its time on compiling itself
enableCompileCache();

// head, less and their kin may close early; that is no failure, and a full disk is one
onLostOutput((how) => process.exit(how === 'unread' ? EXIT.ok : EXIT.error));

let abort: AbortController | null = null;

/** Asked for by commands that end by an interrupt; without it a signal ends the process as usual. */
function interrupt(): AbortSignal {
  if (abort === null) {
    const controller = new AbortController();
    abort = controller;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (controller.signal.aborted) process.exit(EXIT.declined);
        controller.abort();
      });
    }
  }
  return abort.signal;
}

const terminal = processTerminal();
const [first, ...rest] = process.argv.slice(2);

/** The command; a screen that is painted before it is read ends with it. */
async function run(): Promise<number> {
  const sketch =
    first === 'top' && terminal.isOutTty
      ? await (await import('./early-top.ts')).sketchTop(rest, terminal)
      : null;
  const command = async (): Promise<number> => {
    const { runCli } = await import('./run.ts');
    return runCli({ argv: process.argv.slice(2), terminal, interrupt });
  };
  if (sketch === null) return command();
  try {
    return await Promise.race([command(), sketch.guard.failed]);
  } finally {
    sketch.guard.end();
  }
}

const code = await run();
await flushed();
process.exit(code);
