/** Entry of the consensus worker thread; see consensus-host.ts. */
import { workerData } from 'node:worker_threads';
import { ConsensusHost } from './consensus-host.ts';
import { failStop } from './fail-stop.ts';
import type { ConsensusWorkerData } from './protocol.ts';
import { refuseStart } from './refused.ts';

process.on('uncaughtException', (error) => failStop('consensus', error.stack ?? error.message));
process.on('unhandledRejection', (reason) =>
  failStop('consensus', String((reason as Error)?.stack ?? reason)),
);

try {
  await new ConsensusHost(workerData as ConsensusWorkerData).start();
} catch (error) {
  refuseStart('consensus', error, (workerData as ConsensusWorkerData).main);
}
