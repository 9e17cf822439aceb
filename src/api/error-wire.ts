/**
 * `SqlccError` ↔ the JSON body `{code, message, hint, details, retryable}`. The body
 * carries no stack and no cause: those belong into the log of the node that failed.
 */
import type { ErrorCode } from '../base/index.ts';
import { ERROR_TABLE, SqlccError } from '../base/index.ts';
import type { ErrorBody } from './schemas/common.ts';

/** Codes of statuses that a foreign body (a proxy's page, an empty answer) came with. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  408: 'deadline_exceeded',
  409: 'conflict',
  412: 'precondition_failed',
  413: 'invalid_argument',
  429: 'overloaded',
  501: 'not_implemented',
  503: 'unavailable',
  504: 'outcome_unknown',
};

/**
 * The body of an error answer; `retryable` is true only where the same request is certain not to have
 * happened.
 */
export function errorToWire(error: SqlccError): ErrorBody {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    details: { ...error.details },
    retryable: error.retry === 'safe',
  };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As the schema says it; by hand: every command needs it, and the schema library takes 15 ms to load. */
function isErrorBody(body: unknown): body is ErrorBody {
  if (!isRecord(body) || typeof body['retryable'] !== 'boolean' || !isRecord(body['details'])) return false;
  return ['code', 'message', 'hint'].every((key) => typeof body[key] === 'string');
}

/**
 * The error that an answer with `status` (≥ 300) and this parsed body stands for. Total: a body of another
 * shape, or a code of a newer version, becomes the code that the status stands for.
 */
export function errorFromWire(status: number, body: unknown): SqlccError {
  const fallback = CODE_OF_STATUS[status] ?? 'internal';
  if (!isErrorBody(body))
    return new SqlccError(fallback, `the answer has status ${status} and no error body`);
  const { code, message, hint, details } = body;
  if (isErrorCode(code)) return new SqlccError(code, message, { hint, details });
  return new SqlccError(fallback, `${code}: ${message}`, { hint, details });
}
