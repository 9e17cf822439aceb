/** A whole screen as cells: what stands where, in which attributes. For pictures of it in any form. */

import { Graphemes } from '../format/segmenter.ts';
import { cellWidth } from '../format/width.ts';
import type { Screen } from '../lines/screen.ts';
import type { Look } from '../theme/look.ts';
import { toAscii } from '../theme/symbols.ts';
import type { Line, Token } from '../theme/tokens.ts';

export interface Cell {
  /** A letter with its marks; '' behind one of two cells. */
  readonly text: string;
  /** SGR parameters, '' for none. */
  readonly sgr: string;
}

const BLANK: Cell = { text: ' ', sgr: '' };
const graphemes = new Graphemes();

interface Spot {
  readonly top: number;
  readonly left: number;
  readonly width: number;
}

/** Exactly `rows` times `columns` cells. */
export function cellsOf(screen: Screen, look: Look): readonly (readonly Cell[])[] {
  const { columns, rows } = screen.layout;
  const grid = Array.from({ length: rows }, () => Array.from({ length: columns }, () => BLANK));
  const veil: Token | undefined = screen.overlay?.veils === true ? 'muted' : undefined;
  const put = (line: Line, over: Token | undefined, { top, left, width }: Spot): void => {
    const row = grid[top];
    if (row === undefined) return;
    let x = left;
    const end = Math.min(columns, left + width);
    for (const span of line) {
      const text = look.symbols.ascii ? toAscii(span.text) : span.text;
      for (const { segment } of graphemes.segment(text)) {
        const cells = cellWidth(segment);
        if (x + cells > end) return;
        row[x] = { text: segment, sgr: look.theme[over ?? span.token] };
        if (cells === 2) row[x + 1] = { text: '', sgr: look.theme[over ?? span.token] };
        x += cells;
      }
    }
  };
  for (const [top, row] of screen.head.entries())
    put(row.line, veil ?? row.over, { top, left: 0, width: columns });
  let top = screen.head.length;
  for (const band of screen.bands) {
    let left = 0;
    for (const pane of band.panes) {
      for (const [i, row] of pane.rows.entries())
        put(row.line, veil ?? row.over, { top: top + i, left, width: pane.width });
      left += pane.width;
    }
    top += band.height;
  }
  put(screen.foot.line, screen.foot.over, { top: rows - 1, left: 0, width: columns });
  const { overlay } = screen;
  if (overlay !== null) {
    const { left, width } = overlay;
    for (const [i, row] of overlay.rows.entries())
      put(row.line, row.over, { top: overlay.top + i, left, width });
  }
  return grid;
}
