/**
 * For esbuild: what Ink measures of a text is kept from picture to picture. As shipped it measures every
 * line of the screen anew for each one, letter by letter with a segmenter, though of 36 lines two have
 * changed when a row is selected; that was more than half of what a picture costs. The two places are
 * changed as they are bundled, and a version of them that looks different stops the build.
 */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/** Kept texts, until all of them are forgotten: some hundred screens. */
const MOST = 8192;

const CHANGES: readonly {
  readonly file: RegExp;
  readonly from: string;
  readonly to: string;
  readonly behind: string;
}[] = [
  {
    // widths of whole texts; told with options they are measured
    file: /\/node_modules\/string-width\/index\.js$/,
    from: 'export default function stringWidth(',
    to: 'function measure(',
    behind: `
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
    from: 'caches = new OutputCaches();',
    to: 'caches = keptCaches();',
    behind: `
      let kept = new OutputCaches();
      function keptCaches() {
        const most = Math.max(kept.widths.size, kept.blockWidths.size, kept.styledChars.size);
        if (most >= ${MOST / 8}) kept = new OutputCaches();
        return kept;
      }`,
  },
];

export const keptWidths: Plugin = {
  name: 'kept-widths',
  setup(build) {
    const done = new Set<RegExp>();
    for (const { file, from, to, behind } of CHANGES) {
      build.onLoad({ filter: file }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (text.split(from).length !== 2) throw new Error(`${path} has no single "${from}"`);
        done.add(file);
        return { contents: text.replace(from, to) + behind, loader: 'js' };
      });
    }
    build.onEnd(() => {
      const missing = CHANGES.filter(({ file }) => !done.has(file));
      if (missing.length > 0) throw new Error(`not bundled: ${missing.map((c) => c.file.source).join(', ')}`);
    });
  },
};
