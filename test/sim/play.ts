/** Plays one seed over the production log, or over a list when the log is not the question. */
import { SimCluster, type SimResult } from './cluster.ts';
import { MemorySimStorage } from './storage.ts';
import { WalSimStorage } from './wal-storage.ts';

/** The usual size for a seed: 5 nodes for even ones, 3 for odd ones. */
export function nodesOf(seed: number): number {
  return seed % 2 === 0 ? 5 : 3;
}

export function playSeed(
  seed: number,
  kind: 'wal' | 'memory' = 'wal',
  nodes: number = nodesOf(seed),
): SimResult {
  const storage = kind === 'wal' ? WalSimStorage : MemorySimStorage;
  return new SimCluster({ seed, nodes, storage: (parts) => new storage(parts) }).run();
}
