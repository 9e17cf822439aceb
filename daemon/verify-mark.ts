/**
 * The entry of the log at which nodes fix what they hold. It is looked for in everything that is
 * applied, so by its first bytes and not by reading each entry.
 */
import type { LogIndex, NodeId } from '../src/base/index.ts';
import type { CommandEnvelope } from '../src/cluster/index.ts';
import type { LogEntry } from '../src/raft/index.ts';

export interface VerifyMark {
  readonly id: string;
  readonly index: LogIndex;
  /** Entries up to the mark, itself included. */
  readonly count: number;
}

const BEGINNING = Buffer.from('{"command":{"kind":"verify-mark"');

/** The first mark that is for this node; null for none. */
export function markIn(entries: readonly LogEntry[], self: NodeId): VerifyMark | null {
  for (const [n, { kind, index, data }] of entries.entries()) {
    if (kind !== 'command' || data.length < BEGINNING.length) continue;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (BEGINNING.compare(bytes, 0, BEGINNING.length) !== 0) continue;
    const { command } = JSON.parse(bytes.toString('utf8')) as CommandEnvelope;
    if (command.kind !== 'verify-mark' || !command.nodes.includes(self)) continue;
    return { id: command.id, index, count: n + 1 };
  }
  return null;
}
