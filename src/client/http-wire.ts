/** The real `Wire`: requests and call streams of rpc's HTTP client. Translates shapes, decides nothing. */
import { HttpClient } from '../rpc/index.ts';
import type { SqlccClientOptions } from './types.ts';
import type { Endpoint, Lane, StreamOptions, Wire, WireAnswer, WireRequest } from './wire.ts';

export class HttpWire implements Wire {
  readonly #http: HttpClient;

  constructor({ ca, cert, key, token }: SqlccClientOptions) {
    this.#http = new HttpClient({
      ca,
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(token !== undefined && { token }),
    });
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

  openLane(endpoint: Endpoint): Promise<Lane> {
    return this.#http.openCallStream(endpoint);
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
