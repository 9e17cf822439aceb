/** What a row of the endpoint table says. */
import type * as z from 'zod';
import type { Scope } from '../auth/index.ts';

export type HttpMethod = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Endpoint {
  readonly method: HttpMethod;
  /** `{name}` is one percent-encoded segment. */
  readonly path: string;
  readonly scope: Scope;
  /** What this very body needs besides `scope`, where one route does things of different weight. */
  readonly scopeOf?: (body: unknown) => Scope;
  /** null = no body. */
  readonly request: z.ZodType | null;
  /** Bytes of the body; default LIMITS.maxPlainBodyBytes. */
  readonly maxBody?: number;
  /** One document, or one line of an NDJSON stream when `stream`. */
  readonly response: z.ZodType;
  readonly stream?: boolean;
  /** A write: a follower answers 307 with the leader. */
  readonly leaderOnly?: boolean;
  /** May be repeated without a session key. */
  readonly idempotent: boolean;
  /** Also served on `client_port`. */
  readonly clientPort?: boolean;
  readonly summary: string;
  /** Names of query parameters. */
  readonly query?: readonly string[];
}

/** What only nodes ask of each other. */
export const BY_NODES = { method: 'POST', scope: 'peer', idempotent: true } as const;
