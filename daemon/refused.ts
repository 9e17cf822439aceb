/**
 * A worker that can't start says so to the main thread, which ends the daemon in order
 * and with an exit code: a damaged log or a port in use is no reason for a SIGKILL.
 */
import type { MessagePort } from 'node:worker_threads';
import { SqlccError } from '../src/base/index.ts';
import { failStop } from './fail-stop.ts';
import type { Refused } from './protocol.ts';

/** Tells `main` why this worker does not start; an error that nobody foresaw stops the process. */
export function refuseStart(where: string, error: unknown, main: MessagePort): void {
  if (!(error instanceof SqlccError)) failStop(where, (error as Error).stack ?? String(error));
  const { code, message, hint } = error;
  main.on('message', () => {}); // stays until the main thread ends it
  main.postMessage({ kind: 'refused', code, message, hint } satisfies Refused);
}

/** The same error on the side of the main thread. */
export function refusedError({ code, message, hint }: Refused): SqlccError {
  return new SqlccError(code, message, { hint });
}
