/**
 * Errors of SQLite, sorted by one question: would every replica see it? A constraint,
 * a syntax error, a text too long are answers of the statement. A full disk, an I/O
 * error, damage or missing memory belong to this machine, and nobody may go on after
 * one: the entry would be skipped here and applied elsewhere.
 */

/** Shape of the errors that `node:sqlite` throws; `errcode` is SQLite's extended code. */
export interface EngineError {
  readonly errcode: number;
  readonly message: string;
}

export function isEngineError(error: unknown): error is EngineError {
  return typeof (error as { errcode?: unknown } | null)?.errcode === 'number';
}

/** PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOLFS, NOTADB. */
const MACHINE = [3, 5, 6, 7, 8, 10, 11, 13, 14, 15, 22, 26];
/**
 * CORRUPT_VTAB, CORRUPT_SEQUENCE, CORRUPT_INDEX: a statement can bring these about by
 * itself (a full-text index fed with other texts than it was asked to delete), the
 * same on every replica. Where only one disk is damaged the digests tell.
 */
const OWN_FAULT = [267, 523, 779];

/** True when the error is this machine's, not the statement's. */
export function isMachineError(error: EngineError): boolean {
  return MACHINE.includes(error.errcode & 0xff) && !OWN_FAULT.includes(error.errcode);
}

const BY_CODE: Readonly<Record<number, string>> = {
  2067: '23505',
  1555: '23505',
  2579: '23505',
  1299: '23502',
  787: '23503',
  275: '23514',
  1811: 'P0001',
  3091: '42804',
  267: 'XX002',
  523: 'XX002',
  779: 'XX002',
};
const BY_FAMILY: Readonly<Record<number, string>> = {
  5: '55P03',
  6: '55P03',
  8: '25006',
  9: '57014',
  18: '54000',
  19: '23000',
  20: '42804',
  23: '42501',
  25: '07001',
};
const BY_TEXT: readonly (readonly [RegExp, string])[] = [
  [/syntax error|incomplete input|unrecognized token/, '42601'],
  [/no such table|no such view/, '42P01'],
  [/no such column|has no column named/, '42703'],
  [/no such function|wrong number of arguments/, '42883'],
  [/no such index|no such trigger/, '42704'],
  [/already exists/, '42P07'],
  [/ambiguous column/, '42702'],
  [/prohibited in|non-deterministic/, '42P17'],
  [/too many|too large|too big|too deep|parser stack|Expression tree/, '54000'],
  [/integer overflow/, '22003'],
  [/may not be modified|may not be dropped|may not be altered|object name reserved/, '42501'],
];

/** SQLSTATE of an error, after PostgreSQL's table (appendix A); 42000 where nothing better is known. */
export function sqlstateOf(error: EngineError): string {
  const known = BY_CODE[error.errcode] ?? BY_FAMILY[error.errcode & 0xff];
  return known ?? BY_TEXT.find(([text]) => text.test(error.message))?.[1] ?? '42000';
}
