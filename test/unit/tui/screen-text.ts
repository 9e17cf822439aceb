/** A screen as the text of its rows, bands side by side, without the overlay. */
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';

export function screenText(model: Model, columns: number, rows: number): string {
  const screen = screenOf({ model, symbols: UNICODE }, columns, rows);
  const body = screen.bands.flatMap((band) =>
    Array.from({ length: band.height }, (_, i) =>
      band.panes.map((pane) => textOf(pane.rows[i]?.line ?? []).padEnd(pane.width)).join(''),
    ),
  );
  return [...screen.head.map((h) => textOf(h.line)), ...body, textOf(screen.foot.line)].join('\n');
}
