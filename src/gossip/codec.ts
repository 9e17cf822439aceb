/**
 * Messages ↔ bytes. Binary, versioned, every length checked, total: any bytes give a
 * message or a reason, never an exception. An idle probe is about ten bytes.
 *
 * version u8 · kind u8 · incarnation · body · count of updates · updates; counters are
 * variable-length (bytes.ts). Who sent it is not in here: the connection proves that.
 */
import { assert, LIMITS, parseNodeId, unreachable } from '../base/index.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type {
  ClaimState,
  Digest,
  FailureCause,
  GossipBody,
  GossipMessage,
  Incarnation,
  MemberUpdate,
  Opinion,
} from './types.ts';

const VERSION = 1;
const KINDS = ['ping', 'ack', 'ask', 'heard', 'news', 'sync', 'delta'] as const;
const STATES: readonly ClaimState[] = ['alive', 'failed', 'left'];
const CAUSES: readonly (FailureCause | null)[] = [null, 'process-death', 'silence', 'told'];
const MAX_ID_BYTES = 63;
const MAX_ADDRESS_BYTES = 262;
/** Buckets of anti-entropy; fixed, because both ends must cut alike. */
export const SYNC_BUCKETS = 64;
/** Round-trip times travel in these steps. */
const RTT_STEP_MS = 0.01;

/** Decoder's answer: a message, or why the bytes are none. */
export type DecodedGossip =
  | { readonly ok: true; readonly message: GossipMessage }
  | { readonly ok: false; readonly reason: string };

/** One for all: it grows to the longest message and is never given away. */
const writer = new ByteWriter();

export function encodeGossip(message: GossipMessage): Uint8Array<ArrayBuffer> {
  const out = writer;
  out.reset();
  out.u8(VERSION);
  out.u8(KINDS.indexOf(message.kind));
  writeIncarnation(out, message.incarnation);
  writeBody(out, message);
  out.counter(message.updates.length);
  for (const update of message.updates) writeUpdate(out, update);
  return out.finish();
}

export function decodeGossip(bytes: Uint8Array): DecodedGossip {
  if (bytes.length > LIMITS.maxGossipMessageBytes)
    return { ok: false, reason: `${bytes.length} bytes are too many` };
  const input = new ByteReader(bytes);
  const version = input.u8();
  if (version !== VERSION) return { ok: false, reason: `unknown version ${version}` };
  const kind = KINDS[input.u8()];
  if (kind === undefined) return { ok: false, reason: 'unknown kind' };
  const incarnation = readIncarnation(input);
  const body = readBody(input, kind);
  const updates: MemberUpdate[] = [];
  for (let left = input.count(9); left > 0 && !input.failed; left--) updates.push(readUpdate(input));
  if (input.failed || input.remaining > 0) return { ok: false, reason: `malformed ${kind}` };
  return { ok: true, message: { ...body, incarnation, updates } };
}

/** Most that news have beside updates: version, kind, incarnation (below 2^35 each), count. */
export const HEADER_BYTES = 16;

/** What an update takes in a packet, in bytes; text as ASCII, of which names and addresses are. */
export function updateBytes(update: MemberUpdate): number {
  const { nodeId, incarnation, ageS, opinions, address, digest } = update;
  let bytes = 3 + textBytes(nodeId) + counterBytes(incarnation.boot) + counterBytes(incarnation.refutation);
  bytes += counterBytes(ageS) + counterBytes(opinions.length) + textBytes(address);
  for (const { count } of opinions) bytes += 4 + counterBytes(count);
  if (digest === null) return bytes;
  const { length } = digest.bytes;
  return bytes + counterBytes(digest.boot) + counterBytes(digest.sequence) + counterBytes(length) + length;
}

function textBytes({ length }: string): number {
  return counterBytes(length) + length;
}

/** Of `ByteWriter.counter`: seven bits a byte. */
function counterBytes(value: number): number {
  if (!Number.isSafeInteger(value)) assert(false, `${value} is no counter`);
  let bytes = 1;
  for (let rest = value; rest >= 128; rest /= 128) bytes++;
  return bytes;
}

function writeBody(out: ByteWriter, body: GossipBody): void {
  switch (body.kind) {
    case 'ping':
      out.counter(body.sequence);
      out.u8(body.accused ? 1 : 0);
      return out.counter(encodeDuration(body.rttMs, RTT_STEP_MS));
    case 'ack':
      return out.counter(body.sequence);
    case 'ask':
      return out.text(body.subject);
    case 'heard':
      out.text(body.subject);
      return out.counter(encodeDuration(body.agoMs, 1));
    case 'news':
      return;
    case 'sync':
      out.counter(body.buckets.length);
      for (const hash of body.buckets) out.u32(hash);
      return;
    case 'delta':
      out.counter(body.wanted.length);
      for (const bucket of body.wanted) out.u8(bucket);
      return;
    default:
      return unreachable(body);
  }
}

function readBody(input: ByteReader, kind: (typeof KINDS)[number]): GossipBody {
  switch (kind) {
    case 'ping': {
      const sequence = input.counter();
      const accused = input.u8();
      if (accused > 1) input.fail();
      return { kind, sequence, accused: accused === 1, rttMs: decodeDuration(input.counter(), RTT_STEP_MS) };
    }
    case 'ack':
      return { kind, sequence: input.counter() };
    case 'ask':
      return { kind, subject: readNodeId(input) };
    case 'heard':
      return { kind, subject: readNodeId(input), agoMs: decodeDuration(input.counter(), 1) };
    case 'news':
      return { kind };
    case 'sync': {
      const buckets: number[] = [];
      for (let left = input.count(4); left > 0 && !input.failed; left--) buckets.push(input.u32());
      if (buckets.length !== SYNC_BUCKETS) input.fail();
      return { kind, buckets };
    }
    case 'delta': {
      const wanted: number[] = [];
      for (let left = input.count(1); left > 0 && !input.failed; left--) wanted.push(input.u8());
      if (wanted.length > SYNC_BUCKETS || wanted.some((b) => b >= SYNC_BUCKETS)) input.fail();
      return { kind, wanted };
    }
    default:
      return unreachable(kind);
  }
}

/** Null and then steps counted from one. */
function encodeDuration(ms: number | null, step: number): number {
  return ms === null ? 0 : Math.round(Math.max(0, ms) / step) + 1;
}

function decodeDuration(count: number, step: number): number | null {
  return count === 0 ? null : (count - 1) * step;
}

function writeIncarnation(out: ByteWriter, incarnation: Incarnation): void {
  out.counter(incarnation.boot);
  out.counter(incarnation.refutation);
}

function readIncarnation(input: ByteReader): Incarnation {
  return { boot: input.counter(), refutation: input.counter() };
}

function readNodeId(input: ByteReader): string {
  const text = input.text(MAX_ID_BYTES);
  if (!input.failed && !parseNodeId(text).ok) input.fail();
  return text;
}

function writeUpdate(out: ByteWriter, update: MemberUpdate): void {
  out.text(update.nodeId);
  writeIncarnation(out, update.incarnation);
  out.u8(STATES.indexOf(update.state));
  out.u8(CAUSES.indexOf(update.cause));
  out.counter(update.ageS);
  out.counter(update.opinions.length);
  for (const { observer, count } of update.opinions) {
    out.u32(observer);
    out.counter(count);
  }
  out.text(update.address);
  out.u8(update.digest === null ? 0 : 1);
  if (update.digest === null) return;
  out.counter(update.digest.boot);
  out.counter(update.digest.sequence);
  out.bytes(update.digest.bytes);
}

function readUpdate(input: ByteReader): MemberUpdate {
  const nodeId = readNodeId(input);
  const incarnation = readIncarnation(input);
  const state = STATES[input.u8()];
  const cause = CAUSES[input.u8()];
  const ageS = input.counter();
  if (state === undefined || cause === undefined || (cause !== null) !== (state === 'failed')) input.fail();
  const opinions: Opinion[] = [];
  const count = input.count(5);
  if (count > LIMITS.maxGossipOpinions) input.fail();
  for (let left = count; left > 0 && !input.failed; left--) {
    opinions.push({ observer: input.u32(), count: input.counter() });
  }
  const address = input.text(MAX_ADDRESS_BYTES);
  const hasDigest = input.u8();
  if (hasDigest > 1) input.fail();
  const digest = hasDigest === 1 ? readDigest(input) : null;
  return {
    nodeId,
    incarnation,
    state: state ?? 'alive',
    cause: cause ?? null,
    ageS,
    opinions,
    address,
    digest,
  };
}

function readDigest(input: ByteReader): Digest {
  const boot = input.counter();
  const sequence = input.counter();
  return { boot, sequence, bytes: input.bytes(LIMITS.maxGossipDigestBytes) };
}
