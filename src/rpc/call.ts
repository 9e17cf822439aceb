/**
 * One request as a handler sees it, and what it answers. The same for HTTP/2,
 * HTTP/1.1 and calls inside a call stream: a handler cannot tell them apart, so
 * policy and errors cannot differ between them.
 */
import type { EndpointName } from '../api/index.ts';
import type { Identity } from '../auth/index.ts';

export interface Call {
  readonly endpoint: EndpointName;
  /** Decoded `{name}` segments of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Already checked by the endpoint's schema; undefined where the endpoint takes no body. */
  readonly body: unknown;
  readonly identity: Identity;
  readonly remoteAddress: string;
  /**
   * Aborted when the caller is gone or its deadline has passed without an answer. Not by the end of a
   * stream.
   */
  readonly signal: AbortSignal;
  /** Milliseconds until the caller's deadline, never negative. */
  remainingMs(): number;
}

/** At most one of `body`, `text` and `stream`. */
export interface Answer {
  /** HTTP status, default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON document. */
  readonly body?: unknown;
  readonly text?: string;
  /** Of `text`; default `text/plain; charset=utf-8`. */
  readonly contentType?: string;
  /** One JSON document a line (NDJSON), paced by the reader. */
  readonly stream?: AsyncIterable<unknown>;
}

/** Answers, or throws `SqlccError`. Anything else thrown is a bug and reaches the caller as `internal`. */
export type Handler = (call: Call) => Promise<Answer>;

/** A missing handler answers `not_implemented`. */
export type Handlers = { readonly [N in EndpointName]?: Handler };
