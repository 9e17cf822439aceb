/**
 * Messages and entries ↔ bytes. Binary, versioned, length-checked; an entry's data is
 * copied as it is, so the same bytes lie in every log. Decoding is total: hostile
 * bytes give a reason, never an exception, and never reserve more than they bring.
 */
import type { LogPosition } from '../base/index.ts';
import { ByteReader, ByteWriter, type Decoded } from './bytes.ts';
import { readMembership, writeMembership } from './codec-membership.ts';
import { enveloped, type RaftMessageBody } from './envelope.ts';
import type {
  CampaignKind,
  EntryKind,
  LogEntry,
  RaftMessage,
  RaftMessageKind,
  SnapshotMeta,
  VoteRefusal,
} from './types.ts';

const VERSION = 1;
const MAX_TEXT_BYTES = 255;
const ENTRY_HEAD_BYTES = 29;
const NO_INDEX = 2 ** 53 - 1;
const UNHEARD = -1;

// the place in each list is the byte on the wire: append only
const KINDS: readonly RaftMessageKind[] = [
  'pre-vote',
  'pre-vote-response',
  'vote',
  'vote-response',
  'append',
  'append-response',
  'heartbeat',
  'heartbeat-response',
  'snapshot',
  'timeout-now',
  'read-index',
  'read-index-response',
  'bye',
];
const ENTRY_KINDS: readonly EntryKind[] = ['noop', 'config', 'membership', 'command', 'sql'];
const CAMPAIGNS: readonly CampaignKind[] = ['timeout', 'hint', 'transfer'];
const REFUSALS: readonly (VoteRefusal | null)[] = [null, 'lease', 'log', 'term', 'voted', 'not-ready'];

function pickFrom<T>(input: ByteReader, list: readonly T[]): T {
  const n = input.u8();
  if (n >= list.length) input.fail();
  return list[n < list.length ? n : 0] as T;
}

function writePosition(out: ByteWriter, position: LogPosition): void {
  out.u64(position.term);
  out.u64(position.index);
}

function readPosition(input: ByteReader): LogPosition {
  const term = input.u64();
  return { term, index: input.u64() };
}

function writeEntry(out: ByteWriter, entry: LogEntry): void {
  writePosition(out, entry);
  out.u8(ENTRY_KINDS.indexOf(entry.kind));
  out.f64(entry.timestamp);
  out.bytes(entry.data);
}

function readEntry(input: ByteReader): LogEntry {
  const position = readPosition(input);
  const kind = pickFrom(input, ENTRY_KINDS);
  const timestamp = input.f64();
  const { term, index } = position;
  return { term, index, kind, timestamp, data: input.bytes() };
}

function writeEntries(out: ByteWriter, entries: readonly LogEntry[]): void {
  out.u32(entries.length);
  for (const entry of entries) writeEntry(out, entry);
}

function readEntries(input: ByteReader): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let left = input.count(ENTRY_HEAD_BYTES); left > 0 && !input.failed; left--)
    entries.push(readEntry(input));
  return entries;
}

function writeMeta(out: ByteWriter, meta: SnapshotMeta): void {
  writePosition(out, meta);
  out.text(meta.id);
  writeMembership(out, meta.membership);
  out.u64(meta.membershipIndex);
  out.u64(meta.size);
}

function readMeta(input: ByteReader): SnapshotMeta {
  const position = readPosition(input);
  const id = input.text(MAX_TEXT_BYTES);
  const membership = readMembership(input);
  const membershipIndex = input.u64();
  return { ...position, id, membership, membershipIndex, size: input.u64() };
}

function writeBody(out: ByteWriter, m: RaftMessage): void {
  switch (m.kind) {
    case 'pre-vote':
      out.u64(m.campaign);
      writePosition(out, m.last);
      out.u8(CAMPAIGNS.indexOf(m.reason));
      return;
    case 'pre-vote-response':
      out.u64(m.campaign);
      out.u8(m.granted ? 1 : 0);
      out.u8(REFUSALS.indexOf(m.refusal));
      out.f64(m.retryAfterMs);
      out.f64(m.silenceMs ?? UNHEARD);
      return;
    case 'vote':
      writePosition(out, m.last);
      out.u8(CAMPAIGNS.indexOf(m.reason));
      return;
    case 'vote-response':
      out.u8(m.granted ? 1 : 0);
      out.u8(REFUSALS.indexOf(m.refusal));
      return;
    case 'append':
      writePosition(out, m.prev);
      out.u64(m.commit);
      out.u64(m.round);
      out.u64(m.session);
      writeEntries(out, m.entries);
      return;
    case 'append-response':
      out.u8(m.accepted ? 1 : 0);
      out.u64(m.index);
      writePosition(out, m.hint);
      out.u64(m.appliedIndex);
      out.u64(m.round);
      out.u64(m.session);
      return;
    default:
      writeSmallBody(out, m);
      return;
  }
}

type SmallMessage = Exclude<
  RaftMessage,
  { kind: 'pre-vote' | 'pre-vote-response' | 'vote' | 'vote-response' | 'append' | 'append-response' }
>;

function writeSmallBody(out: ByteWriter, m: SmallMessage): void {
  switch (m.kind) {
    case 'heartbeat':
      out.u64(m.commit);
      out.u64(m.round);
      out.u64(m.session);
      out.u32(m.ranks.length);
      for (const id of m.ranks) out.text(id);
      return;
    case 'heartbeat-response':
      out.u64(m.round);
      out.u64(m.session);
      out.u64(m.appliedIndex);
      out.f64(m.loopLagMs);
      out.f64(m.diskLatencyMs);
      return;
    case 'snapshot':
      writeMeta(out, m.meta);
      out.u64(m.session);
      return;
    case 'timeout-now':
      writePosition(out, m.expectedLast);
      return;
    case 'read-index':
      out.u64(m.requestId);
      return;
    case 'read-index-response':
      out.u64(m.requestId);
      out.u64(m.index ?? NO_INDEX);
      return;
    case 'bye':
      return;
  }
}

function readBody(input: ByteReader, kind: RaftMessageKind): RaftMessageBody {
  switch (kind) {
    case 'pre-vote': {
      const campaign = input.u64();
      const last = readPosition(input);
      return { kind, campaign, last, reason: pickFrom(input, CAMPAIGNS) };
    }
    case 'pre-vote-response': {
      const campaign = input.u64();
      const granted = input.u8() === 1;
      const refusal = pickFrom(input, REFUSALS);
      const retryAfterMs = input.f64();
      const silenceMs = input.f64();
      return { kind, campaign, granted, refusal, retryAfterMs, silenceMs: silenceMs >= 0 ? silenceMs : null };
    }
    case 'vote': {
      const last = readPosition(input);
      return { kind, last, reason: pickFrom(input, CAMPAIGNS) };
    }
    case 'vote-response': {
      const granted = input.u8() === 1;
      return { kind, granted, refusal: pickFrom(input, REFUSALS) };
    }
    case 'append': {
      const prev = readPosition(input);
      const commit = input.u64();
      const round = input.u64();
      const session = input.u64();
      return { kind, prev, commit, round, session, entries: readEntries(input) };
    }
    default:
      return readSmallBody(input, kind);
  }
}

function readSmallBody(input: ByteReader, kind: SmallMessage['kind'] | 'append-response'): RaftMessageBody {
  switch (kind) {
    case 'append-response': {
      const accepted = input.u8() === 1;
      const index = input.u64();
      const hint = readPosition(input);
      const appliedIndex = input.u64();
      const round = input.u64();
      return { kind, accepted, index, hint, appliedIndex, round, session: input.u64() };
    }
    case 'heartbeat': {
      const commit = input.u64();
      const round = input.u64();
      const session = input.u64();
      const ranks: string[] = [];
      for (let left = input.count(4); left > 0 && !input.failed; left--)
        ranks.push(input.text(MAX_TEXT_BYTES));
      return { kind, commit, round, session, ranks };
    }
    case 'heartbeat-response': {
      const round = input.u64();
      const session = input.u64();
      const appliedIndex = input.u64();
      const loopLagMs = input.f64();
      return { kind, round, session, appliedIndex, loopLagMs, diskLatencyMs: input.f64() };
    }
    case 'snapshot': {
      const meta = readMeta(input);
      return { kind, meta, session: input.u64() };
    }
    case 'timeout-now':
      return { kind, expectedLast: readPosition(input) };
    case 'read-index':
      return { kind, requestId: input.u64() };
    case 'read-index-response': {
      const requestId = input.u64();
      const index = input.u64();
      return { kind, requestId, index: index === NO_INDEX ? null : index };
    }
    case 'bye':
      return { kind };
  }
}

function sizeGuess(messages: readonly RaftMessage[]): number {
  let bytes = 16;
  for (const m of messages) {
    bytes += 320;
    if (m.kind === 'append') for (const entry of m.entries) bytes += ENTRY_HEAD_BYTES + entry.data.length;
  }
  return bytes;
}

/** Messages of one turn to one peer as one payload. */
export function encodeMessages(messages: readonly RaftMessage[]): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(sizeGuess(messages));
  out.u8(VERSION);
  out.u32(messages.length);
  for (const m of messages) {
    out.u8(KINDS.indexOf(m.kind));
    out.text(m.from);
    out.text(m.to);
    out.text(m.fromInstance);
    out.text(m.toInstance);
    out.u64(m.term);
    writeBody(out, m);
  }
  return out.finish();
}

/** The inverse; entries' data are views into `bytes`. */
export function decodeMessages(bytes: Uint8Array): Decoded<readonly RaftMessage[]> {
  const input = new ByteReader(bytes);
  if (input.u8() !== VERSION) return { ok: false, reason: 'messages of an unknown version' };
  const messages: RaftMessage[] = [];
  for (let left = input.count(25); left > 0 && !input.failed; left--) {
    const kind = pickFrom(input, KINDS);
    const from = input.text(MAX_TEXT_BYTES);
    const to = input.text(MAX_TEXT_BYTES);
    const fromInstance = input.text(MAX_TEXT_BYTES);
    const toInstance = input.text(MAX_TEXT_BYTES);
    const term = input.u64();
    messages.push(enveloped({ from, to, fromInstance, toInstance, term }, readBody(input, kind)));
  }
  if (input.failed || input.remaining > 0) return { ok: false, reason: 'messages are cut off or damaged' };
  return { ok: true, value: messages };
}

/** Entries as one buffer of their own, fit to be transferred to another thread. */
export function encodeEntries(entries: readonly LogEntry[]): Uint8Array<ArrayBuffer> {
  let bytes = 5;
  for (const entry of entries) bytes += ENTRY_HEAD_BYTES + entry.data.length;
  const out = new ByteWriter(bytes);
  out.u8(VERSION);
  writeEntries(out, entries);
  return out.finish();
}

export function decodeEntries(bytes: Uint8Array): Decoded<readonly LogEntry[]> {
  const input = new ByteReader(bytes);
  if (input.u8() !== VERSION) return { ok: false, reason: 'entries of an unknown version' };
  const value = readEntries(input);
  if (input.failed || input.remaining > 0) return { ok: false, reason: 'entries are cut off or damaged' };
  return { ok: true, value };
}
