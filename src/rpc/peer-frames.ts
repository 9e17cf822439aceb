/**
 * What frames mean on a stream between two nodes. The opener sends messages and pings, the acceptor
 * pongs and a goodbye.
 */
import type { Instant, Timestamp } from '../base/index.ts';

export const PEER_FRAME = {
  /** One payload of the stream's purpose. */
  payload: 1,
  /** The answer repeats what it carries, and says what time it is. */
  ping: 2,
  pong: 3,
  /** The acceptor stops on purpose: the end of this stream is no evidence. */
  farewell: 4,
} as const;

/** Room that a ping leaves for the answerer's time; who does not know of it repeats the first half. */
const PLAIN_BYTES = 8;
const TIMED_BYTES = 16;

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A ping carries the sender's monotonic ms as f64, so that nobody has to remember what was asked, and room
 * for another f64.
 */
export function encodePing(at: number): Uint8Array {
  const out = new Uint8Array(TIMED_BYTES);
  view(out).setFloat64(0, at);
  return out;
}

/** The answer to a ping: what it carried, and ms of the wall clock here where it left room for them. */
export function pongTo(ping: Uint8Array, wall: Timestamp): Uint8Array {
  if (ping.length < TIMED_BYTES) return ping.slice(0, PLAIN_BYTES);
  const out = ping.slice(0, TIMED_BYTES);
  view(out).setFloat64(PLAIN_BYTES, wall);
  return out;
}

export interface Pong {
  /** The instant that it brings back. */
  readonly at: Instant;
  /** By the clock of who answered; null where it does not say. */
  readonly wall: Timestamp | null;
}

/** Null when it is malformed. */
export function decodePong(payload: Uint8Array): Pong | null {
  const { length } = payload;
  if (length !== PLAIN_BYTES && length !== TIMED_BYTES) return null;
  const at = view(payload).getFloat64(0);
  const wall = length === TIMED_BYTES ? view(payload).getFloat64(PLAIN_BYTES) : null;
  return Number.isFinite(at) && (wall === null || Number.isFinite(wall)) ? { at, wall } : null;
}
