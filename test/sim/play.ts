/** Plays one seed over the production log, or over a list when the log is not the question. */
import { SimCluster } from './cluster.ts';
import type { SimOptions } from './options.ts';
import type { SimResult } from './sim-result.ts';
import { MemorySimStorage, type SimStorageParts } from './storage.ts';
import { ByteTrace } from './trace.ts';
import { WalSimStorage } from './wal-storage.ts';

export type StorageKind = 'wal' | 'memory';

/** The usual size for a seed: 5 nodes for even ones, 3 for odd ones, 7 for one in twenty. */
export function nodesOf(seed: number): number {
  if (seed % 20 === 0) return 7;
  return seed % 2 === 0 ? 5 : 3;
}

/** `options` replace what the seed draws. */
export function playSeed(
  seed: number,
  kind: StorageKind = 'wal',
  nodes: number = nodesOf(seed),
  options: Partial<SimOptions> = {},
): SimResult {
  return makeCluster(seed, kind, nodes, options).run();
}

/** The same over the production log, with a hash of every byte that is sent and written. */
export function playTraced(
  seed: number,
  options: Partial<SimOptions> = {},
): SimResult & { bytes: ByteTrace } {
  const trace = new ByteTrace();
  const storage = (parts: SimStorageParts) => new WalSimStorage(parts);
  const result = new SimCluster({ seed, nodes: nodesOf(seed), options, storage, trace }).run();
  return { ...result, bytes: trace };
}

/** A cluster that was not begun yet. */
export function makeCluster(
  seed: number,
  kind: StorageKind,
  nodes: number,
  options: Partial<SimOptions>,
): SimCluster {
  const storage = kind === 'wal' ? WalSimStorage : MemorySimStorage;
  return new SimCluster({ seed, nodes, options, storage: (parts) => new storage(parts) });
}
