/** Pictures in one line: bars and sparklines, in block characters or plain ASCII. */

const BLOCKS = '▁▂▃▄▅▆▇█';
const ASCII_STEPS = '_.-=+*#@';

/** `ratio` of `cells` filled: `██████░░`. A ratio under one never looks full. */
export function bar(ratio: number, cells: number, ascii: boolean): string {
  const clamped = Math.min(1, Math.max(0, ratio));
  const full = clamped === 1 ? cells : Math.min(cells - 1, Math.floor(clamped * cells));
  return (ascii ? '#' : '█').repeat(full) + (ascii ? '.' : '░').repeat(cells - full);
}

/**
 * The mean of `values` in `cells` slices of the newest `most`, the newest at the end; null = no sample in it.
 * Fewer values make fewer cells.
 */
export function condensed(
  values: readonly (number | null)[],
  cells: number,
  most: number,
): readonly (number | null)[] {
  if (cells >= most) return values;
  const from = values.length - most;
  const edge = (i: number) => Math.max(0, from + Math.floor((i * most) / cells));
  const slices = Array.from({ length: cells }, (_, i) => values.slice(edge(i), edge(i + 1)));
  return slices
    .filter((slice) => slice.length > 0)
    .map((slice) => {
      const known = slice.filter((v) => v !== null);
      return known.length === 0 ? null : known.reduce((sum, v) => sum + v, 0) / known.length;
    });
}

/** The newest `cells` of `values`, each in 0…1, right-aligned; null = no sample. */
export function sparkline(values: readonly (number | null)[], cells: number, ascii: boolean): string {
  const steps = ascii ? ASCII_STEPS : BLOCKS;
  const shown = values.slice(-cells);
  const drawn = shown.map((v) => {
    if (v === null || !Number.isFinite(v)) return ascii ? ' ' : '·';
    return steps[Math.min(7, Math.max(0, Math.floor(v * 8)))] ?? ' ';
  });
  return ' '.repeat(Math.max(0, cells - shown.length)) + drawn.join('');
}
