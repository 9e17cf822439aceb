/** Screens as text files; only `UPDATE=1` writes one. */
import { join } from 'node:path';
import { expectFile } from '../cli/harness.ts';

export function expectScreen(text: string, name: string): void {
  expectFile(join(import.meta.dirname, 'golden', `${name}.txt`), text);
}
