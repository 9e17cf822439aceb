/** Screens as text files; only `UPDATE=1` writes one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectFile } from '../cli/harness.ts';
import type { Terminal } from './pty.ts';

function fileOf(name: string): string {
  return join(import.meta.dirname, 'golden', `${name}.txt`);
}

export function expectScreen(text: string, name: string): void {
  expectFile(fileOf(name), text);
}

/** A screen as drawn. */
export function drawn(name: string): string {
  return readFileSync(fileOf(name), 'utf8');
}

/** The screen comes to rest as drawn, but for what `as` makes the same each time; answers it. */
export async function expectDrawn(
  terminal: Terminal,
  name: string,
  as: (text: string) => string = (text) => text,
): Promise<string> {
  const isDrawnNow = process.env['UPDATE'] === '1' || !existsSync(fileOf(name));
  const wanted = isDrawnNow ? null : drawn(name);
  const isDone = (t: string): boolean => (wanted === null ? t.trim() !== '' : as(t) === wanted);
  // nothing tells when a screen is whole that is drawn for the first time
  const text = as(await terminal.settled(isDone, wanted === null ? 700 : 250));
  expectScreen(text, name);
  return text;
}
