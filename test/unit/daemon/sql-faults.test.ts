/** What counts in `error_rate`. */
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../daemon/sql-service.ts';
import { ERROR_CODES, type ErrorCode, SqlccError } from '../../../src/base/index.ts';

const sql = (sqlstate: string) => new SqlccError('sql_error', 'x', { details: { sqlstate } });

describe('isFault', () => {
  it('is what the service could not do, not what was asked wrongly', () => {
    const faults = ERROR_CODES.filter((code: ErrorCode) => isFault(new SqlccError(code, 'x')));
    expect(faults.sort()).toEqual([
      ...['deadline_exceeded', 'internal', 'no_leader', 'no_quorum', 'outcome_unknown', 'overloaded'],
      ...['storage_failed', 'unavailable'],
    ]);
  });

  it.each([
    ['a unique constraint', '23505', false],
    ['a typo', '42601', false],
    ['no such table', '42P01', false],
    ['a value that does not fit', '22003', false],
    ['a statement that was ended', '57014', true],
    ['too little memory', '53200', true],
    ['a broken page', 'XX001', true],
  ])('%s (%s): %j', (_what, sqlstate, expected) => {
    expect(isFault(sql(sqlstate))).toBe(expected);
  });

  it('is a bug that nobody thought of', () => {
    expect(isFault(new TypeError('x'))).toBe(true);
  });
});
