/** Parts of a text, each under its title: what a pane of the screen says, without its box. */
import { cellWidth } from '../format/width.ts';
import type { PaneSpec } from '../lines/body.ts';
import { fitLine, type Line, span, textOf, wrapWords } from '../theme/tokens.ts';

/** One line for each, cut where it is too long: as a log is read. */
export function section(title: string, lines: readonly Line[], cells: number): string[] {
  return ['', title, ...lines.map((l) => `  ${textOf(fitLine(l, cells - 2))}`)];
}

const INDENT = 4;

/** Broken between columns, which two blanks or more divide; where one is too long, between words. */
function wrapColumns(text: string, cells: number): readonly string[] {
  const columns = text.split(/(?<=\S)(?=\s{2,}\S)/);
  if (columns.some((column) => cellWidth(column.trim()) > cells - INDENT))
    return wrapWords([span(text)], cells, INDENT).map(textOf);
  const rows: string[] = [];
  for (const column of columns) {
    const row = `${rows.at(-1) ?? ''}${column}`;
    if (rows.length === 0 || cellWidth(row) > cells)
      rows.push(rows.length === 0 ? column : `${' '.repeat(INDENT)}${column.trim()}`);
    else rows[rows.length - 1] = row;
  }
  return rows;
}

/** A list that nobody can move sideways: what is too long goes on below, a little set in. */
export function whole(title: string, lines: readonly Line[], cells: number): string[] {
  const rows = lines.flatMap((line) => wrapColumns(textOf(line), cells - 2));
  return ['', title, ...rows.map((row) => `  ${row}`)];
}

/** What names a key is for whoever has a screen. */
function withoutKeys(line: Line): Line {
  return line[0]?.token === 'key' ? [] : line.filter((part) => part.token !== 'key');
}

/** A pane of the screen, whole: what follows its title there may be a key, so the title is given. */
export function paneSection({ heading, lines }: PaneSpec, title: string, cells: number): string[] {
  const told = lines.map((line) => [line, withoutKeys(line)] as const);
  const kept = told.filter(([line, left]) => left.length > 0 || line.length === 0).map(([, left]) => left);
  return whole(title, [...(heading === undefined ? [] : [heading]), ...kept], cells);
}
