/** A thread that looks where the main thread stands, once that says so; `flag`: 1 = look, 2 = it has looked. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { lookAtMain } from '../../../daemon/main-stack.ts';

interface Told {
  readonly flag: Int32Array;
  readonly boundMs: number;
  /** A byte is written here then; null = nowhere. */
  readonly fd: number | null;
}

const { flag, boundMs, fd } = workerData as Told;
// the thread lives until main ends it, and so has heard of the end of the session: daemon/main-stack.ts
parentPort?.on('message', () => {});
Atomics.wait(flag, 0, 0);
const stand = await lookAtMain(boundMs);
Atomics.store(flag, 0, 2);
if (fd !== null) writeSync(fd, '.');
parentPort?.postMessage(stand);
