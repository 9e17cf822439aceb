/** `sqlcc man [command]`: a manual page, or all of them into a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqlccError } from '../../base/index.ts';
import type { Run } from '../context.ts';
import { manualPage, manualPages } from '../manual.ts';

export const man: Run = async ({ printer }, { args, flags }) => {
  const { VERSION } = await import('../../../daemon/version.ts');
  const dir = flags.text('dir');
  if (dir !== undefined) {
    const pages = manualPages(VERSION);
    mkdirSync(dir, { recursive: true });
    for (const [name, text] of pages) writeFileSync(join(dir, name), text);
    printer.note(`${pages.size} pages in ${dir}`);
    return 0;
  }
  const path = args.join(' ');
  const page = manualPage(path, VERSION);
  if (page === null) {
    throw new SqlccError('invalid_argument', `no command "${path}"`, { hint: 'see sqlcc --help' });
  }
  printer.raw(page);
  return 0;
};
