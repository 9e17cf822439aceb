/** Builds of the program with a bug: a copy of the sources, a replacement in them, their own dist. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../../src/base/index.ts';
import type { Bug, Edit } from './bugs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const COPIED = ['src', 'daemon', 'tui', 'scripts', 'package.json', 'tsconfig.json'];

/** The text with the replacement; throws unless `from` occurs exactly once. */
export function edited(text: string, { file, from, to }: Edit): string {
  const at = text.indexOf(from);
  assert(at >= 0, `${file} no longer holds: ${from}`);
  assert(text.indexOf(from, at + 1) < 0, `${file} holds more than once: ${from}`);
  return text.slice(0, at) + to + text.slice(at + from.length);
}

/** The texts of a bug's files with all its replacements. */
export function textsOf({ edits }: Bug): Map<string, string> {
  const texts = new Map<string, string>();
  for (const edit of edits) {
    const before = texts.get(edit.file) ?? readFileSync(join(ROOT, edit.file), 'utf8');
    texts.set(edit.file, edited(before, edit));
  }
  return texts;
}

/** Builds the program with the bug in `dir`; answers the arguments of node that run it. */
export function buildWith(bug: Bug, dir: string): string[] {
  mkdirSync(dir, { recursive: true });
  for (const name of COPIED) cpSync(join(ROOT, name), join(dir, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  for (const [file, text] of textsOf(bug)) writeFileSync(join(dir, file), text);
  const built = spawnSync(process.execPath, ['scripts/build.mjs', '--no-types'], {
    cwd: dir,
    encoding: 'utf8',
  });
  assert(built.status === 0, `${bug.name} does not build: ${built.stderr}`);
  return [join(dir, 'dist', 'main.js')];
}
