/**
 * Names in a column: as wide as the longest of them, and where that is too much cut so that those which
 * differ still look different. Names of one cluster begin alike (`node-001`, `node-002`): their end is kept.
 */
import { cellWidth, cut, fitText } from './width.ts';

export interface Names {
  /** Cells of the column. */
  readonly width: number;
  /** The name as it is shown, no wider than the column. */
  readonly short: (name: string) => string;
  /** The same in exactly as many cells as the column has. */
  readonly fit: (name: string, align?: 'left' | 'right') => string;
}

/** The longest end of `name` that fits into `cells`; what is cut is marked by `…`. */
function cutStart(name: string, cells: number): string {
  if (cells <= 0 || cellWidth(name) <= cells) return name.slice(0, Math.max(0, cells));
  const letters = [...name];
  while (letters.length > 0 && cellWidth(letters.join('')) > cells - 1) letters.shift();
  return `…${letters.join('')}`;
}

function commonStart(names: readonly string[]): number {
  const [first = ''] = names;
  let length = 0;
  while (length < first.length && names.every((name) => name[length] === first[length])) length++;
  return length;
}

type Cut = (name: string, cells: number) => string;

/** Ways to cut, the best first. */
function cutsOf(long: readonly string[]): readonly Cut[] {
  const start = commonStart(long);
  return [
    cutStart,
    // `…2.eu-west…`: from where they begin to differ
    (name, cells) => {
      const rest = `…${name.slice(start)}`;
      return cellWidth(rest) < cells ? cutStart(name, cells) : cut(rest, cells);
    },
    (name, cells) => {
      const head = cut(name, Math.ceil(cells / 2));
      return `${head}${cutStart(name, cells - cellWidth(head) + 1).slice(1)}`;
    },
  ];
}

/** The first way that tells the most of them apart. */
function bestCut(names: readonly string[], width: number): Cut {
  const long = names.filter((name) => cellWidth(name) > width);
  if (long.length === 0) return cutStart;
  const cuts = cutsOf(long);
  const apart = cuts.map((how) => new Set(long.map((name) => how(name, width))).size);
  return cuts[apart.indexOf(Math.max(...apart))] ?? cutStart;
}

/** A column for these names, free of control characters, of `least` to `most` cells. */
export function namesIn(all: readonly string[], most: number, least = 4): Names {
  const names = [...new Set(all)];
  const longest = names.reduce((cells, name) => Math.max(cells, cellWidth(name)), least);
  const width = Math.min(longest, Math.max(least, most));
  const how = bestCut(names, width);
  const short = (name: string): string => (cellWidth(name) <= width ? name : how(name, width));
  return { width, short, fit: (name, align) => fitText(short(name), width, align) };
}
