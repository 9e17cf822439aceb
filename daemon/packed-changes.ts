/**
 * Changes of keys as the log entries that made them: what was handed over to be applied is
 * handed on as it is, waits in a ring outside of the heap, and is read only when somebody
 * watches.
 */
import { assert, type LogIndex } from '../src/base/index.ts';
import type { CommandEnvelope } from '../src/cluster/index.ts';
import { decodeEntries, encodeEntries, type LogEntry } from '../src/raft/index.ts';
import type { KvChange } from '../src/state/index.ts';

export interface PackedChanges {
  /** The entries, encoded, oldest first: each changed a key. */
  readonly entries: Uint8Array;
  readonly count: number;
  /** Version of the newest. */
  readonly last: LogIndex;
}

/** A pack is what a reader decodes and a ring forgets at once: small beside either. */
const MAX_PACK_CHANGES = 256;
const MAX_PACK_BYTES = 256 * 1024;

/** What was applied, and what of it changed keys. */
export interface AppliedEntries {
  readonly entries: readonly LogEntry[];
  /** The entries, encoded, in a buffer of their own. */
  readonly packed: Uint8Array;
  /** In order; the version of each is the index of its entry. */
  readonly changes: readonly KvChange[];
}

/** In order, nothing for none. Where all entries changed keys they are not copied. */
export function packChanges({ entries, packed, changes }: AppliedEntries): PackedChanges[] {
  const last = changes.at(-1)?.version;
  if (last === undefined) return [];
  const isWhole = changes.length === entries.length && changes.length <= MAX_PACK_CHANGES;
  if (isWhole && packed.byteLength <= MAX_PACK_BYTES)
    return [{ entries: packed, count: changes.length, last }];
  const packs: PackedChanges[] = [];
  let open: LogEntry[] = [];
  let bytes = 0;
  const close = (): void => {
    const newest = open.at(-1);
    if (newest === undefined) return;
    packs.push({ entries: encodeEntries(open), count: open.length, last: newest.index });
    open = [];
    bytes = 0;
  };
  let n = 0;
  for (const entry of entries) {
    if (entry.index !== changes[n]?.version) continue;
    n++;
    open.push(entry);
    bytes += entry.data.byteLength;
    if (open.length === MAX_PACK_CHANGES || bytes >= MAX_PACK_BYTES) close();
  }
  close();
  return packs;
}

export function unpackChanges(pack: PackedChanges): readonly KvChange[] {
  const decoded = decodeEntries(pack.entries);
  assert(decoded.ok, 'entries that were applied do not decode');
  return decoded.value.map(changeOf);
}

function changeOf({ index, term, timestamp, data }: LogEntry): KvChange {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  const { command } = JSON.parse(text) as CommandEnvelope;
  const stamp = { version: index, term, timestamp };
  if (command.kind === 'kv-put') return { type: 'put', key: command.key, value: command.value, ...stamp };
  assert(command.kind === 'kv-delete', `${command.kind} changes no key`);
  return { type: 'delete', key: command.key, value: null, ...stamp };
}
