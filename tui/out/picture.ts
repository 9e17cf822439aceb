/** A screen as a file: text, text with colours, or an SVG that any browser shows. */
import type { Cell } from './cells.ts';

type Grid = readonly (readonly Cell[])[];

/** Lines without trailing blanks and without escape sequences. */
export function asText(grid: Grid): string {
  return grid
    .map(
      (row) =>
        `${row
          .map((c) => c.text)
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

interface Run {
  readonly text: string;
  readonly sgr: string;
  /** First cell, and how many. */
  readonly at: number;
  readonly cells: number;
}

function runsOf(row: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  row.forEach(({ text, sgr }, at) => {
    const last = runs.at(-1);
    if (last !== undefined && last.sgr === sgr)
      runs[runs.length - 1] = { ...last, text: last.text + text, cells: last.cells + 1 };
    else runs.push({ text, sgr, at, cells: 1 });
  });
  return runs;
}

/** The same with colours, for `cat` in a terminal. */
export function asAnsi(grid: Grid): string {
  const paint = ({ text, sgr }: Run): string => (sgr === '' ? text : `\x1b[${sgr}m${text}\x1b[0m`);
  return grid.map((row) => `${runsOf(row).map(paint).join('')}\n`).join('');
}

const PALETTE = [
  ...['#1d1f21', '#cc6666', '#8fbf60', '#e0b050', '#6f9fd0', '#b294bb', '#6fbfb5', '#c5c8c6'],
  ...['#666a6d', '#e57878', '#a8d878', '#f0c674', '#88b8e8', '#c9a8d8', '#88d8cd', '#ffffff'],
] as const;
const INK = '#c5c8c6';
const PAPER = '#16181a';

/** One of the 256 colours. */
function indexed(n: number): string {
  if (n < 16) return PALETTE[n] ?? INK;
  if (n >= 232) return `rgb(${[0, 0, 0].map(() => 8 + (n - 232) * 10).join()})`;
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const cube = n - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level).join()})`;
}

interface Style {
  fill: string;
  back: string | null;
  bold: boolean;
  dim: boolean;
  underline: boolean;
}

function styleOf(sgr: string): Style {
  const style: Style = { fill: INK, back: null, bold: false, dim: false, underline: false };
  const codes = sgr === '' ? [] : sgr.split(';').map(Number);
  let inverse = false;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) inverse = true;
    else if (code === 38 || code === 48) {
      const colour = indexed(codes[i + 2] ?? 0);
      if (code === 38) style.fill = colour;
      else style.back = colour;
      i += 2;
    } else if (code >= 30 && code <= 37) style.fill = indexed(code - 30);
    else if (code >= 90 && code <= 97) style.fill = indexed(code - 82);
    else if (code >= 40 && code <= 47) style.back = indexed(code - 40);
    else if (code >= 100 && code <= 107) style.back = indexed(code - 92);
  }
  return inverse ? { ...style, fill: style.back ?? PAPER, back: style.fill } : style;
}

const CELL = { width: 8.4, height: 18 } as const;
const MARGIN = 10;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

function round(n: number): string {
  return String(Math.round(n * 100) / 100);
}

function svgRun(run: Run, y: number): string {
  const { fill, back, bold, dim, underline } = styleOf(run.sgr);
  const x = MARGIN + run.at * CELL.width;
  const width = round(run.cells * CELL.width);
  const top = MARGIN + y * CELL.height;
  const box =
    back === null
      ? ''
      : `<rect x="${round(x)}" y="${top}" width="${width}" height="${CELL.height}" fill="${back}"/>`;
  if (run.text.trim() === '') return box;
  const attributes = [
    bold ? ' font-weight="bold"' : '',
    dim ? ' opacity=".6"' : '',
    underline ? ' text-decoration="underline"' : '',
  ].join('');
  // the length is told, so that columns stand under each other in whatever font there is
  const place = `x="${round(x)}" y="${top + 13}" textLength="${width}"`;
  return `${box}<text ${place} fill="${fill}"${attributes}>${escaped(run.text)}</text>`;
}

/** `title` is read out by screen readers. */
export function asSvg(grid: Grid, title: string): string {
  const width = round(2 * MARGIN + (grid[0]?.length ?? 0) * CELL.width);
  const height = 2 * MARGIN + grid.length * CELL.height;
  const rows = grid
    .map((row, y) =>
      runsOf(row)
        .map((run) => svgRun(run, y))
        .join(''),
    )
    .filter((r) => r !== '');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="6" fill="${PAPER}"/>`,
    '<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="14" xml:space="preserve">',
    ...rows,
    '</g>',
    '</svg>\n',
  ].join('\n');
}
