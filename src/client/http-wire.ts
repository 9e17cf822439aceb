/** The real `Wire`: requests and call streams of rpc's HTTP client. Translates shapes, decides nothing. */
import { LIMITS } from '../base/index.ts';
import { HttpClient } from '../rpc/index.ts';
import { type RenewableWire, RenewedWire } from './renewed-wire.ts';
import type { Credentials, SqlccClientOptions } from './types.ts';
import type { Endpoint, Lane, StreamOptions, Wire, WireAnswer, WireRequest } from './wire.ts';

/** A busy node takes a connection at once and shakes hands late: to begin anew would only add to that. */
const HANDSHAKE_MS = LIMITS.handshakeTimeoutMs;
/** Dialling, the handshake and the node's word. */
const LANE_MS = HANDSHAKE_MS + 2000;

/** HTTP/2 with these credentials, or with newer ones where they can be read anew. */
export function wireOf({ credentials, ...shown }: SqlccClientOptions): Wire {
  const wire = new HttpWire(shown);
  return credentials === undefined ? wire : new RenewedWire(wire, shown, credentials);
}

/** Without what else may be in the same record. */
function plain({ ca, cert, key, token }: Credentials): Credentials {
  return {
    ca,
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(token !== undefined && { token }),
  };
}

class HttpWire implements RenewableWire {
  readonly #http: HttpClient;

  constructor(credentials: Credentials) {
    this.#http = new HttpClient({ ...plain(credentials), handshakeTimeoutMs: HANDSHAKE_MS });
  }

  async request(
    endpoint: Endpoint,
    request: WireRequest,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<WireAnswer> {
    const answer = await this.#http.request({ endpoint, ...request, timeoutMs, ...(signal && { signal }) });
    const { status, headers, text } = answer;
    const isText = headers['content-type']?.includes('json') === false;
    return { status, headers, body: isText ? text : answer.json() };
  }

  stream(endpoint: Endpoint, request: WireRequest, { signal }: StreamOptions): AsyncIterable<unknown> {
    return this.#http.stream({ endpoint, ...request, signal });
  }

  reload(credentials: Credentials): void {
    this.#http.reload(plain(credentials));
  }

  openLane(endpoint: Endpoint): Promise<Lane> {
    return this.#http.openCallStream(endpoint, LANE_MS);
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
