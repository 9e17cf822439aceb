/**
 * One small message in one datagram, sealed for one direction of one pair of nodes.
 *
 *   version u8 | key id 8 | counter u64 | ciphertext | tag 16
 *
 * AES-256-GCM; the header is authenticated, the nonce is the key's salt and the counter, which never
 * repeats under one key. Key, salt and id come from the exporter of the mTLS session (RFC 8446 §7.5)
 * of the connection that the sender has dialled: who could seal is who that connection was opened
 * by, and each connection has a key of its own. A seal says who and that, never when: late and
 * doubled datagrams are the receiver's business (replay-window.ts).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { assert } from '../base/index.ts';
import { ReplayWindow } from './replay-window.ts';

const VERSION = 1;
const LABEL = 'EXPORTER-sqlcc-probe-lane';
const KEY_BYTES = 32;
const SALT_BYTES = 4;
const ID_BYTES = 8;
const HEADER_BYTES = 1 + ID_BYTES + 8;
const TAG_BYTES = 16;
/** Fits one packet on any path (IPv6's least MTU is 1280). */
const MAX_DATAGRAM_BYTES = 1200;
/** Longest message that fits a datagram. */
export const MAX_PROBE_BYTES = MAX_DATAGRAM_BYTES - HEADER_BYTES - TAG_BYTES;

export interface ProbeKey {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** 8 bytes, by which the receiver finds the key. */
  readonly id: Uint8Array;
}

/** The key of the connection's dialler, the same on both ends; null while the handshake is not over. */
export function probeKeyOf(socket: Pick<TLSSocket, 'exportKeyingMaterial'>): ProbeKey | null {
  try {
    const bytes = socket.exportKeyingMaterial(KEY_BYTES + SALT_BYTES + ID_BYTES, LABEL, Buffer.alloc(0));
    return {
      key: bytes.subarray(0, KEY_BYTES),
      salt: bytes.subarray(KEY_BYTES, KEY_BYTES + SALT_BYTES),
      id: bytes.subarray(KEY_BYTES + SALT_BYTES),
    };
  } catch {
    return null;
  }
}

/** The key's id as text; null for a datagram that is none of ours, by its form alone. */
export function keyIdOf(datagram: Uint8Array): string | null {
  const { length } = datagram;
  if (length < HEADER_BYTES + TAG_BYTES || length > MAX_DATAGRAM_BYTES || datagram[0] !== VERSION)
    return null;
  return keyIdText(datagram.subarray(1, 1 + ID_BYTES));
}

export function keyIdText(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}

/** Seals in one direction; a key has one sealer ever, or nonces would repeat. */
export class ProbeSealer {
  readonly #key: ProbeKey;
  #counter = 0;

  constructor(key: ProbeKey) {
    this.#key = key;
  }

  /** The datagram of a message of at most `MAX_PROBE_BYTES`. */
  seal(message: Uint8Array): Uint8Array {
    assert(message.length <= MAX_PROBE_BYTES, `a probe of ${message.length} bytes`);
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = VERSION;
    header.set(this.#key.id, 1);
    header.writeBigUInt64BE(BigInt(this.#counter++), 1 + ID_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key.key, nonceOf(this.#key, header));
    cipher.setAAD(header);
    return Buffer.concat([header, cipher.update(message), cipher.final(), cipher.getAuthTag()]);
  }
}

/** Opens what the other end's sealer of the same key made. */
export class ProbeOpener {
  readonly #key: ProbeKey;
  readonly #window = new ReplayWindow();

  constructor(key: ProbeKey) {
    this.#key = key;
  }

  /** The message; null for one that was changed, made up, opened before, or is older than 1024 others. */
  open(datagram: Uint8Array): Uint8Array | null {
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
    const header = bytes.subarray(0, HEADER_BYTES);
    const counter = Number(header.readBigUInt64BE(1 + ID_BYTES));
    const decipher = createDecipheriv('aes-256-gcm', this.#key.key, nonceOf(this.#key, header), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(header);
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    try {
      const message = decipher.update(bytes.subarray(HEADER_BYTES, bytes.length - TAG_BYTES));
      decipher.final();
      return this.#window.admit(counter) ? message : null;
    } catch {
      return null;
    }
  }
}

function nonceOf({ salt }: ProbeKey, header: Buffer): Buffer {
  return Buffer.concat([salt, header.subarray(1 + ID_BYTES)]);
}
