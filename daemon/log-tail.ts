/** The newest lines of the daemon's log in memory, for screens that have no access to its file. */
import type { LogFields, LogLevel, Timestamp } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';

export interface TailLine {
  readonly at: Timestamp;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** Longer texts of a field are cut: a stack trace is for the file. */
const FIELD_LIMIT = 300;

export class LogTail {
  #lines: TailLine[] = [];

  add(line: TailLine): void {
    this.#lines.push({ ...line, fields: shortened(line.fields) });
    if (this.#lines.length > LIMITS.logTail * 1.25) this.#lines = this.#lines.slice(-LIMITS.logTail);
  }

  /** Oldest first, at most LIMITS.logTail of them. */
  lines(): readonly TailLine[] {
    return this.#lines.slice(-LIMITS.logTail);
  }
}

function shortened(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' && value.length > FIELD_LIMIT ? `${value.slice(0, FIELD_LIMIT)}…` : value,
    ]),
  );
}
