/** How a program leaves its terminal: the settings behind it against those before, and what it had switched on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Terminal } from './pty.ts';

/** What the program runs within: a shell that notes down in a folder how the terminal is set. */
export function noting(folder: string, program: readonly string[]): readonly string[] {
  const script = 'D=$1; shift; stty -g >"$D/before"; "$@"; code=$?; stty -g >"$D/after"; exit $code';
  return ['/bin/sh', '-c', script, 'sh', folder, ...program];
}

/** To the program itself, not to the shell around it. */
export function signalInside(terminal: Terminal, signal: string): void {
  const [pid = ''] = execFileSync('pgrep', ['-P', String(terminal.pid)], { encoding: 'utf8' }).split('\n');
  process.kill(Number(pid), signal);
}

/** Whether the last of both that was written is `off`, and `on` was at all. */
function isOff(raw: string, on: string, off: string): boolean {
  return raw.includes(on) && raw.lastIndexOf(off) > raw.lastIndexOf(on);
}

/** The buffer, the settings, the cursor and the mouse are as before; behind a screen that takes pastes, these too. */
export function expectAsBefore(terminal: Terminal, folder: string, takesPastes = true): void {
  const settings = (when: string): string => readFileSync(join(folder, when), 'utf8');
  expect(terminal.buffer).toBe('normal');
  expect(settings('before'), 'settings of a terminal').toMatch(/^[0-9a-f]+:/);
  expect(settings('after'), 'keys').toBe(settings('before'));
  expect(terminal.hearsMouse).toBe(false);
  expect(isOff(terminal.raw, '\x1b[?25l', '\x1b[?25h'), 'the cursor').toBe(true);
  if (takesPastes) expect(isOff(terminal.raw, '\x1b[?2004h', '\x1b[?2004l'), 'bracketed paste').toBe(true);
}
