/**
 * The metrics and health listener: HTTP/1.1 without TLS; GET, and HEAD and OPTIONS for
 * the status alone; nothing but what `handle` gives. Bound to loopback unless the operator
 * says otherwise; it never changes anything, so it asks nobody who they are.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { LIMITS, must, SqlccError } from '../base/index.ts';

const MAX_CONNECTIONS = 64;
const IDLE_MS = 30_000;
const METHODS = ['GET', 'HEAD', 'OPTIONS'];

export interface PlainAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface PlainQuestion {
  /** Without its query. */
  readonly path: string;
  /** One of METHODS. */
  readonly method: string;
  readonly query: URLSearchParams;
  /** The header `accept`; '' = none. */
  readonly accept: string;
}

export interface PlainServerOptions {
  readonly host: string;
  /** 0: any free port; see `port` after start. */
  readonly port: number;
  /** May be asynchronous. */
  readonly handle: (question: PlainQuestion) => PlainAnswer | Promise<PlainAnswer>;
}

export class PlainServer {
  readonly #options: PlainServerOptions;
  readonly #server: Server;
  /** Connections without a request under way, the one that waits longest first. */
  readonly #idle = new Set<Socket>();
  #connections = 0;

  constructor(options: PlainServerOptions) {
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: LIMITS.maxHeaderBytes,
      headersTimeout: LIMITS.handshakeTimeoutMs,
      requestTimeout: LIMITS.handshakeTimeoutMs,
      connectionsCheckingInterval: LIMITS.connectionsCheckMs,
      keepAliveTimeout: IDLE_MS,
    });
    this.#server.on('connection', (socket) => this.#onConnection(socket));
    this.#server.on('request', (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  get port(): number {
    return must(this.#server.address() as AddressInfo | null, 'the address of a listener that listens').port;
  }

  /** Throws `unavailable` when the port is taken. */
  start(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error): void => {
        const code = (cause as NodeJS.ErrnoException).code ?? cause.message;
        reject(new SqlccError('unavailable', `cannot listen on ${host}:${port}: ${code}`, { cause }));
      };
      this.#server.once('error', refuse);
      this.#server.listen(port, host, () => {
        this.#server.off('error', refuse);
        this.#server.on('error', () => {}); // accept errors: the next connection may succeed
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /**
   * One too many costs the place of whoever has asked nothing for the longest: a scraper asks at once,
   * whoever only holds a place does not.
   */
  #onConnection(socket: Socket): void {
    this.#idle.add(socket);
    this.#connections++;
    socket.once('close', () => {
      this.#idle.delete(socket);
      this.#connections--;
    });
    if (this.#connections <= MAX_CONNECTIONS) return;
    const [first] = this.#idle;
    first?.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.#idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) this.#idle.add(socket);
    });
    request.resume();
    response.on('error', () => {}); // followed by 'close'
    const method = request.method ?? 'GET';
    const answer = await this.#answer(method, request.url ?? '/', request.headers.accept ?? '');
    const bytes = Buffer.from(method === 'OPTIONS' ? '' : answer.text);
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': bytes.length,
      'cache-control': 'no-store',
      allow: METHODS.join(', '),
    });
    response.end(method === 'HEAD' ? undefined : bytes);
  }

  async #answer(method: string, target: string, accept: string): Promise<PlainAnswer> {
    if (!METHODS.includes(method)) {
      return { status: 405, contentType: 'text/plain', text: `${METHODS.join(', ')} only\n` };
    }
    const cut = target.indexOf('?');
    const path = cut < 0 ? target : target.slice(0, cut);
    const query = new URLSearchParams(cut < 0 ? '' : target.slice(cut));
    try {
      return await this.#options.handle({ path, method, query, accept });
    } catch {
      // the handler logs what it does not expect; a prober learns only that it failed
      return { status: 500, contentType: 'text/plain', text: 'failed\n' };
    }
  }
}
