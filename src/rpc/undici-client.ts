/**
 * Loads undici's `Client` with the two calls that are used, `connect` and `request`:
 * the whole package costs twice the time (50 against 22 ms) and 8 MB more. It has no
 * `exports` map, so its files may be loaded; its version is pinned.
 */
import { subscribe } from 'node:diagnostics_channel';
import { type ClientHttp2Stream, constants } from 'node:http2';
import { createRequire } from 'node:module';
import type { TLSSocket } from 'node:tls';
import type { Client } from 'undici';
import { must } from '../base/index.ts';
import type { ClientTls } from './tls.ts';
import { type DialOptions, dial } from './tls.ts';

type ClientClass = typeof Client;
let loaded: ClientClass | undefined;
/** Marks the connections of these clients: a program that uses the SDK may have HTTP/2 of its own. */
const OWN = Symbol('of an h2Client');
/** Errors of dialling: whatever was to be sent was certainly not. */
const dialErrors = new WeakSet<Error>();

export function isDialError(error: unknown): boolean {
  return error instanceof Error && dialErrors.has(error);
}

/**
 * undici gives a call up by `close` and `destroy`. A close without a code waits until what was written has
 * left, and Node 26 then forgets the reset when the stream is destroyed meanwhile: nghttp2 goes on with a
 * stream whose data are gone, and as soon as the peer takes more it writes empty frames into memory without
 * end, in native code. With a code the reset leaves at once.
 */
function resetUnsent(stream: ClientHttp2Stream): void {
  const { session } = stream;
  // the socket of a session is a proxy that answers to a read alone
  if (session === undefined || session.destroyed || Reflect.get(session.socket, OWN) !== true) return;
  const close = stream.close.bind(stream);
  stream.close = (code, callback) =>
    close(
      code ?? (stream.writableFinished ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL),
      callback,
    );
}

/** undici's `Client`, loaded when first asked for. */
export function clientClass(): ClientClass {
  if (loaded !== undefined) return loaded;
  const load = createRequire(import.meta.url);
  // what undici's own index.js does for all of its calls
  const dispatcher = load('undici/lib/dispatcher/dispatcher.js') as { prototype: object };
  Object.assign(dispatcher.prototype, {
    connect: load('undici/lib/api/api-connect.js') as unknown,
    request: load('undici/lib/api/api-request.js') as unknown,
  });
  loaded = load('undici/lib/dispatcher/client.js') as ClientClass;
  subscribe('http2.client.stream.created', (message) =>
    resetUnsent((message as { readonly stream: ClientHttp2Stream }).stream),
  );
  return loaded;
}

export interface H2ClientOptions {
  /** `host:port`; IPv6 in brackets. */
  readonly address: string;
  readonly tls: ClientTls;
  readonly connectTimeoutMs: number;
  readonly judge?: DialOptions['judge'];
  readonly handshake?: DialOptions['handshake'];
  /** An idle session is closed after this long. */
  readonly keepAliveMs: number;
  readonly maxConcurrentStreams: number;
  /** The connection under the session, whenever one was made. */
  readonly connected?: (socket: TLSSocket) => void;
  /** Begins to dial; `giveUp` ends that, which the client's own `destroy` does not. */
  readonly dialling?: (giveUp: () => void) => void;
}

/** `host:port` cut in two, IPv6 in brackets or not; null when it is no address. */
export function splitAddress(address: string): { host: string; port: number } | null {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const port = Number(address.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) return null;
  return URL.canParse(originOf(host, port)) ? { host, port } : null;
}

function originOf(host: string, port: number): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * One HTTP/2 session to one address, made when first used. Every wait on it needs its own timer:
 * undici's are coarse.
 */
export function h2Client(options: H2ClientOptions): Client {
  const { host, port } = must(splitAddress(options.address), `an address in ${options.address}`);
  const { tls, judge, handshake } = options;
  const Class = clientClass();
  return new Class(originOf(host, port), {
    allowH2: true,
    connect: (_options, callback) => {
      const how = { ...(judge && { judge }), ...(handshake && { handshake }) };
      const goal = { host, port, tls, timeoutMs: options.connectTimeoutMs, ...how };
      const giveUp = dial(goal, (error, socket) => {
        if (error !== null) dialErrors.add(error);
        if (socket === null) return callback(error as Error, null);
        Object.assign(socket, { [OWN]: true });
        options.connected?.(socket);
        callback(null, socket);
      });
      options.dialling?.(giveUp);
    },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: options.keepAliveMs,
    keepAliveMaxTimeout: options.keepAliveMs,
    h2Options: {
      maxConcurrentStreams: options.maxConcurrentStreams,
      connectionWindowSize: 2 * 1024 * 1024,
      settings: { initialWindowSize: 1024 * 1024 },
    },
  });
}
