/**
 * NDJSON lines `{at, level, event, …}` on stderr or in a file; the one place of the daemon that writes to a
 * stream.
 */
import { openSync, writeSync } from 'node:fs';
import type { LogFields, Logger, LogLevel, Timestamp } from '../src/base/index.ts';
import type { LogTail } from './log-tail.ts';
import type { LogThreshold } from './log-threshold.ts';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

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
      const line = `${JSON.stringify({ at, level: lineLevel.toUpperCase(), event, ...fields })}\n`;
      try {
        writeSync(fd, line);
      } catch {
        // ENOSPC or EPIPE in logging must not stop consensus
      }
    },
  };
}
