/**
 * What frames mean on a stream between two nodes. The opener sends messages and pings, the acceptor
 * pongs and a goodbye.
 */

export const PEER_FRAME = {
  /** One payload of the stream's purpose. */
  payload: 1,
  /** Carries what the sender likes; the answer repeats it. */
  ping: 2,
  pong: 3,
  /** The acceptor stops on purpose: the end of this stream is no evidence. */
  farewell: 4,
} as const;

/** A ping carries the sender's monotonic ms as f64: nobody has to remember what was asked. */
export function encodePing(at: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setFloat64(0, at);
  return out;
}

/** The instant that a pong brings back; null when it is malformed. */
export function decodePong(payload: Uint8Array): number | null {
  if (payload.length !== 8) return null;
  const at = new DataView(payload.buffer, payload.byteOffset, 8).getFloat64(0);
  return Number.isFinite(at) ? at : null;
}
