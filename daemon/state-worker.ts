/** Entry of the state worker thread; see state-host.ts. */
import { workerData } from 'node:worker_threads';
import { failStop } from './fail-stop.ts';
import type { StateWorkerData } from './protocol.ts';
import { refuseStart } from './refused.ts';
import { StateHost } from './state-host.ts';

process.on('uncaughtException', (error) => failStop('state', error.stack ?? error.message));
process.on('unhandledRejection', (reason) => failStop('state', String((reason as Error)?.stack ?? reason)));

try {
  new StateHost(workerData as StateWorkerData).start();
} catch (error) {
  refuseStart('state', error, (workerData as StateWorkerData).main);
}
