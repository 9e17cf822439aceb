/**
 * Fail-stop: a line on stderr, then SIGKILL to the own process. `process.exit` in a
 * worker thread ends only that worker, and a node whose log or state can't be trusted
 * must not send one more byte. The cluster handles a dead node, not a lying one.
 */
import { writeSync } from 'node:fs';
import type { LogFields } from '../src/base/index.ts';

/** A line on stderr at once, from any thread: the log is main's, and main may write no more. */
export function lastWords(level: 'WARN' | 'ERROR', event: string, fields: LogFields): void {
  const at = new Date().toISOString();
  try {
    writeSync(2, `${JSON.stringify({ at, level, event, ...fields })}\n`);
  } catch {
    // a closed stderr must not keep the node alive
  }
}

/** Ends the whole process at once; never returns. */
export function failStop(where: string, reason: string): never {
  lastWords('ERROR', 'fail-stop', { where, reason });
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
