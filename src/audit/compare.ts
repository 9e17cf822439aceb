/** The same chain as several nodes hold it: where their copies part, and who stands alone. */
import type { LogIndex } from '../base/index.ts';
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

/** A copy with what its node has applied, and lines that say by which entry of the log they came. */
export interface DatedCopy extends ChainCopy {
  readonly lines: readonly (Linked & { readonly index: LogIndex })[];
  readonly appliedIndex: LogIndex;
}

/** Lines that a node should have and has not. */
export interface ChainGap {
  readonly nodeId: string;
  /** The first of them. */
  readonly seq: number;
  readonly where: 'beginning' | 'end';
}

function headOf({ anchor, lines }: ChainCopy): number {
  return lines.at(-1)?.seq ?? anchor.seq;
}

/**
 * A chain that was cut is whole in itself: only another copy shows it. The end is missing where another one
 * has a line of an entry that this node has applied; the beginning where two end alike and one starts later,
 * since all forget their oldest lines at the same line.
 */
export function firstGap(copies: readonly DatedCopy[]): ChainGap | null {
  for (const copy of copies) {
    const head = headOf(copy);
    for (const other of copies) {
      const lost = other.lines.find(({ seq, index }) => seq > head && index <= copy.appliedIndex);
      if (lost !== undefined) return { nodeId: copy.nodeId, seq: lost.seq, where: 'end' };
      if (headOf(other) === head && other.anchor.seq < copy.anchor.seq)
        return { nodeId: copy.nodeId, seq: other.anchor.seq + 1, where: 'beginning' };
    }
  }
  return null;
}
