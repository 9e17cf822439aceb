import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/state/digest.ts';

const put = { key: 'k', version: 7, term: 2, timestamp: 1_700_000_000_000 };
const of = (value: unknown): number => digestOf({ ok: true, value });

describe('digestOf', () => {
  it('is equal for equal writes of keys, and another one where anything differs', () => {
    expect(of({ ...put })).toBe(of(put));
    const others = [
      { ...put, key: 'l' },
      { ...put, key: 'kk' },
      { ...put, version: 8 },
      { ...put, version: 7 + 2 ** 33 },
      { ...put, term: 3 },
      { ...put, timestamp: put.timestamp + 1 },
      { ...put, timestamp: put.timestamp + 2 ** 32 },
    ];
    expect(new Set([put, ...others].map(of)).size).toBe(others.length + 1);
  });

  it('is a safe integer whatever the result, and leaves texts of errors out', () => {
    const results = [
      { ok: true, value: put } as const,
      { ok: true, value: null } as const,
      { ok: true, value: [{ rows: [[1]] }] } as const,
      { ok: false, code: 'conflict', message: 'a', details: { version: 1 } } as const,
    ];
    for (const result of results) expect(Number.isSafeInteger(digestOf(result))).toBe(true);
    const refused = { ok: false, code: 'conflict', details: {} } as const;
    expect(digestOf({ ...refused, message: 'a' })).toBe(digestOf({ ...refused, message: 'b' }));
  });
});
