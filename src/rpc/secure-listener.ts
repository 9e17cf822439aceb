/**
 * A TLS 1.3 listener for HTTP/2 with the limits that hold before anybody is
 * authenticated: places for connections, 5 s for the handshake and again for the
 * peer's first SETTINGS, bounded headers, streams, resets and session memory. Every
 * socket and session has an error handler: none of them can end the process.
 */
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { LIMITS, must, SqlccError } from '../base/index.ts';
import { Admission, type AdmissionLimits, type Place } from './admission.ts';
import { type DescriptorReserve, descriptorOf } from './descriptors.ts';
import { StrayBytes } from './stray-bytes.ts';
import { type ServerTls, serverContext } from './tls.ts';

const MAX_HEADER_PAIRS = 64;
const MAX_SETTINGS = 32;
const MAX_OUTSTANDING_PINGS = 10;
const STREAM_WINDOW_BYTES = 1024 * 1024;
const SESSION_WINDOW_BYTES = 2 * 1024 * 1024;

export interface SecureListenerOptions {
  readonly tls: ServerTls;
  readonly host: string;
  readonly port: number;
  /** False: a caller without a verified certificate does not get past the handshake. */
  readonly anonymous: boolean;
  /** Also HTTP/1.1, for curl. */
  readonly allowHttp1: boolean;
  readonly idleMs: number;
  readonly sessionMemoryMb: number;
  readonly resetBurst: number;
  readonly resetRate: number;
  readonly admission?: AdmissionLimits;
  /** A connection that takes a descriptor which must stay free costs a stranger his. Absent: none does. */
  readonly reserve?: Pick<DescriptorReserve, 'isTouched'>;
  /** A handshake failed: a stranger, an expired certificate, a scanner. */
  handshakeFailed?(address: string, reason: string): void;
}

/**
 * nghttp2 only announces SETTINGS_MAX_HEADER_LIST_SIZE: who does not keep to it is found here (RFC
 * 9113 §6.5.2).
 */
export function headersTooLarge(headers: IncomingHttpHeaders): boolean {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + String(value).length + 32;
  return bytes > LIMITS.maxHeaderBytes;
}

/** A live connection to one port is named by where it comes from. */
function nameOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

export class SecureListener {
  readonly server: Http2SecureServer;
  readonly #options: SecureListenerOptions;
  readonly #admission: Admission;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #places = new Map<string, Place>();
  readonly #strayBytes = new StrayBytes(SESSION_WINDOW_BYTES);
  /** Connections of which nobody knows yet whose they are, the oldest first. */
  readonly #strangers = new Map<string, Socket>();

  constructor(options: SecureListenerOptions) {
    this.#options = options;
    this.#admission = new Admission(options.admission);
    this.server = createSecureServer(this.#settings());
    // node begins the handshake in its own 'connection' listener: it is put behind the admission
    const handshakes = this.server.listeners('connection') as ((socket: Socket) => void)[];
    this.server.removeAllListeners('connection');
    this.server.on('connection', (socket: Socket) =>
      this.#onConnection(socket, () => {
        for (const handshake of handshakes) handshake.call(this.server, socket);
      }),
    );
    this.server.on('secureConnection', (socket: TLSSocket) => this.#onSecured(socket));
    this.server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      // a refused certificate shows as a hang-up of our own; the verdict stands on the socket
      const reason = socket.authorizationError?.toString() ?? error.message;
      options.handshakeFailed?.(socket.remoteAddress ?? 'unknown', reason);
      socket.destroy();
    });
    this.server.on('session', (session: ServerHttp2Session) => this.#onSession(session));
    this.server.on('sessionError', (_error, session: ServerHttp2Session) => session.destroy());
    this.server.on('clientError', (_error, socket: Socket) => socket.destroy());
    this.server.on('unknownProtocol', (socket: Socket) => socket.destroy());
  }

  get port(): number {
    return must(this.server.address() as AddressInfo | null, 'the address of a listener that listens').port;
  }

  get connections(): number {
    return this.#admission.connections;
  }

  /** Resolves when it listens; throws `unavailable` when the port is taken. */
  start(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error): void => {
        const code = (cause as NodeJS.ErrnoException).code ?? cause.message;
        const hint = code === 'EADDRINUSE' ? 'another process listens there: choose another port' : undefined;
        const options = hint === undefined ? { cause } : { cause, hint };
        reject(new SqlccError('unavailable', `cannot listen on ${host}:${port}: ${code}`, options));
      };
      this.server.once('error', refuse);
      this.server.listen(port, host, () => {
        this.server.off('error', refuse);
        this.server.on('error', () => {}); // accept errors (EMFILE): the next connection may succeed
        resolve();
      });
    });
  }

  /** New connections use these certificates; old ones go on. */
  reload(tls: ServerTls): void {
    this.server.setSecureContext(serverContext(tls));
  }

  /** To be called when the one behind `socket` has proved who it is: it no longer counts as a stranger. */
  strangerAt(socket: Socket): () => void {
    const name = nameOf(socket);
    const place = this.#places.get(name);
    return () => {
      place?.authenticated();
      this.#strangers.delete(name);
    };
  }

  /** Says GOAWAY to all that are here, closes those that stay longer than `graceMs`; goes on listening. */
  dismiss(graceMs: number): void {
    const sessions = [...this.#sessions];
    for (const session of sessions) session.close();
    setTimeout(() => {
      for (const session of sessions) if (!session.destroyed) session.destroy();
    }, graceMs).unref();
  }

  /** Says GOAWAY, gives streams `graceMs` to end, then closes everything. */
  async stop(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  #settings(): SecureServerOptions & {
    headersTimeout: number;
    requestTimeout: number;
    connectionsCheckingInterval: number;
    maxHeaderSize: number;
  } {
    const { tls, anonymous, allowHttp1, resetBurst, resetRate, sessionMemoryMb } = this.#options;
    return {
      ...serverContext(tls),
      requestCert: true,
      rejectUnauthorized: !anonymous,
      allowHTTP1: allowHttp1,
      handshakeTimeout: LIMITS.handshakeTimeoutMs,
      // of HTTP/1.1
      maxHeaderSize: LIMITS.maxHeaderBytes,
      headersTimeout: LIMITS.handshakeTimeoutMs,
      requestTimeout: LIMITS.maxRequestTimeoutMs,
      connectionsCheckingInterval: LIMITS.connectionsCheckMs,
      // of HTTP/2
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      maxSettings: MAX_SETTINGS,
      maxOutstandingPings: MAX_OUTSTANDING_PINGS,
      maxSessionMemory: sessionMemoryMb,
      streamResetBurst: resetBurst,
      streamResetRate: resetRate,
      settings: {
        maxConcurrentStreams: LIMITS.maxStreamsPerSession,
        maxHeaderListSize: LIMITS.maxHeaderBytes,
        initialWindowSize: STREAM_WINDOW_BYTES,
        enablePush: false,
      },
    };
  }

  #onConnection(socket: Socket, handshake: () => void): void {
    const isShort = this.#options.reserve?.isTouched(descriptorOf(socket), performance.now()) === true;
    if (isShort) {
      this.#dismissStranger();
      socket.destroy();
      return;
    }
    const place = this.#admission.enter(socket.remoteAddress ?? 'unknown');
    if (place === null) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    this.#places.set(name, place);
    this.#strangers.set(name, socket);
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {}); // followed by 'close'
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#places.delete(name);
      this.#strangers.delete(name);
      place.closed();
    });
    place.begin(handshake);
  }

  /**
   * Closes the connection that has been nobody's for the longest. The newcomer goes too, since a descriptor
   * under TLS is given back some turns later; when it comes again there is room. It may be another node,
   * which is known a few milliseconds later; who says nothing never is.
   */
  #dismissStranger(): void {
    const [first] = this.#strangers;
    if (first === undefined) return;
    this.#strangers.delete(first[0]);
    first[1].destroy();
  }

  #onSecured(socket: TLSSocket): void {
    socket.on('error', () => {});
    const place = this.#places.get(nameOf(socket));
    place?.secured();
    if (!socket.authorized) return;
    place?.authenticated();
    this.#strangers.delete(nameOf(socket));
  }

  #onSession(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.on('error', () => {}); // followed by 'close'
    // a proxy that forbids what would disturb the session, not to read how much came
    const { socket } = session;
    this.#strayBytes.watch(session, () => socket.bytesRead);
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    session.setTimeout(this.#options.idleMs, () => session.close());
    const preface = setTimeout(() => session.destroy(), LIMITS.handshakeTimeoutMs);
    session.once('remoteSettings', () => clearTimeout(preface));
    session.once('close', () => {
      clearTimeout(preface);
      this.#sessions.delete(session);
    });
  }
}
