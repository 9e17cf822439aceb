/** HTTP/2 as bytes, for what no library would send: frames one by one, on a TLS connection of their own. */
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  windowUpdate: 8,
  continuation: 9,
  /** No frame of the standard: to be passed over (RFC 9113 §5.5). */
  unknown: 0xee,
} as const;
export const FLAG = { endStream: 1, endHeaders: 4 } as const;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export interface FrameParts {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
}

export function frame({ type, flags = 0, stream = 0, payload = new Uint8Array(0) }: FrameParts): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A literal of fewer than 127 bytes, without Huffman's code. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}

/** A field that is not put into the table (RFC 7541 §6.2.2). */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** The fields of a request. */
export function requestFields(method: string, path: string): Buffer {
  // static table: `:method` 2, `:scheme https` 7, `:path` 4, `:authority` 1
  const indexed = (index: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([index]), text(value)]);
  return Buffer.concat([indexed(2, method), Buffer.from([0x87]), indexed(4, path), indexed(1, '127.0.0.1')]);
}

export interface Outcome {
  /** The other side ended the connection while it was still being sent to. */
  readonly isClosed: boolean;
  readonly ms: number;
  readonly sentFrames: number;
}

export interface Flood {
  /** Sent once behind the preface and empty SETTINGS. */
  readonly before?: Buffer;
  /** The n-th piece of the flood; many frames in one, to be cheap for whoever sends. */
  piece(n: number): Buffer;
  readonly framesInPiece: number;
  /** It costs no more than its bytes do, and nothing tells it from what an honest caller may send. */
  readonly mayStay?: boolean;
  /** Flood only behind the end of the answer to `before`, which the other side no longer waits for then. */
  readonly isBehindAnswer?: boolean;
  /** Do not read what the other side answers. */
  readonly isDeaf?: boolean;
}

/** Calls back once, when a stream has been ended by the other side. */
function behindAnswer(socket: TLSSocket, then: () => void): void {
  let bytes = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
      const [type, flags] = [bytes.readUInt8(at + 3), bytes.readUInt8(at + 4)];
      const isEnd = (type === FRAME.data || type === FRAME.headers) && (flags & FLAG.endStream) !== 0;
      if (!isEnd && type !== FRAME.reset) continue;
      socket.off('data', onData);
      then();
      return;
    }
  };
  socket.on('data', onData);
}

/** Floods one connection until it is closed, at most `forMs`. */
export function flood(options: ConnectionOptions, what: Flood, forMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ ...options, ALPNProtocols: ['h2'] });
    const began = performance.now();
    let pieces = 0;
    let isClosed = false;
    const done = (): void => {
      clearTimeout(timer);
      resolve({ isClosed, ms: performance.now() - began, sentFrames: pieces * what.framesInPiece });
    };
    const timer = setTimeout(() => {
      socket.removeAllListeners('close');
      socket.destroy();
      done();
    }, forMs);
    const more = (): void => {
      if (socket.destroyed) return;
      if (socket.write(what.piece(pieces++))) setImmediate(more);
      else socket.once('drain', more);
    };
    socket.on('error', () => {}); // followed by 'close'
    socket.once('close', () => {
      isClosed = true;
      done();
    });
    socket.once('secureConnect', () => {
      socket.write(Buffer.concat([PREFACE, frame({ type: FRAME.settings }), what.before ?? Buffer.alloc(0)]));
      if (what.isDeaf === true) socket.pause();
      else socket.resume();
      if (what.isBehindAnswer === true) behindAnswer(socket, more);
      else more();
    });
  });
}
