/**
 * `-w` and `--until` of commands that list something: the same answer again and again, or
 * once when the cluster is as wanted. The command itself knows nothing of it.
 */
import { formatDuration, SqlccError } from '../base/index.ts';
import type { SqlccClient, StatusResponse } from '../client/index.ts';
import { pause } from './commands/pause.ts';
import type { CliContext, Run } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { type Flags, INTERVAL } from './flags.ts';
import { type Condition, parseUntil } from './until.ts';

const WAIT_DEFAULT_MS = 60_000;
const POLL_MS = 200;
const ASK_MS = 2000;
const HOME = '\u001b[H\u001b[2J';

function intervalOf(flags: Flags): number | null {
  if (!flags.is('watch') && flags.text('watch') === undefined) return null;
  return flags.duration('watch', INTERVAL) ?? 2000;
}

/** The status, or null while nobody answers; refusals that will stay are thrown. */
export async function statusOrNull(
  client: SqlccClient,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<StatusResponse | null> {
  try {
    return await client.status({ timeoutMs: Math.min(Math.max(1, timeoutMs), ASK_MS), signal });
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof SqlccError) || error.retry === 'no') throw error;
    return null;
  }
}

interface Watch {
  readonly context: CliContext;
  readonly print: () => Promise<number>;
  readonly everyMs: number | null;
  readonly condition: Condition | null;
  readonly timeoutMs: number;
  readonly until: string;
}

/** One more answer below or over the one before; a lost one is a note. */
async function printAgain({ context, print }: Watch): Promise<number> {
  const { printer, terminal } = context;
  try {
    if (printer.isText && terminal.isOutTty) printer.raw(HOME);
    const code = await print();
    if (printer.isText && !terminal.isOutTty) printer.line('');
    return code;
  } catch (error) {
    if (!(error instanceof SqlccError) || error.retry === 'no') throw error;
    printer.note(`${error.code}: ${error.message}`);
    return error.exitCode;
  }
}

async function watch(wish: Watch): Promise<number> {
  const { context, everyMs, condition, timeoutMs, until } = wish;
  const signal = context.interrupt;
  const client = await context.client();
  const deadline = condition === null ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  let code: number = EXIT.ok;
  let nextPrint = 0;
  // a question that the end of the time cuts short says nothing of the nodes: what was known before holds
  let isReached = false;
  while (!signal.aborted) {
    const left = deadline - performance.now();
    const status = condition === null ? null : await statusOrNull(client, left, signal);
    if (status !== null && condition?.(status) === true) return wish.print();
    if (status !== null || left >= ASK_MS) isReached = status !== null;
    if (everyMs !== null && performance.now() >= nextPrint) {
      nextPrint = performance.now() + everyMs;
      code = await printAgain(wish);
    }
    const waitMs = condition === null ? (everyMs ?? POLL_MS) : POLL_MS;
    if (performance.now() + waitMs >= deadline) {
      context.printer.note(
        `error[deadline_exceeded]: ${until} did not hold within ${formatDuration(timeoutMs)}`,
      );
      context.printer.note(`hint: ${isReached ? 'see sqlcc cluster status' : 'no node answered'}`);
      return isReached ? EXIT.timedOut : EXIT.unreachable;
    }
    await pause(waitMs, signal);
  }
  return condition === null ? code : EXIT.declined;
}

/** `run` with `-w` and `--until`; as it is without them. */
export function watchable(run: Run): Run {
  return async (context, invocation) => {
    const { flags } = invocation;
    const until = flags.text('until');
    const everyMs = intervalOf(flags);
    if (until === undefined && everyMs === null) return run(context, invocation);
    const condition = until === undefined ? null : parseUntil(until);
    const timeoutMs = flags.duration('timeout') ?? WAIT_DEFAULT_MS;
    if (everyMs !== null) context.printer.isStream = true;
    const print = () => run(context, invocation);
    return watch({ context, print, everyMs, condition, timeoutMs, until: until ?? '' });
  };
}
