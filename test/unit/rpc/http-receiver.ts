/** A receiver of JSON on loopback that behaves as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Behaviour = (response: ServerResponse, request: ReceivedRequest) => void;

/** Answers `status` with `body`. */
export function answer(status: number, body = '', headers: Record<string, string> = {}): Behaviour {
  return (response) => response.writeHead(status, headers).end(body);
}

export class HttpReceiver {
  /** What it got, oldest first, whatever it answered. */
  readonly requests: ReceivedRequest[] = [];
  behaviour: Behaviour = answer(200, 'ok');
  readonly #server: Server;
  readonly #scheme: 'http' | 'https';
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  private constructor(tls: { cert: string; key: string } | null) {
    this.#scheme = tls === null ? 'http' : 'https';
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url = '', headers } = request;
        const received = { path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
        this.requests.push(received);
        this.behaviour(response, received);
      });
    };
    this.#server = tls === null ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on('connection', (socket: Socket) => {
      this.#connections++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** On loopback unless another address of this machine is given. */
  static async start(
    tls: { cert: string; key: string } | null = null,
    address = '127.0.0.1',
  ): Promise<HttpReceiver> {
    const receiver = new HttpReceiver(tls);
    receiver.#server.listen(0, address);
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that were made to it. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections that stand now. */
  get open(): number {
    return this.#sockets.size;
  }

  url(path = '/hook', host = '127.0.0.1'): string {
    return `${this.#scheme}://${host}:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}
