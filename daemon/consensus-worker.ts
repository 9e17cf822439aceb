/** Entry of the consensus worker thread; see consensus-host.ts. */
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { LogIndex } from '../src/base/index.ts';
import { rehearseElection, type SnapshotMeta } from '../src/raft/index.ts';
import { type DurableStorage, SnapshotManager } from '../src/wal/index.ts';
import { ConsensusHost } from './consensus-host.ts';
import { failStop } from './fail-stop.ts';
import { recallHosts } from './known-hosts.ts';
import { bridgeToLog, openLog } from './open-log.ts';
import type { ConsensusToMain, ConsensusToState, ConsensusWorkerData } from './protocol.ts';
import { refuseStart } from './refused.ts';

/** Compiled code that nobody runs is thrown away after a few collections of garbage. */
const REHEARSAL_INTERVAL_MS = 60_000;

process.on('uncaughtException', (error) => failStop('consensus', error.stack ?? error.message));
process.on('unhandledRejection', (reason) =>
  failStop('consensus', String((reason as Error)?.stack ?? reason)),
);

const data = workerData as ConsensusWorkerData;
const { facts, main, state } = data;

function warn(event: string, fields: Record<string, string | number>): void {
  main.postMessage({ kind: 'log', level: 'warn', event, fields } satisfies ConsensusToMain);
}

/** The state worker becomes that snapshot. */
function restore(meta: SnapshotMeta): Promise<void> {
  return new Promise((resolve) => {
    state.once('message', () => resolve());
    state.postMessage({ kind: 'restore', meta } satisfies ConsensusToState);
  });
}

/** Brings state and log together; answers what the state holds then. */
function bridge(storage: DurableStorage, snapshots: SnapshotManager): Promise<LogIndex> {
  return bridgeToLog({
    ...{ storage, snapshots, restore, appliedIndex: data.appliedIndex },
    passedOver: ({ message }, instead) => warn('snapshot-damaged', { error: message, instead: instead.id }),
  });
}

try {
  recallHosts(facts.dataDir);
  const snapshots = new SnapshotManager({ dir: join(facts.dataDir, 'snapshots') });
  const { storage, repaired } = openLog(facts, data.appliedIndex);
  if (repaired !== null) warn('wal-repaired', { kept: repaired });
  const appliedIndex = await bridge(storage, snapshots);
  rehearseElection();
  setInterval(rehearseElection, REHEARSAL_INTERVAL_MS).unref();
  await new ConsensusHost({ ...data, appliedIndex }, storage, snapshots).start();
} catch (error) {
  refuseStart('consensus', error, main);
}
