/** The same chain as several nodes hold it: where their copies part, and who stands alone. */
import type { ChainEnd } from './chain.ts';
import type { Linked } from './record.ts';

export interface ChainCopy {
  readonly nodeId: string;
  readonly anchor: ChainEnd;
  readonly lines: readonly Linked[];
}

/** The first line that not all who have it hold alike; `groups` are those who agree, largest first. */
export interface ChainFork {
  readonly seq: number;
  readonly groups: readonly (readonly string[])[];
}

/**
 * Compares what more than one node has: anchors and lines by their place. A node that lags has fewer lines
 * and is no fork; null when all agree.
 */
export function firstFork(copies: readonly ChainCopy[]): ChainFork | null {
  const hashes = new Map<number, Map<string, string[]>>();
  for (const { nodeId, anchor, lines } of copies) {
    for (const { seq, hash } of [anchor, ...lines]) {
      const held = hashes.get(seq) ?? new Map<string, string[]>();
      held.set(hash, [...(held.get(hash) ?? []), nodeId]);
      hashes.set(seq, held);
    }
  }
  const forked = [...hashes].filter(([, held]) => held.size > 1).sort(([a], [b]) => a - b)[0];
  if (forked === undefined) return null;
  const [seq, held] = forked;
  return { seq, groups: [...held.values()].sort((a, b) => b.length - a.length) };
}
