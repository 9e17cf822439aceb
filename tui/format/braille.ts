/** Line charts in braille: two points across and four down in each cell. */

/** Bits of the dots of a cell, by column and row from the top. */
const DOTS: readonly (readonly [number, number, number, number])[] = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

export interface Chart {
  readonly columns: number;
  readonly rows: number;
  /** What the top of the chart stands for; the bottom is 0. */
  readonly top: number;
  readonly ascii: boolean;
}

/** Points that `columns` cells can show. */
export function pointsOf(columns: number): number {
  return columns * 2;
}

/** The next of 1, 2, 5, 10, 20, … at or above `value`. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const scale = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((s) => s * scale >= value) ?? 10;
  return step * scale;
}

/** Rows of the chart, from the top. Neighbouring points are joined; null leaves a gap. */
export function brailleChart(values: readonly (number | null)[], chart: Chart): string[] {
  const { columns, rows, top, ascii } = chart;
  if (ascii) return asciiChart(values, chart);
  const cells: number[][] = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const height = rows * 4;
  let before: number | null = null;
  values.slice(-pointsOf(columns)).forEach((value, x) => {
    if (value === null || !Number.isFinite(value)) {
      before = null;
      return;
    }
    const y = levelOf(value, top, height);
    const from: number = before === null ? y : before + Math.sign(y - before);
    for (let at = Math.min(from, y); at <= Math.max(from, y); at++) {
      const row = cells[rows - 1 - (at >> 2)];
      const dot = DOTS[x & 1]?.[3 - (at & 3)] ?? 0;
      if (row !== undefined) row[x >> 1] = (row[x >> 1] ?? 0) | dot;
    }
    before = y;
  });
  return cells.map((row) => row.map((bits) => String.fromCodePoint(0x2800 + bits)).join(''));
}

/** The row from the top where a line at `value` is, and what it is drawn with; null = above the top. */
export function boundRow(
  value: number,
  { rows, top, ascii }: Chart,
): { readonly row: number; readonly dash: string } | null {
  if (!(value >= 0) || value > top) return null;
  if (ascii) return { row: rows - 1 - levelOf(value, top, rows), dash: '-' };
  const y = levelOf(value, top, rows * 4);
  const bits = DOTS.reduce((all, column) => all | (column[3 - (y & 3)] ?? 0), 0);
  return { row: rows - 1 - (y >> 2), dash: String.fromCodePoint(0x2800 + bits) };
}

function levelOf(value: number, top: number, height: number): number {
  return Math.min(height - 1, Math.max(0, Math.round((value / top) * (height - 1))));
}

function asciiChart(values: readonly (number | null)[], { columns, rows, top }: Chart): string[] {
  const shown = values.slice(-pointsOf(columns));
  const lines: string[][] = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));
  for (let x = 0; x < columns; x++) {
    const value = shown[x * 2 + 1] ?? shown[x * 2] ?? null;
    if (value === null || !Number.isFinite(value)) continue;
    const row = lines[rows - 1 - levelOf(value, top, rows)];
    if (row !== undefined) row[x] = '*';
  }
  return lines.map((l) => l.join(''));
}
