import { expect, it } from 'vitest';
import { exitCodeOf, notPlayed } from '../verdict.ts';

it.each([
  [{ asked: 5, skipped: 0, failed: 0 }, 0, null],
  [{ asked: 5, skipped: 2, failed: 0 }, 3, '2 of 5 not played'],
  [{ asked: 5, skipped: 5, failed: 0 }, 3, '5 of 5 not played'],
  // what failed is worse than what was left out
  [{ asked: 5, skipped: 2, failed: 1 }, 1, '2 of 5 not played'],
  [{ asked: 0, skipped: 0, failed: 0 }, 1, null],
])('exitCodeOf %j is %i, and the last line says what is missing', (plays, code, line) => {
  expect(exitCodeOf(plays)).toBe(code);
  if (line === null) expect(notPlayed(plays)).toBeNull();
  else expect(notPlayed(plays)).toContain(line);
});
