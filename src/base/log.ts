/** Port `Logger`: events with fields, not prose. Cores do not log; drivers log what cores return. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields of an event, from one vocabulary: node, peer, term, index, ms, reason, error. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  /**
   * `error` = a person must act, `warn` = may become one, `info` = the cluster's history, `debug` = per
   * message.
   */
  log(level: LogLevel, event: string, fields?: LogFields): void;
}

/** A logger that says nothing. */
export const silentLogger: Logger = { log: () => {} };
