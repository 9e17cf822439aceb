/** Options of the client's methods; the answers' types are the API's own. */
import type { OperationView, ReadLevel, SqlRequest } from '../api/index.ts';

/** What a caller shows, and whom it trusts. */
export interface Credentials {
  /** The cluster's CA, PEM. */
  readonly ca: string;
  /** Certificate and key, PEM; or `token`. */
  readonly cert?: string;
  readonly key?: string;
  /** Access token, sent as bearer. */
  readonly token?: string;
}

export interface SqlccClientOptions extends Credentials {
  /** `host:port` of some nodes; the others are learned from them. */
  readonly endpoints: readonly string[];
  /**
   * Reads the credentials anew, for programs that outlive a renewal: asked when a node takes those that are
   * shown no more, or can't be reached with them.
   */
  readonly credentials?: () => Credentials;
  /** Deadline of each call that names none, ms; LIMITS.defaultRequestTimeoutMs without. */
  readonly timeoutMs?: number;
  /** Give up once every address has failed, instead of trying until the deadline: for one-shot commands. */
  readonly failFast?: boolean;
}

/** Options that every call takes. */
export interface CallOptions {
  /** Deadline, ms from now. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** `node` pins a call to that node: no redirect, no other address. */
export interface PinnedOptions extends CallOptions {
  readonly node?: string;
}

export interface WaitOptions extends CallOptions {
  /** Called with the operation each time its phase or state has changed. */
  readonly onPhase?: (operation: OperationView) => void;
}

export interface HistoryOptions extends PinnedOptions {
  readonly stepMs?: number;
}

export interface StatusOptions extends PinnedOptions {
  /** The answering node's own copy at once, with its age. */
  readonly stale?: boolean;
}

export type SqlStatement = SqlRequest['statements'][number];

export interface ReadOptions extends PinnedOptions {
  /** Default `linearizable`. */
  readonly level?: ReadLevel;
  /** For level `session`: a state at or after this index. */
  readonly minIndex?: number;
}

export interface WriteOptions extends CallOptions {
  /** Only if the key has this version; 0 = only if it does not exist. */
  readonly ifVersion?: number;
}

export interface ListOptions extends ReadOptions {
  readonly prefix?: string;
  readonly limit?: number;
}

export interface WatchOptions {
  /** One key, or all with a prefix. */
  readonly key?: string;
  readonly prefix?: string;
  /** Changes behind this version; without it, changes from now on. */
  readonly after?: number;
  readonly signal?: AbortSignal;
}

export interface EventsOptions {
  /** A cursor or an index: events behind it; `0` = all stored ones. Without it only new ones. */
  readonly after?: string;
  /** Default true; false ends with the newest event. */
  readonly follow?: boolean;
  /** Kinds; all without. */
  readonly types?: readonly string[];
  readonly signal?: AbortSignal;
  /** Only what this node tells; without it whichever answers, the next one when that is lost. */
  readonly node?: string;
}

/** A token for a new node, or for a person or program; `user`: it has whatever role that user has. */
export interface TokenCreate {
  readonly kind: 'access' | 'join';
  readonly role: string;
  readonly ttlMs?: number;
  readonly nodeId?: string;
  readonly user?: string;
}
