import { expect } from 'vitest';
import { cellWidth } from '../../tui/format/width.ts';

/** The sizes at which screens are drawn and looked at, one of each tier: columns and rows. */
export const SIZES = [
  [200, 60],
  [120, 36],
  [80, 24],
  [60, 15],
  [44, 12],
] as const;

/** A drawn screen has no line too many, and none too wide. */
export function expectFits(text: string, columns: number, rows: number, name: string): void {
  const lines = text.replace(/\n$/, '').split('\n');
  expect(lines.length, name).toBeLessThanOrEqual(rows);
  expect(Math.max(...lines.map((line) => cellWidth(line))), name).toBeLessThanOrEqual(columns);
}
