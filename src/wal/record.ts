/**
 * Records: what a batch of the log consists of, and their bytes.
 *
 *   u32 length of the body · u32 CRC-32 of kind and body · u8 kind · body
 *
 * Entries are packed by hand (they are the bulk); the rare ones are JSON, which
 * an engineer can read in a hex dump. Each record has a CRC of its own besides
 * the batch's, so that one entry read back later is verified alone.
 */
import { crc32 } from 'node:zlib';
import { assert, type LogIndex, type LogPosition, must } from '../base/index.ts';
import type { EntryKind, HardState, LogEntry, SnapshotMeta } from '../raft/index.ts';

export type WalRecord =
  | { readonly kind: 'entry'; readonly entry: LogEntry }
  | { readonly kind: 'hard-state'; readonly hardState: HardState }
  /** Entries with index ≥ `from` are dropped. */
  | { readonly kind: 'truncate'; readonly from: LogIndex }
  | {
      readonly kind: 'mark';
      readonly snapshot: SnapshotMeta | null;
      /** The log begins after this position. */
      readonly base: LogPosition;
      /** Forget all entries; else only those at and before `base`. */
      readonly reset: boolean;
    }
  /** First record of each segment: everything that older segments said, so that they can go. */
  | ({ readonly kind: 'checkpoint' } & Checkpoint)
  /** Last record of a finished segment; the next one must exist before anything else is acknowledged. */
  | { readonly kind: 'seal' };

export interface Checkpoint {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta | null;
  readonly base: LogPosition;
  readonly last: LogPosition;
}

/** A record and where it stands. */
export interface Located {
  readonly record: WalRecord;
  /** Offset of the record in its batch's payload, and its length, in bytes. */
  readonly at: number;
  readonly size: number;
}

const HEAD = 9;
const ENTRY_HEAD = 25;
const ENTRY_KINDS: readonly EntryKind[] = ['noop', 'config', 'membership', 'command', 'sql'];
const KIND_ENTRY = 1;
const JSON_KINDS = { 2: 'hard-state', 3: 'truncate', 4: 'mark', 5: 'checkpoint', 6: 'seal' } as const;
const KIND_NUMBERS = new Map<string, number>(
  Object.entries(JSON_KINDS).map(([n, kind]) => [kind, Number(n)]),
);

/** Writes a counter below 2^53 as u64, little-endian. */
export function putCounter(into: Buffer, n: number, at: number): void {
  into.writeUInt32LE(n % 0x1_0000_0000, at);
  into.writeUInt32LE(Math.floor(n / 0x1_0000_0000), at + 4);
}

/** Reads a u64; above 2^53 the result is no safe integer and callers refuse it. */
export function getCounter(from: Buffer, at: number): number {
  return from.readUInt32LE(at) + from.readUInt32LE(at + 4) * 0x1_0000_0000;
}

function encodeEntry(entry: LogEntry): Buffer {
  const out = Buffer.allocUnsafe(HEAD + ENTRY_HEAD + entry.data.length);
  out[8] = KIND_ENTRY;
  putCounter(out, entry.term, HEAD);
  putCounter(out, entry.index, HEAD + 8);
  out.writeDoubleLE(entry.timestamp, HEAD + 16);
  const kind = ENTRY_KINDS.indexOf(entry.kind);
  assert(kind >= 0, `unknown entry kind ${entry.kind}`);
  out[HEAD + 24] = kind;
  out.set(entry.data, HEAD + ENTRY_HEAD);
  return out;
}

function encodeJson(record: Exclude<WalRecord, { kind: 'entry' }>): Buffer {
  const body = Buffer.from(JSON.stringify(record));
  const out = Buffer.allocUnsafe(HEAD + body.length);
  out[8] = must(KIND_NUMBERS.get(record.kind), 'record kind');
  out.set(body, HEAD);
  return out;
}

/** The record as bytes, checksum included. */
export function encodeRecord(record: WalRecord): Buffer {
  const out = record.kind === 'entry' ? encodeEntry(record.entry) : encodeJson(record);
  out.writeUInt32LE(out.length - HEAD, 0);
  out.writeUInt32LE(crc32(out.subarray(8)), 4);
  return out;
}

/** The record at `at`, or null when the bytes there are none. `data` is copied out of `from`. */
export function decodeRecord(from: Buffer, at: number): Located | null {
  if (at + HEAD > from.length) return null;
  const end = at + HEAD + from.readUInt32LE(at);
  if (end > from.length || crc32(from.subarray(at + 8, end)) !== from.readUInt32LE(at + 4)) return null;
  const kind = from[at + 8] as number;
  const body = at + HEAD;
  const record =
    kind === KIND_ENTRY ? decodeEntry(from, body, end) : decodeJson(kind, from.toString('utf8', body, end));
  return record === null ? null : { record, at, size: end - at };
}

/** The body lies between two offsets: a view of each would cost as much as reading it. */
function decodeEntry(from: Buffer, at: number, end: number): WalRecord | null {
  if (end - at < ENTRY_HEAD) return null;
  const kind = ENTRY_KINDS[from[at + 24] as number];
  if (kind === undefined) return null;
  const term = getCounter(from, at);
  const index = getCounter(from, at + 8);
  if (!Number.isSafeInteger(term) || !Number.isSafeInteger(index)) return null;
  return {
    kind: 'entry',
    entry: {
      term,
      index,
      timestamp: from.readDoubleLE(at + 16),
      kind,
      data: new Uint8Array(from.subarray(at + ENTRY_HEAD, end)),
    },
  };
}

function decodeJson(kind: number, body: string): WalRecord | null {
  const name = (JSON_KINDS as Record<number, string>)[kind];
  if (name === undefined) return null;
  try {
    const record = JSON.parse(body) as WalRecord;
    return record.kind === name ? record : null;
  } catch {
    return null; // the caller names file and offset
  }
}
