/**
 * Plain tables: capital headings, aligned columns two spaces apart, no lines; easy to
 * read, to cut and to grep. Cells are made safe here, so no caller can forget it.
 */
import { safe, widthOf } from './width.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'dim';
export type Cell = string | number | null | undefined | { readonly text: string; readonly tone: Tone };

export interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => Cell;
  readonly align?: 'right';
  /** Only with `-o wide`. */
  readonly wide?: boolean;
}

export interface TableStyle {
  readonly wide: boolean;
  readonly color: boolean;
}

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

/** Lines of the table, heading first; no line ends in a space. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  style: TableStyle,
): string[] {
  const shown = columns.filter((c) => style.wide || c.wide !== true);
  const cells = rows.map((row) => shown.map((column) => column.of(row)));
  const widths = shown.map((column, i) =>
    Math.max(widthOf(column.name), ...cells.map((line) => widthOf(plain(line[i])))),
  );
  const draw = (line: readonly Cell[]): string => {
    const drawn = shown.map((column, i) => {
      const cell = line[i];
      const text = plain(cell);
      const pad = ' '.repeat((widths[i] ?? 0) - widthOf(text));
      const painted = typeof cell === 'object' && cell !== null ? paint(text, cell.tone, style.color) : text;
      return column.align === 'right' ? pad + painted : painted + pad;
    });
    return drawn.join(GAP).trimEnd();
  };
  return [draw(shown.map((c) => c.name)), ...cells.map(draw)];
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
