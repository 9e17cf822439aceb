/** Screens as text. */
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { cellsOf } from '../../../tui/out/cells.ts';
import { asText } from '../../../tui/out/picture.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { THEMES } from '../../../tui/theme/themes.ts';
import { textOf } from '../../../tui/theme/tokens.ts';

/** Of its rows, bands side by side, without what lies above them. */
export function screenText(model: Model, columns: number, rows: number): string {
  const screen = screenOf({ model, symbols: UNICODE }, columns, rows);
  const body = screen.bands.flatMap((band) =>
    Array.from({ length: band.height }, (_, i) =>
      band.panes.map((pane) => textOf(pane.rows[i]?.line ?? []).padEnd(pane.width)).join(''),
    ),
  );
  return [...screen.head.map((h) => textOf(h.line)), ...body, textOf(screen.foot.line)].join('\n');
}

/** All of it, as a terminal shows it. */
export function drawn(model: Model, columns: number, rows: number): string {
  const look = { theme: THEMES.mono, symbols: UNICODE, colour: false };
  return asText(cellsOf(screenOf({ model, symbols: UNICODE }, columns, rows), look));
}
