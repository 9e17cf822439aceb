/**
 * The receiving end of one stream that a peer has opened: cuts it into frames, hands
 * payloads on, answers pings. A frame that it does not know ends the stream: a peer
 * that speaks another language is not listened to by guessing.
 */
import type { Duplex } from 'node:stream';
import { LIMITS, SqlccError } from '../base/index.ts';
import { encodeFrames, type Frame, FrameReader } from './frame.ts';
import { PEER_FRAME, pongTo } from './peer-frames.ts';

/** Pongs that wait for a peer which does not read them; above it the stream is closed. */
const MAX_UNREAD_BYTES = 64 * 1024;

export interface PeerInboxEvents {
  payload(bytes: Uint8Array): void;
  /** Once. `reason` is null for an ordinary end. */
  closed(reason: string | null): void;
}

export class PeerInbox {
  readonly #stream: Duplex;
  readonly #events: PeerInboxEvents;
  readonly #reader = new FrameReader(LIMITS.maxFrameBytes);
  #open = true;

  constructor(stream: Duplex, events: PeerInboxEvents) {
    this.#stream = stream;
    this.#events = events;
    stream.on('error', () => {}); // followed by 'close'
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.once('end', () => this.close(null));
    stream.once('close', () => this.close(null));
  }

  /** Says that this side stops on purpose, then ends the stream. */
  farewell(): void {
    if (!this.#open) return;
    this.#stream.write(encodeFrames([{ type: PEER_FRAME.farewell, payload: new Uint8Array(0) }]));
    this.#stream.end();
  }

  close(reason: string | null): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stream.destroy();
    this.#events.closed(reason);
  }

  #onData(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (!this.#open) return;
        this.#onFrame(frame);
      }
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error; // a bug of whoever took the payload
      this.close(error.message);
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.type === PEER_FRAME.payload) this.#events.payload(frame.payload);
    else if (frame.type === PEER_FRAME.ping) this.#pong(pongTo(frame.payload, Date.now()));
    else this.close(`unknown frame type ${frame.type}`);
  }

  #pong(payload: Uint8Array): void {
    if (this.#stream.writableLength > MAX_UNREAD_BYTES) this.close('the peer does not read');
    else this.#stream.write(encodeFrames([{ type: PEER_FRAME.pong, payload }]));
  }
}
