/**
 * Port `Wire`: how the client reaches one named address. It knows nothing of leaders,
 * clusters or repeating; http-wire.ts is the real one.
 *
 * What a rejection means is the contract that repeating rests on: `details.sent` false =
 * the request never left this process, true = it left and no answer came back. Without
 * the detail, `unavailable` and `overloaded` count as the first, refusals that will
 * stay as an answer, everything else as the second.
 */

/** `host:port` of a node's API. */
export type Endpoint = string;

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON value; undefined = no body. */
  readonly body?: unknown;
  /** On a lane: may be sent again elsewhere, so that it need not wait for a lane that is left. */
  readonly isMovable?: boolean;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON, or text where the answer says that it is no JSON; null without a body. */
  readonly body: unknown;
}

/** Many calls in flight over one stream to one node. */
export interface Lane {
  /** False once the stream has ended; calls in flight have been rejected by then. */
  readonly isOpen: boolean;
  call(request: WireRequest, timeoutMs: number): Promise<WireAnswer>;
  /**
   * Takes no more calls, rejects those that may move, and waits for the others, at most `patienceMs`.
   * Resolves when it is over.
   */
  leave(reason: string, patienceMs: number): Promise<void>;
  /** Rejects all that is under way. */
  close(): void;
}

export interface StreamOptions {
  readonly signal: AbortSignal;
}

export interface Wire {
  request(
    endpoint: Endpoint,
    request: WireRequest,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<WireAnswer>;
  /** Objects of an NDJSON answer, one by one; ends when the server ends it, throws when it falls silent. */
  stream(endpoint: Endpoint, request: WireRequest, options: StreamOptions): AsyncIterable<unknown>;
  openLane(endpoint: Endpoint): Promise<Lane>;
  close(): Promise<void>;
}
