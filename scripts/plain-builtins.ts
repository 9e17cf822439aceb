/**
 * Modules of Node by `require` in what was bundled. Importing one makes Node read every name that it has, and
 * some of those load more when they are read: `node:fs` costs 5 ms, `node:process` 6, `node:util` 9,
 * `node:child_process` 15, of the 30 ms that a process needs to begin at all.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As esbuild writes it: `import x, { a as b } from "node:y";`, over one line or several. */
const IMPORT = /^import (?:([\w$]+)(?:, )?)?(?:\* as ([\w$]+)|\{([^}]*)\})? ?from "(node:[\w/]+)";$/gm;

/**
 * `text` with `require`, which the banner in its first line makes, in its second one: imports are there
 * before anything runs, wherever they stand.
 */
export function withPlainBuiltins(text: string): string {
  const loads: string[] = [];
  const rest = text.replace(IMPORT, (all, whole, namespace, names, from) => {
    // a module that is required has no such name
    if (names !== undefined && /\bdefault\b/.test(names)) return all;
    const load = `require("${from}")`;
    if (whole !== undefined) loads.push(`const ${whole} = ${load};`);
    if (namespace !== undefined) loads.push(`const ${namespace} = ${load};`);
    if (names !== undefined)
      loads.push(`const {${names.replaceAll(' as ', ': ').replace(/\s+/g, ' ')}} = ${load};`);
    return '';
  });
  const end = rest.indexOf('\n');
  return loads.length === 0 ? text : `${rest.slice(0, end)}\n${loads.join(' ')}${rest.slice(end)}`;
}

/** Rewrites every file of `folder` that was bundled. */
export function plainBuiltins(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!/\.m?js$/.test(name)) continue;
    const file = join(folder, name);
    writeFileSync(file, withPlainBuiltins(readFileSync(file, 'utf8')));
  }
}
