/**
 * Plain tables: capital headings, aligned columns two spaces apart, no lines; easy to
 * read, to cut and to grep. Cells are made safe here, so no caller can forget it.
 */
import { cutTo, safe, widthOf } from './width.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'dim';
export type Cell = string | number | null | undefined | { readonly text: string; readonly tone: Tone };

export interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => Cell;
  readonly align?: 'right';
  /** Only with `-o wide`. */
  readonly wide?: boolean;
  /** Where the terminal is too narrow it is `left-out`, or as much of it `cut` as needed. */
  readonly ifNarrow?: 'left-out' | 'cut';
}

export interface TableStyle {
  readonly wide: boolean;
  readonly color: boolean;
  /** Of the terminal; absent = nobody minds how long lines are. */
  readonly columns?: number;
}

/** What is cut keeps this much. */
const LEAST_CUT = 8;

const SGR: Readonly<Record<Tone, string>> = { good: '32', warn: '33', bad: '31', dim: '2' };
const GAP = '  ';

/** `text` in its colour, if colours are on. */
export function paint(text: string, tone: Tone, color: boolean): string {
  return color ? `\u001b[${SGR[tone]}m${text}\u001b[0m` : text;
}

function plain(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  return safe(typeof cell === 'object' ? cell.text : String(cell));
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
}

/** Takes from what may be cut, always from the widest, until a line fits or there is nothing to take. */
function fitted(
  columns: readonly Pick<Column<never>, 'ifNarrow'>[],
  widths: number[],
  most: number,
): number[] {
  const fit = [...widths];
  for (let over = lineWidth(fit) - most; over > 0; over--) {
    const cut = fit.map((width, i) => (columns[i]?.ifNarrow === 'cut' ? width : 0));
    const widest = Math.max(...cut);
    if (widest <= LEAST_CUT) break;
    fit[cut.indexOf(widest)] = widest - 1;
  }
  return fit;
}

/** Lines of the table, heading first; no line ends in a space. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  style: TableStyle,
): string[] {
  const most = style.wide ? Number.POSITIVE_INFINITY : (style.columns ?? Number.POSITIVE_INFINITY);
  const measured = columns
    .filter((column) => style.wide || column.wide !== true)
    .map((column) => {
      const cells = rows.map((row) => column.of(row));
      const ofCells = cells.map((cell) => widthOf(plain(cell)));
      const width = ofCells.reduce((a, b) => Math.max(a, b), widthOf(column.name));
      return { column, cells, width };
    });
  const isNarrow = lineWidth(measured.map(({ width }) => width)) > most;
  const kept = measured.filter(({ column }) => !(isNarrow && column.ifNarrow === 'left-out'));
  const shown = kept.map(({ column }) => column);
  const full = kept.map(({ width }) => width);
  const widths = fitted(shown, full, most);
  const draw = (line: readonly Cell[]): string => {
    const drawn = shown.map((column, i) => {
      const cell = line[i];
      const text = cutTo(plain(cell), widths[i] ?? 0);
      const pad = ' '.repeat((widths[i] ?? 0) - widthOf(text));
      const painted = typeof cell === 'object' && cell !== null ? paint(text, cell.tone, style.color) : text;
      return column.align === 'right' ? pad + painted : painted + pad;
    });
    return drawn.join(GAP).trimEnd();
  };
  const lines = rows.map((_row, n) => kept.map(({ cells }) => cells[n]));
  return [draw(shown.map((c) => c.name)), ...lines.map(draw)];
}

/** `Name:   value` lines for one thing. */
export function factLines(
  facts: readonly (readonly [name: string, value: Cell])[],
  color: boolean,
): string[] {
  const width = Math.max(...facts.map(([name]) => name.length)) + 1;
  return facts.map(([name, value]) => {
    const text = plain(value);
    const painted = typeof value === 'object' && value !== null ? paint(text, value.tone, color) : text;
    return `${`${name}:`.padEnd(width)}  ${painted}`;
  });
}
