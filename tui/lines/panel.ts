/** A box with a title, or a rule with a title: exactly `height` lines of exactly `width` cells. */
import type { Symbols } from '../theme/symbols.ts';
import { fitLine, type Line, lineWidth, span, type Token } from '../theme/tokens.ts';

export interface PanelStyle {
  readonly symbols: Symbols;
  readonly width: number;
  readonly height: number;
  readonly focused: boolean;
  readonly boxed: boolean;
  /** Overrides the colour of the edge, for dialogs that ask. */
  readonly edge?: Token;
}

/** `content` lines beyond the height are not shown; missing ones are blank. */
export function panel(title: Line, content: readonly Line[], style: PanelStyle): Line[] {
  return style.boxed ? boxed(title, content, style) : ruled(title, content, style);
}

function titled(title: Line, edge: Token, fill: string, cells: number): Line {
  const room = Math.max(0, cells - 2);
  const width = Math.min(lineWidth(title), Math.max(0, room - 1));
  const shown = width === lineWidth(title) ? title : fitLine(title, width);
  return [span(' '), ...shown, span(' '), span(fill.repeat(Math.max(0, room - width)), edge)];
}

function boxed(title: Line, content: readonly Line[], style: PanelStyle): Line[] {
  const { symbols, width, height } = style;
  const edge = style.edge ?? (style.focused ? 'focus' : 'muted');
  const [topLeft, topRight, bottomLeft, bottomRight, across, down] = symbols.box;
  const inner = Math.max(0, width - 2);
  const lines: Line[] = [[span(topLeft, edge), ...titled(title, edge, across, inner), span(topRight, edge)]];
  for (let i = 0; i < height - 2; i++) {
    lines.push([span(down, edge), ...fitLine(content[i] ?? [], inner), span(down, edge)]);
  }
  lines.push([span(bottomLeft + across.repeat(inner) + bottomRight, edge)]);
  return lines.slice(0, height).map((l) => fitLine(l, width));
}

function ruled(title: Line, content: readonly Line[], style: PanelStyle): Line[] {
  const edge = style.focused ? 'focus' : 'muted';
  const across = style.symbols.box[4];
  const head: Line = [span(across, edge), ...titled(title, edge, across, style.width - 1)];
  const lines: Line[] = [head];
  for (let i = 0; i < style.height - 1; i++) lines.push(content[i] ?? []);
  return lines.map((l) => fitLine(l, style.width));
}
