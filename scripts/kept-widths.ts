/**
 * For esbuild: what Ink does for each picture, or before the first one, though it need not. As shipped it
 * measures every line of the screen anew, letter by letter with a segmenter, though of 36 lines two have
 * changed when a row is selected; that was more than half of what a picture costs. And before the first
 * picture it loads the tables of the language and a whole client for HTTP: 80 ms. The places are changed as
 * they are bundled, and a version of them that looks different stops the build.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { NARROW } from '../tui/format/segmenter.ts';

/** Kept texts, until all of them are forgotten: some hundred screens. */
const MOST = 8192;
/** Cuts texts without the tables of the language where it can. */
const SEGMENTER = JSON.stringify(join(import.meta.dirname, '..', 'tui', 'format', 'segmenter.ts'));
const GRAPHEMES = `\nimport { Graphemes } from ${SEGMENTER};`;

interface Change {
  readonly file: RegExp;
  /** Pieces that stand there once, and what stands there then. */
  readonly swaps: readonly (readonly [from: string, to: string])[];
  readonly behind: string;
}

const CHANGES: readonly Change[] = [
  {
    // widths of whole texts; told with options they are measured
    file: /\/node_modules\/string-width\/index\.js$/,
    swaps: [
      ['export default function stringWidth(', 'function measure('],
      ['new Intl.Segmenter()', 'new Graphemes()'],
      ['/^[\\u0020-\\u007E]*$/', `/^[${NARROW}]*$/`],
      // all flags and families: 20 ms to read, and 20 more for the first test
      ['const rgiEmojiRegex = /^\\p{RGI_Emoji}$/v;', 'let rgiEmojiRegex;'],
      ['rgiEmojiRegex.test(', `(rgiEmojiRegex ??= new RegExp('^\\\\p{RGI_Emoji}$', 'v')).test(`],
    ],
    behind: `${GRAPHEMES}
      const known = new Map();
      export default function stringWidth(input, options) {
        if (options !== undefined || typeof input !== 'string') return measure(input, options);
        let width = known.get(input);
        if (width === undefined) {
          width = measure(input);
          if (known.size >= ${MOST}) known.clear();
          known.set(input, width);
        }
        return width;
      }`,
  },
  {
    // the letters of a text with their colours: read only, so that pictures may share them
    file: /\/node_modules\/ink\/build\/output\.js$/,
    swaps: [['caches = new OutputCaches();', 'caches = keptCaches();']],
    behind: `
      let kept = new OutputCaches();
      function keptCaches() {
        const most = Math.max(kept.widths.size, kept.blockWidths.size, kept.styledChars.size);
        if (most >= ${MOST / 8}) kept = new OutputCaches();
        return kept;
      }`,
  },
  {
    file: /\/node_modules\/ink\/build\/line-update\.js$/,
    swaps: [["new Intl.Segmenter(undefined, { granularity: 'grapheme' })", 'new Graphemes()']],
    behind: GRAPHEMES,
  },
  {
    file: /\/node_modules\/@alcalzone\/ansi-tokenize\/build\/tokenize\.js$/,
    swaps: [['new Intl.Segmenter(undefined, { granularity: "grapheme" })', 'new Graphemes()']],
    behind: GRAPHEMES,
  },
  {
    file: /\/node_modules\/slice-ansi\/tokenize-ansi\.js$/,
    swaps: [["new Intl.Segmenter(undefined, {granularity: 'grapheme'})", 'new Graphemes()']],
    behind: GRAPHEMES,
  },
  {
    file: /\/node_modules\/wrap-ansi\/index\.js$/,
    swaps: [['new Intl.Segmenter()', 'new Graphemes()']],
    behind: GRAPHEMES,
  },
  {
    // its code is in the file: as shipped it is fetched from there, by all that fetches from a network
    file: /\/node_modules\/yoga-layout\/dist\/binaries\/yoga-wasm-base64-esm\.js$/,
    swaps: [
      ['return w||"function"!=typeof fetch?', 'return true?'],
      ['function wa(){var a=H;try{', 'function wa(){var a=H;try{return Buffer.from(a.slice(37),"base64");'],
    ],
    behind: '',
  },
];

function changed(path: string, { swaps, behind }: Change): string {
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of swaps) {
    if (text.split(from).length !== 2) throw new Error(`${path} has no single "${from}"`);
    text = text.replace(from, () => to);
  }
  return text + behind;
}

export const keptWidths: Plugin = {
  name: 'kept-widths',
  setup(build) {
    const done = new Set<Change>();
    for (const change of CHANGES) {
      build.onLoad({ filter: change.file }, ({ path }) => {
        const contents = changed(path, change);
        done.add(change);
        return { contents, loader: 'js' };
      });
    }
    build.onEnd(() => {
      const missing = CHANGES.filter((change) => !done.has(change));
      if (missing.length > 0) throw new Error(`not bundled: ${missing.map((c) => c.file.source).join(', ')}`);
    });
  },
};
