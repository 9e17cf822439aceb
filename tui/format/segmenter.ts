/**
 * Texts cut into what a reader takes for one letter. A screen is written in ASCII, frames and a few signs,
 * each of which is a letter by itself; the segmenter of the language, whose tables take 11 ms to load, is
 * asked for everything else.
 */

/** Each unit of such a text is one letter in one cell: no marks, nothing wide, no picture letters. */
const SIGNS =
  '\\u00a1-\\u00a8\\u00aa-\\u00ac\\u00af-\\u02ff\\u2010-\\u2027\\u2030-\\u203b\\u203d-\\u2048' +
  '\\u2190-\\u2193\\u21d2\\u23ce\\u2500-\\u259f\\u25a0-\\u25a9\\u25ac-\\u25b5\\u25b8-\\u25bf' +
  '\\u25c1-\\u25fa\\u2605\\u2713\\u2717\\u2800-\\u28ff';

/** The body of a class of letters in one cell each: blanks, ASCII and the signs above. */
export const NARROW = `\\x20-\\x7e${SIGNS}`;

/** What can be cut between any two units: that, and controls but for a carriage return. */
const LOOSE = new RegExp(`^[\\x00-\\x0c\\x0e-\\x7f${SIGNS}]*$`);

type Cut = Iterable<Pick<Intl.SegmentData, 'segment' | 'index'>>;

function* units(text: string): Generator<{ readonly segment: string; readonly index: number }> {
  for (let index = 0; index < text.length; index++) yield { segment: text.charAt(index), index };
}

/** `Intl.Segmenter` for graphemes, as far as pictures use it. */
export class Graphemes {
  #real: Intl.Segmenter | undefined;

  segment(text: string): Cut {
    if (LOOSE.test(text)) return units(text);
    this.#real ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
    return this.#real.segment(text);
  }
}
