/** A thread that plays the seeds that it is told, a few at a time. */
import { parentPort } from 'node:worker_threads';
import { nodesOf, playSeed, type StorageKind } from './play.ts';
import { addResult, emptyTally } from './tally.ts';

/** Seeds from `from` to before `to`; `nodes` null = as usual for the seed. */
export interface SeedJob {
  readonly from: number;
  readonly to: number;
  readonly kind: StorageKind;
  readonly nodes: number | null;
}

parentPort?.on('message', ({ from, to, kind, nodes }: SeedJob) => {
  const tally = emptyTally();
  for (let seed = from; seed < to; seed++)
    addResult(tally, playSeed(seed, kind, nodes ?? nodesOf(seed)), kind);
  parentPort?.postMessage(tally);
});
