/**
 * Operating errors: what may happen in normal life and what somebody does about it.
 * One closed table gives each code its HTTP status, exit code, retry class and
 * advice. Bugs are assertions, never one of these.
 */

/**
 * Whether the same request may be sent again: `safe` = nothing happened, `unknown` = it may have, `no` =
 * pointless.
 */
export type RetryClass = 'safe' | 'unknown' | 'no';

interface ErrorRow {
  readonly http: number;
  readonly exit: number;
  readonly retry: RetryClass;
  readonly hint: string;
}

/** The closed table of codes; exit codes as printed in the help of `sqlcc`. */
export const ERROR_TABLE = {
  invalid_argument: { http: 400, exit: 2, retry: 'no', hint: 'correct the request' },
  config_invalid: { http: 400, exit: 10, retry: 'no', hint: 'correct the listed lines and try again' },
  sql_error: { http: 400, exit: 1, retry: 'no', hint: 'correct the statement; nothing was changed' },
  unauthenticated: {
    http: 401,
    exit: 8,
    retry: 'no',
    hint: 'use the context that cluster init wrote, or a token',
  },
  permission_denied: { http: 403, exit: 8, retry: 'no', hint: 'ask an admin for a role that may do this' },
  not_found: { http: 404, exit: 11, retry: 'no', hint: 'check the name' },
  conflict: { http: 409, exit: 9, retry: 'no', hint: 'read the current version and decide again' },
  precondition_failed: { http: 412, exit: 9, retry: 'no', hint: 'read the current version and decide again' },
  failed_precondition: { http: 409, exit: 6, retry: 'no', hint: 'see the reasons' },
  session_expired: {
    http: 409,
    exit: 9,
    retry: 'no',
    hint: 'open a new session; check whether the write took effect',
  },
  overloaded: { http: 429, exit: 1, retry: 'safe', hint: 'slow down and try again' },
  not_leader: { http: 307, exit: 1, retry: 'safe', hint: 'ask the leader' },
  no_leader: {
    http: 503,
    exit: 4,
    retry: 'safe',
    hint: 'an election is under way, or a majority is gone: see cluster status',
  },
  no_quorum: { http: 503, exit: 4, retry: 'safe', hint: 'start the missing voters' },
  unavailable: { http: 503, exit: 5, retry: 'safe', hint: 'check that the node runs and is reachable' },
  outcome_unknown: {
    http: 504,
    exit: 7,
    retry: 'unknown',
    hint: 'it may have happened: read before you repeat',
  },
  deadline_exceeded: { http: 504, exit: 7, retry: 'unknown', hint: 'try again with more time' },
  storage_failed: { http: 503, exit: 1, retry: 'safe', hint: 'check the disk of the node' },
  not_implemented: { http: 501, exit: 10, retry: 'no', hint: 'see the README for what this version has' },
  internal: { http: 500, exit: 1, retry: 'unknown', hint: 'a bug: see the log of the node' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** All codes, for schemas. */
export const ERROR_CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

/**
 * Machine-readable facts about one failure, e.g. `{leader: {node_id, host, port}}`; snake_case as on the
 * wire.
 */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface SqlccErrorOptions {
  readonly details?: ErrorDetails;
  /** Replaces the table's advice where something better is known. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The one error that edges throw. `message` is lower-case, says what happened to what, and carries no
 * secret.
 */
export class SqlccError extends Error {
  override readonly name = 'SqlccError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: SqlccErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.hint = options.hint ?? ERROR_TABLE[code].hint;
  }

  get httpStatus(): number {
    return ERROR_TABLE[this.code].http;
  }

  get exitCode(): number {
    return ERROR_TABLE[this.code].exit;
  }

  get retry(): RetryClass {
    return ERROR_TABLE[this.code].retry;
  }
}
