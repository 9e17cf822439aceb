/** `--since`: from when on events are wanted. */
import { parseDuration, SqlccError } from '../base/index.ts';

/** Wall time from which events are wanted: `10m` ago, or an instant. */
export function sinceTime(text: string, now: number): number {
  const ms = parseDuration(text, null);
  const at = ms === undefined ? Date.parse(text) : now - ms;
  if (Number.isFinite(at) && (ms !== undefined || /^\d{4}-/.test(text))) return at;
  throw new SqlccError(
    'invalid_argument',
    `--since takes a duration such as 10m, or a time such as 2026-01-31T12:00:00Z, not "${text}"`,
  );
}
