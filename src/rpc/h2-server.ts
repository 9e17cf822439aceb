/**
 * The management API's listener: HTTP/2 and HTTP/1.1 over TLS 1.3, a certificate asked
 * for but not demanded. It knows three kinds of visitors: requests, call streams of
 * clients, and streams of peers that it hands on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { HEADERS } from '../api/index.ts';
import { type Identity, NOBODY, type NodeClaim } from '../auth/index.ts';
import { SqlccError } from '../base/index.ts';
import type { AdmissionLimits } from './admission.ts';
import { CallFront } from './call-front.ts';
import { type Authenticate, Caller, type CallerCounts } from './caller.ts';
import { DescriptorReserve } from './descriptors.ts';
import { serveMessage, serveStream } from './http-front.ts';
import { type PeerPurpose, readHello, type ShownNode } from './peer-hello.ts';
import type { Router } from './router.ts';
import { headersTooLarge, SecureListener } from './secure-listener.ts';
import type { ServerTls } from './tls.ts';
import { UnderWay } from './under-way.ts';
import { UnreadAnswers } from './unread.ts';

const IDLE_MS = 120_000;
const SESSION_MEMORY_MB = 8;
/** Streams that a caller may reset: CVE-2023-44487. */
const RESET_BURST = 100;
const RESET_RATE = 20;
const CLIENT_STREAM = 'client';

export interface H2ServerOptions {
  readonly tls: ServerTls;
  readonly host: string;
  /** 0: any free port; see `port` after start. */
  readonly port: number;
  readonly router: Router;
  readonly authenticate: Authenticate;
  /** A verified node opened a stream for a purpose; absent: such streams are refused. */
  readonly onPeerStream?: (claim: NodeClaim, purpose: PeerPurpose, stream: Duplex) => void;
  readonly admission?: AdmissionLimits;
  readonly idleMs?: number;
  /** Default LIMITS.maxUnreadBytes. */
  readonly maxUnreadBytes?: number;
  /** Default LIMITS.maxUnderWayBytes. */
  readonly maxUnderWayBytes?: number;
}

export class H2Server {
  readonly #options: H2ServerOptions;
  readonly #listener: SecureListener;
  #tls: ServerTls;
  /** By session, or by socket for HTTP/1.1: never by an address, which the next connection may have too. */
  readonly #callers = new WeakMap<object, Caller>();
  readonly #fronts = new Set<CallFront>();
  readonly #counts: CallerCounts;

  constructor(options: H2ServerOptions) {
    this.#options = options;
    this.#tls = options.tls;
    this.#counts = {
      unread: new UnreadAnswers(options.maxUnreadBytes),
      underWay: new UnderWay(options.maxUnderWayBytes),
    };
    this.#listener = new SecureListener({
      tls: options.tls,
      host: options.host,
      port: options.port,
      anonymous: true,
      allowHttp1: true,
      idleMs: options.idleMs ?? IDLE_MS,
      sessionMemoryMb: SESSION_MEMORY_MB,
      resetBurst: RESET_BURST,
      resetRate: RESET_RATE,
      reserve: new DescriptorReserve(),
      ...(options.admission === undefined ? {} : { admission: options.admission }),
    });
    const { server } = this.#listener;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const socket = request.socket as TLSSocket;
      const caller = this.#callerOf(socket, socket);
      serveMessage(request, response, options.router, caller).catch(() => response.destroy());
    });
    // a 'request' listener brings node's compatibility layer for HTTP/2 with it: streams are served without
    server.removeAllListeners('stream');
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      this.#onStream(stream, headers),
    );
  }

  /** The port it listens on. */
  get port(): number {
    return this.#listener.port;
  }

  /** Open connections. */
  get connections(): number {
    return this.#listener.connections;
  }

  /** Throws `unavailable` when the port is taken. */
  start(): Promise<void> {
    return this.#listener.start();
  }

  /** New connections use these certificates; old ones go on. */
  reload(tls: ServerTls): void {
    this.#tls = tls;
    this.#listener.reload(tls);
  }

  /** Takes nothing new, gives what is under way `graceMs` to end, closes everything. */
  async stop(graceMs: number): Promise<void> {
    for (const front of this.#fronts) front.farewell();
    await this.#listener.stop(graceMs);
  }

  /**
   * Asks the clients that are here to go elsewhere, and lets those go that stay longer than `graceMs`: their
   * call streams, and with `sessions` all connections, where no node has one. New ones are taken.
   */
  dismiss(graceMs: number, sessions: boolean): void {
    const fronts = [...this.#fronts];
    for (const front of fronts) front.farewell();
    setTimeout(() => {
      for (const front of fronts) front.close();
    }, graceMs).unref();
    if (sessions) this.#listener.dismiss(graceMs);
  }

  #callerOf(connection: object, socket: TLSSocket): Caller {
    const known = this.#callers.get(connection);
    if (known !== undefined) return known;
    const authenticated = this.#listener.strangerAt(socket);
    const caller = new Caller(socket, this.#options.authenticate, authenticated, this.#counts);
    this.#callers.set(connection, caller);
    return caller;
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {}); // followed by 'close'
    const { session } = stream;
    if (session === undefined || session.destroyed) return;
    if (headersTooLarge(headers)) {
      stream.respond({ [constants.HTTP2_HEADER_STATUS]: 431 }, { endStream: true });
      return;
    }
    const caller = this.#callerOf(session, session.socket as TLSSocket);
    if (headers[constants.HTTP2_HEADER_METHOD] === constants.HTTP2_METHOD_CONNECT) {
      this.#onConnect(stream, headers, caller).catch(() => stream.destroy());
    } else {
      serveStream(stream, headers, this.#options.router, caller).catch(() => stream.destroy());
    }
  }

  async #onConnect(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, caller: Caller): Promise<void> {
    const identity = await identityOrNull(caller, headers.authorization);
    if (stream.destroyed) return;
    if (identity === null || identity === NOBODY) {
      const error = new SqlccError('unauthenticated', 'a stream needs good credentials');
      this.#options.router.refuse(error, { target: '', remoteAddress: caller.address });
      stream.respond({ [constants.HTTP2_HEADER_STATUS]: 401 }, { endStream: true });
    } else if (headers[HEADERS.stream] === CLIENT_STREAM) {
      stream.respond({ [constants.HTTP2_HEADER_STATUS]: 200 });
      this.#addFront(stream, caller, headers.authorization);
    } else {
      this.#onPeer(stream, headers, { identity, certificate: caller.certificate }, caller.address);
    }
  }

  #addFront(stream: ServerHttp2Stream, caller: Caller, authorization: string | undefined): void {
    const front = new CallFront({ stream, router: this.#options.router, caller, authorization });
    this.#fronts.add(front);
    stream.once('close', () => this.#fronts.delete(front));
  }

  #onPeer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    shown: ShownNode,
    remoteAddress: string,
  ): void {
    const hello = readHello(headers, shown, this.#tls);
    const { onPeerStream } = this.#options;
    if ('refused' in hello || onPeerStream === undefined || hello.transfer !== null) {
      const error = new SqlccError('permission_denied', 'no stream of peers for this caller');
      this.#options.router.refuse(error, { target: '', remoteAddress }, shown.identity);
      stream.respond({ [constants.HTTP2_HEADER_STATUS]: 403 }, { endStream: true });
      return;
    }
    stream.respond({ [constants.HTTP2_HEADER_STATUS]: 200 });
    onPeerStream(hello.claim, hello.purpose, stream);
  }
}

async function identityOrNull(caller: Caller, authorization: string | undefined): Promise<Identity | null> {
  try {
    return await caller.identify(authorization);
  } catch (error) {
    if (error instanceof SqlccError) return null;
    throw error;
  }
}
