/** The picture as plain text: the same table and panes as the screen, without boxes, cursor or Ink. */

import type { Layout } from '../layout.ts';
import { banner, header } from '../lines/head.ts';
import { nodeLine, tableHeading, tableShape } from '../lines/node-table.ts';
import { alertsPane, electionsPane, quorumPane } from '../lines/panes.ts';
import type { View } from '../lines/view.ts';
import { visibleNodes } from '../model/selectors.ts';
import { toAscii } from '../theme/symbols.ts';
import { fitLine, type Line, textOf } from '../theme/tokens.ts';

const MOST_ELECTIONS = 5;

function section(title: string, lines: readonly Line[], cells: number): string[] {
  return ['', title, ...lines.map((l) => `  ${textOf(fitLine(l, cells - 2))}`)];
}

/** Lines without trailing blanks and without escape sequences. */
export function textPicture(view: View, cells: number): string {
  const layout: Layout = { tier: 'full', columns: cells, rows: 0, headRows: 2, bands: [], boxed: false };
  const rows = visibleNodes(view.model);
  const shape = tableShape(rows, cells);
  const style = { isSelected: false, isStale: false };
  const lines = [
    textOf(header(view, layout)),
    textOf(banner(view, layout)),
    '',
    textOf(tableHeading(shape, cells)),
    ...rows.map((row) => textOf(nodeLine(row, shape, view, style))),
    ...section('QUORUM', quorumPane(view).lines, cells),
    ...section('ELECTIONS', electionsPane(view).lines.slice(0, MOST_ELECTIONS), cells),
    ...section('ALERTS', alertsPane(view).lines, cells),
  ];
  const trimmed = lines.map((l) => l.trimEnd()).join('\n');
  return `${view.symbols.ascii ? trimmed.split('\n').map(toAscii).join('\n') : trimmed}\n`;
}
