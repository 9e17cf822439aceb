import { describe, expect, it } from 'vitest';
import { isTryDue } from '../../../src/rpc/peer-line.ts';

describe('isTryDue', () => {
  it('tries a line each 5 s while its peer is heard, or was never, or has long had nothing to say', () => {
    for (const quietMs of [0, 900, 60_000, Number.POSITIVE_INFINITY]) {
      expect(isTryDue(4800, quietMs), `quiet for ${quietMs} ms`).toBe(false);
      expect(isTryDue(5000, quietMs)).toBe(true);
    }
  });

  it('tries it at once when a peer that was heard falls silent, and when it was never tried', () => {
    expect(isTryDue(200, 1200)).toBe(true);
    expect(isTryDue(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(true);
  });
});
