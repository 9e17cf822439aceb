/**
 * NDJSON lines `{at, level, event, …}` on stderr or in a file; the one place of the daemon that writes to a
 * stream.
 */
import { openSync, writeSync } from 'node:fs';
import type { LogFields, Logger, LogLevel, Timestamp } from '../src/base/index.ts';
import type { LogTail } from './log-tail.ts';
import type { LogThreshold } from './log-threshold.ts';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** What moves a cursor, ends a line or turns the direction of reading, and JSON leaves as it is. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** One line that can be shown as it is, and is the same document when it is read. */
function lineOf(document: object): string {
  const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(document).replace(UNSEEN, escaped)}\n`;
}

/** `INFO` → `info`; undefined when it is none of DEBUG INFO WARN ERROR. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const level = text.toLowerCase();
  return Object.hasOwn(RANK, level) ? (level as LogLevel) : undefined;
}

/**
 * A logger that drops what is below the threshold of the moment. A full disk or closed pipe never stops the
 * daemon: lines are lost instead, and stand in `tail` all the same.
 */
export function createLogger(
  threshold: Pick<LogThreshold, 'current'>,
  file: string | null,
  tail: LogTail | null = null,
): Logger {
  const fd = file === null ? 2 : openSync(file, 'a', 0o600);
  return {
    log(lineLevel: LogLevel, event: string, fields: LogFields = {}) {
      if (RANK[lineLevel] < RANK[threshold.current]) return;
      const now = Date.now() as Timestamp;
      tail?.add({ at: now, level: lineLevel, event, fields });
      const at = new Date(now).toISOString();
      const line = lineOf({ at, level: lineLevel.toUpperCase(), event, ...fields });
      try {
        writeSync(fd, line);
      } catch {
        // ENOSPC or EPIPE in logging must not stop consensus
      }
    },
  };
}
