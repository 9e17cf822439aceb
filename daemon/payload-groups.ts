/**
 * Messages of one turn, grouped into payloads: one peer and purpose each, in order, and
 * never longer than a frame may be. Without the bound a leader that has much to send
 * would make a frame that its own transport refuses.
 */
import { LIMITS, type NodeId } from '../src/base/index.ts';
import type { RaftMessage } from '../src/raft/index.ts';

export interface PayloadGroup {
  readonly peer: NodeId;
  readonly purpose: 'control' | 'bulk';
  readonly group: RaftMessage[];
}

/**
 * A payload is closed before it passes this; one message alone is at most one entry of `maxEntryBytes`
 * longer.
 */
const PAYLOAD_BYTES = LIMITS.maxFrameBytes / 4;
/** Envelope of a message, and head of an entry, rounded up. */
const MESSAGE_BYTES = 512;
const ENTRY_BYTES = 64;

function sizeOf(message: RaftMessage): number {
  if (message.kind !== 'append') return MESSAGE_BYTES;
  return message.entries.reduce((sum, e) => sum + ENTRY_BYTES + e.data.length, MESSAGE_BYTES);
}

/** Appends with entries go by `bulk`, everything else by `control`; the order within each is kept. */
export function payloadGroups(messages: readonly RaftMessage[]): PayloadGroup[] {
  const done: PayloadGroup[] = [];
  const open = new Map<string, { readonly payload: PayloadGroup; bytes: number }>();
  for (const message of messages) {
    const purpose = message.kind === 'append' && message.entries.length > 0 ? 'bulk' : 'control';
    const key = `${purpose} ${message.to}`;
    const size = sizeOf(message);
    const current = open.get(key);
    if (current !== undefined && current.bytes + size <= PAYLOAD_BYTES) {
      current.payload.group.push(message);
      current.bytes += size;
      continue;
    }
    const payload: PayloadGroup = { peer: message.to, purpose, group: [message] };
    open.set(key, { payload, bytes: size });
    done.push(payload);
  }
  return done;
}
