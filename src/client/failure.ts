/**
 * Between answers, errors and what retry.ts wants to know about them. The API's own reader
 * of error bodies loads the schemas; a client that follows a redirect must not wait for that.
 */
import { type Duration, ERROR_TABLE, type ErrorCode, SqlccError } from '../base/index.ts';
import type { Failure, Reach } from './retry.ts';
import type { Endpoint, WireAnswer } from './wire.ts';

function isCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERROR_TABLE, text);
}

/** The code that fits a bare HTTP status, for answers that are not ours (a proxy's). */
function codeOfStatus(status: number): ErrorCode {
  if (status === 307) return 'not_leader';
  if (status === 429) return 'overloaded';
  if (status === 504) return 'outcome_unknown';
  if (status >= 500) return 'internal';
  const found = Object.entries(ERROR_TABLE).find(([, row]) => row.http === status);
  return found === undefined ? 'invalid_argument' : (found[0] as ErrorCode);
}

/** What the server said, as an error; undefined for 2xx. */
export function errorOfAnswer(answer: WireAnswer, endpoint: Endpoint): SqlccError | undefined {
  if (answer.status >= 200 && answer.status < 300) return undefined;
  const body = (answer.body ?? {}) as Record<string, unknown>;
  const code = isCode(body.code) ? body.code : codeOfStatus(answer.status);
  const message = typeof body.message === 'string' ? body.message : `${endpoint} answered ${answer.status}`;
  return new SqlccError(code, message, {
    details: (body.details ?? {}) as Record<string, unknown>,
    ...(typeof body.hint === 'string' && { hint: body.hint }),
  });
}

/** The leader's address in a `not_leader` answer. */
export function leaderOfError(error: SqlccError): Endpoint | undefined {
  const leader = error.details.leader as { host?: unknown; port?: unknown } | undefined;
  if (typeof leader?.host !== 'string' || typeof leader.port !== 'number') return undefined;
  return formatEndpoint(leader.host, leader.port);
}

/** `host:port`; an IPv6 address gets its brackets. */
export function formatEndpoint(host: string, port: number): Endpoint {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads a rejection of the wire (see wire.ts). */
export function failureOfRejection(error: unknown): {
  readonly failure: Failure;
  readonly error: SqlccError;
} {
  const known =
    error instanceof SqlccError
      ? error
      : new SqlccError('outcome_unknown', (error as Error)?.message ?? String(error), { cause: error });
  return { failure: { code: known.code, reach: reachOf(known) }, error: known };
}

/** `details.sent` tells where it is known; without it only what never opens a connection counts as unsent. */
function reachOf(error: SqlccError): Reach {
  const { sent } = error.details;
  if (typeof sent === 'boolean') return sent ? 'silent' : 'unsent';
  if (error.code === 'unavailable' || error.code === 'overloaded') return 'unsent';
  // refused by this side before sending, or by the node instead of a stream: its word, not silence
  return ERROR_TABLE[error.code].retry === 'no' ? 'answered' : 'silent';
}

/** The node has taken no connection yet, and may still do so. */
export function isLate(error: SqlccError): boolean {
  return error.details['late'] === true;
}

/** What a wait of `waitedMs` for a connection ends with; other errors as they are. */
export function tooLate(last: SqlccError, waitedMs: Duration): SqlccError {
  if (!isLate(last)) return last;
  const why = `no connection within ${Math.round(waitedMs)} ms`;
  const hint = 'check that it runs; one that is only busy or far away needs a longer timeout';
  const text = `${last.details['endpoint']} cannot be reached: ${why}`;
  return new SqlccError(last.code, text, { details: { ...last.details, why }, cause: last, hint });
}

/** A refused connection is said of one node; when all refuse, whoever reads it must know that all did. */
export function unreached(
  { allFailed, endpoints }: { readonly allFailed: boolean; readonly endpoints: readonly Endpoint[] },
  last: SqlccError,
): SqlccError {
  if (!allFailed || endpoints.length < 2 || last.code !== 'unavailable') return last;
  // the cause before the addresses: where a line is cut, it is what must be read
  const { why } = last.details;
  const cause = typeof why === 'string' ? why : last.message;
  const text = `none of ${endpoints.length} nodes can be reached: ${cause} (${endpoints.join(', ')})`;
  return new SqlccError(last.code, text, { details: last.details, cause: last, hint: last.hint });
}

/** The error that a caller gets in the end; `code` may say more than the last attempt's own. */
export function finalError(code: ErrorCode, last: SqlccError): SqlccError {
  if (code === last.code) return last;
  return new SqlccError(code, last.message, { details: last.details, cause: last });
}
