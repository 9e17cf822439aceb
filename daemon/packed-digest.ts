/** A digest of a node's state at an index, as it travels between nodes behind its first byte. */
import type { LogIndex } from '../src/base/index.ts';

/** First byte of a peer payload. */
const PAYLOAD_DIGEST = 2;
const BYTES = 17;

export interface StateDigest {
  readonly index: LogIndex;
  readonly digest: number;
}

export function packDigest({ index, digest }: StateDigest): Uint8Array {
  const payload = new Uint8Array(BYTES);
  const view = new DataView(payload.buffer);
  payload[0] = PAYLOAD_DIGEST;
  view.setFloat64(1, index);
  view.setFloat64(9, digest);
  return payload;
}

/** Null for a payload of another kind or length. */
export function unpackDigest(bytes: Uint8Array): StateDigest | null {
  if (bytes[0] !== PAYLOAD_DIGEST || bytes.length !== BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { index: view.getFloat64(1), digest: view.getFloat64(9) };
}
