/**
 * The consensus port: takes streams of nodes of this cluster and of nobody else. No routes, no
 * HTTP/1.1, no tokens.
 */
import { constants, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { NodeClaim } from '../auth/index.ts';
import { checkValidity, identityOf } from '../pki/index.ts';
import { type PeerPurpose, readHello, type TransferHeader } from './peer-hello.ts';
import { headersTooLarge, SecureListener } from './secure-listener.ts';
import { peerCertificate, type ServerTls } from './tls.ts';

const STOP_GRACE_MS = 200;
const IDLE_MS = 120_000;
/** Nodes trust each other with this much. */
const SESSION_MEMORY_MB = 64;
/**
 * Between nodes streams are few and long: one for each purpose, and one for each snapshot. Whoever resets
 * more is no sound node, and this thread is the one that sends heartbeats.
 */
const RESET_BURST = 100;
const RESET_RATE = 20;
/** Streams of one connection that may be refused; then it is closed. */
const MAX_REFUSED_STREAMS = 8;

export interface PeerListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ServerTls;
  /** `address` is where the peer says that it is dialled. */
  accept(claim: NodeClaim, purpose: PeerPurpose, stream: Duplex, address: string | null): void;
  transfer(claim: NodeClaim, header: TransferHeader, stream: Duplex): void;
  /** Why this holder of a good certificate may not come in, or null. */
  refusal(claim: NodeClaim): string | null;
  refused(address: string, reason: string): void;
}

export class PeerListener {
  readonly #options: PeerListenerOptions;
  readonly #listener: SecureListener;
  #tls: ServerTls;
  /** Streams that were refused, by connection. */
  readonly #refusals = new WeakMap<Http2Session, number>();

  constructor(options: PeerListenerOptions) {
    this.#options = options;
    this.#tls = options.tls;
    this.#listener = new SecureListener({
      tls: options.tls,
      host: options.host,
      port: options.port,
      anonymous: false,
      allowHttp1: false,
      idleMs: IDLE_MS,
      sessionMemoryMb: SESSION_MEMORY_MB,
      resetBurst: RESET_BURST,
      resetRate: RESET_RATE,
      handshakeFailed: (address, reason) => options.refused(address, reason),
    });
    this.#listener.server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      this.#onStream(stream, headers),
    );
  }

  get port(): number {
    return this.#listener.port;
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  reload(tls: ServerTls): void {
    this.#tls = tls;
    this.#listener.reload(tls);
  }

  stop(): Promise<void> {
    return this.#listener.stop(STOP_GRACE_MS);
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {}); // followed by 'close'
    const { session } = stream;
    if (session === undefined || session.destroyed) return;
    const socket = session.socket as TLSSocket;
    if (headersTooLarge(headers)) return this.#refuse(session, stream, 431);
    const hello = this.#hello(socket, headers);
    const refused = 'refused' in hello ? hello.refused : this.#options.refusal(hello.claim);
    if ('refused' in hello || refused !== null) {
      this.#options.refused(socket.remoteAddress ?? 'unknown', refused ?? '');
      return this.#refuse(session, stream, 403);
    }
    stream.respond({ [constants.HTTP2_HEADER_STATUS]: 200 });
    if (hello.transfer === null) this.#options.accept(hello.claim, hello.purpose, stream, hello.address);
    else this.#options.transfer(hello.claim, hello.transfer, stream);
  }

  #refuse(session: Http2Session, stream: ServerHttp2Stream, status: number): void {
    const refusals = (this.#refusals.get(session) ?? 0) + 1;
    this.#refusals.set(session, refusals);
    if (refusals > MAX_REFUSED_STREAMS) session.destroy();
    else stream.respond({ [constants.HTTP2_HEADER_STATUS]: status }, { endStream: true });
  }

  #hello(socket: TLSSocket, headers: IncomingHttpHeaders): ReturnType<typeof readHello> {
    if (headers[constants.HTTP2_HEADER_METHOD] !== 'CONNECT')
      return { refused: 'this port takes streams of peers only' };
    const certificate = peerCertificate(socket);
    if (certificate === null) return { refused: 'no certificate' };
    const valid = checkValidity(certificate, Date.now());
    if ('refused' in valid) return valid;
    const identity = identityOf(certificate, this.#tls.clusterId);
    return 'refused' in identity ? identity : readHello(headers, { identity, certificate }, this.#tls);
  }
}
