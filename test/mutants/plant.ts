/**
 * A copy of the product and its tests with edits in it. It lies below the root, so that
 * packages are found upwards, and in a folder that is nobody's (`.tmp`, git-ignored).
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Edit } from './mutant.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = ['src', 'daemon', 'test', 'vitest.config.ts'] as const;

/** How often `find` stands in `text`. */
export function occurrences(text: string, find: string): number {
  return text.split(find).length - 1;
}

/** `text` with the edit in it; throws when it does not fit exactly once: then the product has moved on. */
export function edited(text: string, { file, find, replace }: Edit): string {
  const count = occurrences(text, find);
  if (count !== 1) throw new Error(`${file}: found ${count} times instead of once: ${find}`);
  // a function, because $ means something in a replacement string
  return text.replace(find, () => replace);
}

const standing = new Set<string>();
// also when this process ends by an error of its own
process.on('exit', () => {
  for (const folder of standing) rmSync(folder, { recursive: true, force: true });
});

function edit(folder: string, edits: readonly Edit[]): void {
  for (const one of edits) {
    const path = join(folder, one.file);
    writeFileSync(path, edited(readFileSync(path, 'utf8'), one));
  }
}

/** A copy with `edits` in it; the caller removes it with `uproot`. */
export function plant(edits: readonly Edit[]): string {
  const parent = join(ROOT, '.tmp');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'mutant-'));
  standing.add(folder);
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  edit(folder, edits);
  return folder;
}

/** The same copy for several bugs in turn: has `edits` in it until `act` ends. */
export async function planted<T>(folder: string, edits: readonly Edit[], act: () => Promise<T>): Promise<T> {
  edit(folder, edits);
  try {
    return await act();
  } finally {
    for (const { file } of edits) cpSync(join(ROOT, file), join(folder, file));
  }
}

export function uproot(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  standing.delete(folder);
}
