/**
 * One connection to one peer for one purpose, from the first dial to its end; it never
 * comes back, PeerLine makes the next one. Messages of one turn leave in one write.
 * What the socket does not take waits up to a limit, then messages are dropped: Raft
 * and gossip send again, memory does not grow.
 */
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Client } from 'undici';
import { LIMITS, type NodeId, SqlccError } from '../base/index.ts';
import { encodeFrames, type Frame, FrameReader, fitsFrame } from './frame.ts';
import { decodePong, encodePing, PEER_FRAME } from './peer-frames.ts';
import { encodeTransfer, PEER_HEADERS, type TransferHeader } from './peer-hello.ts';
import { type ClientTls, type DialHandshake, type DialOptions, isLate, isRefused } from './tls.ts';
import { h2Client } from './undici-client.ts';

/** Of TCP, which the peer's kernel answers. */
const CONNECT_TIMEOUT_MS = 1000;
/** From TLS to the stream, at least; a peer that is given longer for TLS is given as long again. */
const OPEN_TIMEOUT_MS = 2000;
const KEEP_ALIVE_MS = 600_000;
const MAX_PAYLOAD_FROM_ACCEPTOR = 1024;

/**
 * How a connection ended. Only `refused` and `hung-up` say something about the peer's process; `late`: its
 * host took the connection, and it did not come to answer in time.
 */
export type ConnectionEnd = 'refused' | 'failed' | 'late' | 'hung-up' | 'farewell' | 'closed-here';

export interface PeerConnectionOptions {
  readonly peer: NodeId;
  readonly address: string;
  readonly tls: ClientTls;
  readonly judge: NonNullable<DialOptions['judge']>;
  readonly handshake: DialHandshake;
  readonly headers: Readonly<Record<string, string>>;
  /** `socket` is the connection that carries it. */
  opened(socket: TLSSocket | null): void;
  /** Once; nothing follows. */
  ended(how: ConnectionEnd, reason: string): void;
  /** `lateMs`: how much later the wall clock here was than the peer's word of its own; null: it said none. */
  pong(rttMs: number, lateMs: number | null): void;
}

export class PeerConnection {
  readonly #options: PeerConnectionOptions;
  readonly #client: Client;
  readonly #reader = new FrameReader(MAX_PAYLOAD_FROM_ACCEPTOR);
  #stream: Duplex | null = null;
  #socket: TLSSocket | null = null;
  #pending: Frame[] = [];
  #pendingBytes = 0;
  #flushPlanned = false;
  #blocked = false;
  #farewell = false;
  #ended = false;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #askedAt: number | null = null;
  #isPinging = false;
  #isReached = false;
  #giveUp: () => void = () => {};
  #secured: () => void = () => {};

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
    this.#client = h2Client({
      address: options.address,
      tls: options.tls,
      judge: options.judge,
      handshake: { ...options.handshake, enter: (begin) => this.#enter(begin) },
      dialling: (giveUp) => {
        this.#giveUp = giveUp;
      },
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      keepAliveMs: KEEP_ALIVE_MS,
      maxConcurrentStreams: LIMITS.maxStreamsPerSession,
      connected: (socket) => {
        this.#socket = socket;
        this.#secured();
      },
    });
    void this.#open();
  }

  get isOpen(): boolean {
    return this.#stream !== null && !this.#ended;
  }

  /** The peer's host has taken the connection: what is missing is the peer's to do, not lost on its way. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** Bytes that the peer has sent on this connection, its acknowledgements of TCP aside. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** False when the message was dropped: not connected, too long for a frame, or too much waits already. */
  send(payload: Uint8Array): boolean {
    return this.#push({ type: PEER_FRAME.payload, payload });
  }

  /** Monotonic ms of the last ping; minus infinity before the first. */
  get pingedAt(): number {
    return this.#pingedAt;
  }

  /** Since when a ping waits for any sign of life; null = none does. Monotonic ms. */
  get askedAt(): number | null {
    return this.#askedAt;
  }

  /** One at a time: a ping behind an unanswered one would measure the same wait again. */
  ping(): void {
    this.#pingedAt = performance.now();
    this.#askedAt ??= this.#pingedAt;
    if (this.#isPinging) return;
    this.#isPinging = this.#push({ type: PEER_FRAME.ping, payload: encodePing(this.#pingedAt) });
  }

  /** A stream of its own on this connection's session, both ways, for one transfer. */
  async openTransfer(header: TransferHeader): Promise<Duplex> {
    const headers = { ...this.#options.headers, [PEER_HEADERS.transfer]: encodeTransfer(header) };
    return this.#connect(headers);
  }

  /** Ends it from this side; `ended` hears `closed-here`. */
  close(reason: string): void {
    this.#end('closed-here', reason);
  }

  #enter(begin: () => void): () => void {
    this.#isReached = true;
    return this.#options.handshake.enter(begin);
  }

  async #open(): Promise<void> {
    try {
      const stream = await this.#connect(this.#options.headers);
      if (this.#ended) return void stream.destroy();
      this.#stream = stream;
      stream.on('data', (chunk: Buffer) => this.#onData(chunk));
      stream.on('drain', () => this.#onDrain());
      stream.once('end', () => this.#hungUp('the peer ended the stream'));
      stream.once('close', () => this.#hungUp('the stream was closed'));
      this.#options.opened(this.#socket);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#end(isRefused(error) ? 'refused' : isLate(error) ? 'late' : 'failed', reason);
    }
  }

  /**
   * undici's own timers are coarse and skip queued calls: this race is the one that counts. It begins where
   * the dial ends, which has times of its own.
   */
  #connect(headers: Record<string, string>): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      let open = true;
      const openTimeoutMs = Math.max(OPEN_TIMEOUT_MS, this.#options.handshake.timeoutMs);
      const settle = (error: Error | null, stream: Duplex | null, status: number): void => {
        stream?.on('error', () => {}); // every end is also told by 'close'
        if (!open) return void stream?.destroy();
        open = false;
        clearTimeout(timer);
        if (stream !== null && status === 200) {
          resolve(stream);
          return;
        }
        stream?.destroy();
        const refusal = `${this.#options.peer} refused the stream with status ${status}`;
        reject(error ?? new SqlccError('permission_denied', refusal));
      };
      const late = new SqlccError('deadline_exceeded', `${this.#options.peer} does not answer`);
      let timer: NodeJS.Timeout | undefined;
      this.#secured = () => {
        timer = setTimeout(() => settle(late, null, 0), openTimeoutMs);
      };
      if (this.#socket !== null) this.#secured();
      this.#client.connect({ path: '/', headers }, (error, data) => {
        if (error !== null) settle(error, null, 0);
        else settle(null, data.socket, data.statusCode);
      });
    });
  }

  #push(frame: Frame): boolean {
    const bytes = this.#pendingBytes + frame.payload.length;
    if (!this.isOpen || !fitsFrame(frame.payload) || bytes > LIMITS.maxPeerQueueBytes) return false;
    this.#pending.push(frame);
    this.#pendingBytes = bytes;
    if (!this.#flushPlanned && !this.#blocked) {
      this.#flushPlanned = true;
      queueMicrotask(() => this.#flush());
    }
    return true;
  }

  #flush(): void {
    this.#flushPlanned = false;
    if (this.#blocked || this.#pending.length === 0 || this.#stream === null || this.#ended) return;
    const frames = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#blocked = !this.#stream.write(encodeFrames(frames));
  }

  #onDrain(): void {
    this.#blocked = false;
    this.#askedAt = null; // it takes our bytes: it lives
    this.#flush();
  }

  #onData(chunk: Buffer): void {
    this.#askedAt = null;
    try {
      for (const frame of this.#reader.push(chunk)) this.#onFrame(frame);
    } catch (error) {
      this.#end('failed', (error as Error).message);
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.type === PEER_FRAME.farewell) {
      this.#farewell = true;
    } else if (frame.type === PEER_FRAME.pong) {
      this.#isPinging = false;
      const pong = decodePong(frame.payload);
      if (pong === null) return;
      const { at, wall } = pong;
      const lateMs = wall === null ? null : Date.now() - wall;
      this.#options.pong(Math.max(0, performance.now() - at), lateMs);
    } else {
      throw new SqlccError('invalid_argument', `unknown frame type ${frame.type}`);
    }
  }

  #hungUp(reason: string): void {
    this.#end(this.#farewell ? 'farewell' : 'hung-up', reason);
  }

  #end(how: ConnectionEnd, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#stream?.destroy();
    this.#client.destroy(new SqlccError('unavailable', reason)).catch(() => {}); // already down
    this.#giveUp();
    this.#options.ended(how, reason);
  }
}
