/**
 * Small readings of a request that several routes share: levels, sessions, versions, sizes. Throws
 * invalid_argument with what, where and what to do.
 */
import type { ReadLevel } from '../src/api/index.ts';
import type { LogIndex } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { CommandEnvelope, CommandOrigin, SqlEnvelope, StateCommand } from '../src/cluster/index.ts';
import type { Call } from '../src/rpc/index.ts';

/** A yes-or-no parameter of the query: there, and not `0` or `false`. */
export function isSet(flag: string | undefined): boolean {
  return flag !== undefined && flag !== '0' && flag !== 'false';
}

const LEVELS: readonly string[] = ['linearizable', 'session', 'weak', 'none'];

/** How a read wants to be answered. */
export interface ReadWish {
  readonly level: ReadLevel;
  readonly minIndex: LogIndex;
}

/** From the query string, or from a body's `level` and `min_index`. */
export function readWish(level: string | undefined, minIndex: string | number | undefined): ReadWish {
  const wanted = level ?? 'linearizable';
  if (!LEVELS.includes(wanted)) {
    throw new SqlccError('invalid_argument', `level "${wanted}" is none of ${LEVELS.join(', ')}`);
  }
  const index = minIndex === undefined ? 0 : Number(minIndex);
  if (!Number.isSafeInteger(index) || index < 0)
    throw new SqlccError('invalid_argument', `min_index "${minIndex}" is no log index`);
  if (wanted === 'session' && minIndex === undefined) {
    throw new SqlccError('invalid_argument', 'level session needs min_index: the index of your last write');
  }
  return { level: wanted as ReadLevel, minIndex: index };
}

/** `If-Match: "V"` as a version; null without the header. */
export function ifMatch(header: string | undefined): LogIndex | null {
  if (header === undefined) return null;
  const match = /^(?:W\/)?"?(\d{1,16})"?$/.exec(header.trim());
  if (!match)
    throw new SqlccError('invalid_argument', `If-Match "${header.slice(0, 40)}" is no version`, {
      hint: 'give the version as a number; 0 = must not exist',
    });
  return Number(match[1]);
}

export function checkKey(key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > LIMITS.maxKeyBytes) {
    throw new SqlccError('invalid_argument', `a key has 1 to ${LIMITS.maxKeyBytes} bytes, this one ${bytes}`);
  }
  return key;
}

export function checkValue(value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes > LIMITS.maxValueBytes) {
    throw new SqlccError(
      'invalid_argument',
      `a value has at most ${LIMITS.maxValueBytes} bytes, this one ${bytes}`,
    );
  }
  return value;
}

/** The session key of a mutation from the headers x-sqlcc-session and x-sqlcc-seq; both or none. */
export function sessionKey(call: Call): { session: string; seq: number } | undefined {
  return sessionOf(call.headers['x-sqlcc-session'], call.headers['x-sqlcc-seq']);
}

/**
 * The session key of a request that may say it in its body and in its headers: from whichever has it, and
 * refused when they differ, since the write would run once under each.
 */
export function sessionKeyOf(
  body: { readonly session?: string | undefined; readonly seq?: number | undefined },
  call: Call,
): { session: string; seq: number } | undefined {
  const inBody = sessionOf(body.session, body.seq);
  const inHeaders = sessionKey(call);
  const differ = inHeaders?.session !== inBody?.session || inHeaders?.seq !== inBody?.seq;
  if (inBody !== undefined && inHeaders !== undefined && differ) {
    throw new SqlccError('invalid_argument', 'the body names another session or seq than the headers', {
      hint: 'say it once: in the body, or in x-sqlcc-session and x-sqlcc-seq',
    });
  }
  return inBody ?? inHeaders;
}

/** Refuses a session where none is kept: to ignore it would promise exactly once and not keep it. */
export function refuseSession(call: Call): void {
  if (sessionKey(call) === undefined) return;
  throw new SqlccError('invalid_argument', 'sessions are for SQL and key-values: this request has none', {
    hint: 'leave x-sqlcc-session and x-sqlcc-seq out; look at the state before repeating it',
  });
}

export function sessionOf(
  session: string | undefined,
  seq: string | number | undefined,
): { session: string; seq: number } | undefined {
  if (session === undefined && seq === undefined) return undefined;
  const number = Number(seq);
  if (session === undefined || !Number.isSafeInteger(number) || number < 1) {
    throw new SqlccError('invalid_argument', 'session and seq belong together, seq counts from 1');
  }
  return { session, seq: number };
}

/** The bytes of a log entry; `more`: what makes it exactly-once, or where it came from. */
export function encodeCommand(
  command: StateCommand,
  actor: string,
  more: Omit<CommandEnvelope, 'command' | 'actor'> = {},
): Uint8Array {
  const envelope: CommandEnvelope = { command, actor, ...more };
  return Buffer.from(JSON.stringify(envelope));
}

/** Where a call came from and what proved the caller. */
export function originOf({ identity, remoteAddress }: Call): CommandOrigin {
  const { kind, id, serial } = identity;
  const credential = kind === 'token' ? id : serial === null ? '' : `certificate:${serial}`;
  return { from: remoteAddress, credential };
}

export function encodeSql(envelope: SqlEnvelope): Uint8Array {
  return Buffer.from(JSON.stringify(envelope));
}
