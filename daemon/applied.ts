/** From an applied result to its value, or to the one error that edges throw. */

import type { ErrorCode } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ApplyResult } from '../src/cluster/index.ts';

/** The value; throws the stored error of a command that was refused when it was applied. */
export function resultOf(result: ApplyResult): unknown {
  if (result.ok) return result.value;
  throw new SqlccError(result.code as ErrorCode, result.message, { details: result.details ?? {} });
}
