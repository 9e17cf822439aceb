/**
 * Fail-stop: a line on stderr, then SIGKILL to the own process. `process.exit` in a
 * worker thread ends only that worker, and a node whose log or state can't be trusted
 * must not send one more byte. The cluster handles a dead node, not a lying one.
 */
import { writeSync } from 'node:fs';

/** Ends the whole process at once; never returns. */
export function failStop(where: string, reason: string): never {
  const at = new Date().toISOString();
  try {
    writeSync(2, `${JSON.stringify({ at, level: 'ERROR', event: 'fail-stop', where, reason })}\n`);
  } catch {
    // a closed stderr must not keep the node alive
  }
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
