/**
 * How many terminal cells a text takes, and cutting and filling to a number of
 * cells. ASCII is the fast path; East Asian wide letters count two, marks none.
 */

import { NARROW } from './segmenter.ts';

/** Ranges of code points that terminals draw two cells wide (Unicode 16, East Asian Width W and F). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];

function cellsOf(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300 || PLAIN.test(char)) return 1;
  if (/\p{M}/u.test(char)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

const ASCII = /^[\x20-\x7e]*$/;
/** Without the tables of marks, which take 10 ms to make. */
const PLAIN = new RegExp(`^[${NARROW}]*$`);

/** Cells that `text` takes; it must be free of control characters (see `clean`). */
export function cellWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const char of text) cells += cellsOf(char);
  return cells;
}

/** The longest beginning of `text` that fits into `cells`; what is cut is marked by `…`. */
export function cut(text: string, cells: number): string {
  if (cells <= 0) return '';
  if (cellWidth(text) <= cells) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    const next = cellsOf(char);
    if (used + next > cells - 1) break;
    out += char;
    used += next;
  }
  return `${out}…`;
}

/** `text` in exactly `cells` cells. */
export function fitText(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, cells);
  const space = ' '.repeat(Math.max(0, cells - cellWidth(short)));
  return align === 'left' ? short + space : space + short;
}

/**
 * Text from outside, made harmless: escape sequences, control characters, bidi and
 * zero-width marks disappear, picture letters become a box, white space one blank.
 */
export function clean(text: string): string {
  if (ASCII.test(text)) return text;
  return (
    text
      // CSI, OSC and other escape sequences with their parameters
      .replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|.)/g, '')
      .replace(/\s+/g, ' ')
      .replace(
        /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
        '',
      )
      .replace(/[\ufe00-\ufe0f\u{e0000}-\u{e01ef}]/gu, '')
      .replace(/\p{Extended_Pictographic}/gu, (char) => ((char.codePointAt(0) ?? 0) > 0x2fff ? '□' : char))
  );
}
