/**
 * What a piece of text means, never how it looks. A line of the screen is a list of
 * spans; a theme turns each meaning into terminal attributes. Colour is always the
 * third sign: a symbol and a word say the same.
 */
import { cellWidth, cut } from '../format/width.ts';

export type Token =
  | 'plain'
  | 'title'
  | 'muted'
  | 'focus'
  | 'key'
  | 'leader'
  | 'learner'
  | 'candidate'
  | 'suspect'
  | 'dead'
  | 'maintenance'
  | 'ok'
  | 'warning'
  | 'critical'
  | 'info'
  | 'live'
  | 'frozen'
  | 'lost'
  | 'selected'
  | 'armed';

export interface Span {
  readonly text: string;
  readonly token: Token;
}

/** One row of the screen. */
export type Line = readonly Span[];

export function span(text: string, token: Token = 'plain'): Span {
  return { text, token };
}

export function lineWidth(spans: Line): number {
  let cells = 0;
  for (const s of spans) cells += cellWidth(s.text);
  return cells;
}

/** The line in exactly `cells` cells: cut with `…` or filled with blanks. */
export function fitLine(spans: Line, cells: number): Line {
  const out: Span[] = [];
  let left = cells;
  for (const s of spans) {
    const width = cellWidth(s.text);
    if (width > left) {
      out.push({ text: cut(s.text, left), token: s.token });
      left -= cellWidth(out.at(-1)?.text ?? '');
      break;
    }
    out.push(s);
    left -= width;
  }
  if (left > 0) out.push({ text: ' '.repeat(left), token: 'plain' });
  return out;
}

/** `left` at the left edge and `right` at the right one; the left gives way. */
export function spread(left: Line, right: Line, cells: number): Line {
  const room = cells - lineWidth(right);
  if (room <= 0) return fitLine(right, cells);
  return [...fitLine(left, room), ...right];
}

/** The text alone, for scripts and tests. */
export function textOf(spans: Line): string {
  return spans.map((s) => s.text).join('');
}
