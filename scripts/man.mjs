// Writes all manual pages into a folder, for packagers: node scripts/man.mjs [FOLDER], default dist/man/man1.
// Read them with: man -M dist/man sqlcc-cluster-status
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manualPages } from '../src/cli/manual.ts';

const root = join(import.meta.dirname, '..');
const folder = process.argv[2] ?? join(root, 'dist', 'man', 'man1');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pages = manualPages(version);
mkdirSync(folder, { recursive: true });
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
console.log(`${pages.size} pages in ${folder}`);
