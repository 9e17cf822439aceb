/**
 * Starts the two worker threads of a daemon and joins them with message channels:
 * main ↔ consensus, main ↔ state, consensus ↔ state. A thread that ends on its own
 * takes the process with it: half a node is worse than none.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { entryUrl } from './entry-url.ts';
import { failStop } from './fail-stop.ts';
import type { ConsensusWorkerData, StateWorkerData } from './protocol.ts';

/** Young generations of this size keep scavenges under 3 ms (measured), so heartbeats stay on time. */
const YOUNG_GENERATION_MB = 4;

export interface Threads {
  readonly consensusPort: MessagePort;
  readonly statePort: MessagePort;
  startState(data: Omit<StateWorkerData, 'main' | 'consensus'>): Worker;
  startConsensus(data: Omit<ConsensusWorkerData, 'main' | 'state'>): Worker;
  /** From now on the end of a thread is expected. */
  expectEnd(): void;
  /** Ends both threads; call it when they have said `stopped`. */
  end(): Promise<void>;
}

export function createThreads(): Threads {
  const mainConsensus = new MessageChannel();
  const mainState = new MessageChannel();
  const between = new MessageChannel();
  const workers: Worker[] = [];
  let ending = false;

  const spawn = (name: 'consensus-worker' | 'state-worker', data: object, ports: MessagePort[]): Worker => {
    const worker = new Worker(entryUrl(name), {
      name,
      workerData: data,
      transferList: ports,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker.on('error', (error: Error) => failStop(name, error.stack ?? error.message));
    worker.on('exit', (code) => {
      if (!ending) failStop(name, `the thread ended with ${code}`);
    });
    workers.push(worker);
    return worker;
  };

  return {
    consensusPort: mainConsensus.port1,
    statePort: mainState.port1,
    startState(data) {
      const ports = { main: mainState.port2, consensus: between.port1 };
      return spawn('state-worker', { ...data, ...ports }, [ports.main, ports.consensus]);
    },
    startConsensus(data) {
      const ports = { main: mainConsensus.port2, state: between.port2 };
      return spawn('consensus-worker', { ...data, ...ports }, [ports.main, ports.state]);
    },
    expectEnd() {
      ending = true;
    },
    async end() {
      ending = true;
      mainConsensus.port1.close();
      mainState.port1.close();
      await Promise.all(workers.map((w) => w.terminate()));
    },
  };
}
