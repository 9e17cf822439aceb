/** Copying to the clipboard of a person's own terminal, through ssh, tmux and GNU screen; or into a file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Terminals drop longer ones without a word: xterm's buffer. */
const MAX_SEQUENCE = 74_994;

/** Of the text that GNU screen hands on in one piece: it holds no more than a few hundred bytes. */
const SCREEN_PIECE = 76;

/** The sequence that sets the clipboard; null when the text is too long for one. */
export function osc52(text: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const sequence = `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;
  if (sequence.length > MAX_SEQUENCE) return null;
  // tmux hands it on only when it is wrapped, with each escape doubled
  if (env['TMUX'] !== undefined) return `\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}\x1b\\`;
  if (env['STY'] === undefined) return sequence;
  // GNU screen hands on what is between DCS and ST, of which it holds a short piece at a time
  const pieces = sequence.match(new RegExp(`.{1,${SCREEN_PIECE}}`, 'g')) ?? [];
  return pieces.map((piece) => `\x1bP${piece}\x1b\\`).join('');
}

/** Writes the text into a private file of `folder` and answers its path. */
export function copyFile(text: string, folder: string, name: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
