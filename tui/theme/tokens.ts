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

/** The line without its first cells; half of a wide letter is a blank. */
export function dropCells(spans: Line, cells: number): Line {
  let left = cells;
  const out: Span[] = [];
  for (const s of spans) {
    if (left <= 0) {
      out.push(s);
      continue;
    }
    let text = '';
    for (const char of s.text) {
      const width = left > 0 ? cellWidth(char) : 0;
      if (left <= 0) text += char;
      else if (width > left) text += ' ';
      left -= width;
    }
    if (text !== '') out.push({ text, token: s.token });
  }
  return out;
}

/** The whole line in rows of at most `cells`, cut between letters; those below the first are set in. */
export function wrapLine(spans: Line, cells: number): readonly Line[] {
  const rows: Line[] = [];
  for (let rest = spans; rows.length === 0 || lineWidth(rest) > 0; ) {
    const lead: Line = rows.length === 0 ? [] : [{ text: '  ', token: 'plain' }];
    const room = Math.max(2, cells - lead.length * 2);
    const taken = takeCells(rest, room);
    rows.push([...lead, ...taken]);
    // a wide letter that did not fit is not lost
    rest = dropCells(rest, lineWidth(taken));
  }
  return rows;
}

/**
 * The whole line in rows of at most `cells`, broken between words; a longer word is cut between letters. Rows
 * below the first are set in by `indent`.
 */
export function wrapWords(spans: Line, cells: number, indent = 0): readonly Line[] {
  const rows: Span[][] = [[]];
  const lead: Span[] = indent > 0 ? [{ text: ' '.repeat(indent), token: 'plain' }] : [];
  const words = spans.flatMap(({ text, token }) =>
    (text.match(/\s*\S+|\s+$/g) ?? []).map((part) => ({ text: part, token })),
  );
  for (const word of words) {
    const row = rows.at(-1) ?? [];
    if (row.length === 0 || lineWidth(row) + cellWidth(word.text) <= cells) row.push(word);
    else rows.push([...lead, { ...word, text: word.text.trimStart() }]);
  }
  return rows.flatMap((row) => (lineWidth(row) <= cells ? [row] : wrapLine(row, cells)));
}

/** A longer beginning is no sign in front of a text. */
const MOST_SIGN_CELLS = 6;

/** As `wrapWords`, with what does not fit below the text and not below the sign in front of it. */
export function wrapUnderText(spans: Line, cells: number): readonly Line[] {
  const [signs = ''] = /^[^\p{L}\p{N}]*/u.exec(textOf(spans)) ?? [];
  const width = cellWidth(signs);
  return wrapWords(spans, cells, width > MOST_SIGN_CELLS ? 0 : width);
}

/** As many whole letters from the beginning as fit. */
function takeCells(spans: Line, cells: number): Line {
  const out: Span[] = [];
  let left = cells;
  for (const s of spans) {
    let text = '';
    for (const char of s.text) {
      const width = cellWidth(char);
      if (width > left) return [...out, { text, token: s.token }];
      text += char;
      left -= width;
    }
    out.push({ text, token: s.token });
  }
  return out;
}

/** `left` at the left edge and `right` at the right one; the left gives way, and a blank stands between. */
export function spread(left: Line, right: Line, cells: number): Line {
  const room = cells - lineWidth(right);
  if (room <= 0) return fitLine(right, cells);
  const beside = textOf(right);
  const isGlued = beside !== '' && !beside.startsWith(' ') && lineWidth(left) >= room;
  if (!isGlued || textOf(left).at(-1) === ' ') return [...fitLine(left, room), ...right];
  return [...fitLine(left, room - 1), span(' '), ...right];
}

/** The text alone, for scripts and tests. */
export function textOf(spans: Line): string {
  return spans.map((s) => s.text).join('');
}
