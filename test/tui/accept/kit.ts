/**
 * What the acceptance scripts of the screen share. `npm run accept:tui` plays all of them; `npm test` only
 * those that are quick and need no daemons of their own.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { MAIN } from '../../cluster/harness.ts';
import { Terminal, type TerminalOptions } from '../pty.ts';

/** All scripts instead of the quick ones. */
export const WHOLE = process.env['SQLCC_ACCEPT'] === 'whole';

export const SQLCC = join(dirname(MAIN), '..', 'bin', 'sqlcc');

const open: Terminal[] = [];
function closeTerminals(): void {
  for (const terminal of open.splice(0)) terminal.kill();
}
afterEach(closeTerminals);

/** A terminal that ends with its test. */
export function kept(terminal: Terminal): Terminal {
  open.push(terminal);
  return terminal;
}

/** `sqlcc top` in a terminal of its own, with the first whole picture. */
export async function top(
  contextFile: string,
  options: Partial<TerminalOptions> = {},
  ready: RegExp = /★ n\d .*quorum \d\/\d OK|★n\d t\d/,
): Promise<Terminal> {
  const env = { SQLCC_CONFIG: contextFile, ...options.env };
  const terminal = kept(new Terminal([SQLCC, 'top'], { columns: 120, rows: 36, ...options, env }));
  await terminal.until((t) => ready.test(t.split('\n')[0] ?? ''), 'the first picture');
  return terminal;
}

/**
 * Presses a key until it is answered, as a person would: where the machine is busy it may be read together with
 * the key before it, and no capital letter of a burst does anything. Each time it has twice as long for it.
 */
export async function pressed(terminal: Terminal, key: string, answer: string): Promise<void> {
  for (let waitMs = 2000; ; waitMs *= 2) {
    terminal.type(key);
    try {
      await terminal.until((t) => t.includes(answer), answer, waitMs);
      return;
    } catch (error) {
      if (waitMs > 30_000) throw error;
    }
  }
}

/** The leader and the term of the first line; null while there is none. */
export function headline(text: string): { leader: string; term: number } | null {
  const found = /★ ?(n\d)\s+(?:term |t)(\d+)/.exec(text.split('\n')[0] ?? '');
  return found === null ? null : { leader: found[1] ?? '', term: Number(found[2]) };
}

export interface LogEntry {
  readonly at: string;
  readonly event: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

/** What a daemon wrote of itself. */
export function logOf(file: string): LogEntry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogEntry);
}

/** A figure that an acceptance script measured, for whoever reads its output. */
export function tell(what: string, value: number | string): void {
  process.stdout.write(`accept: ${what}: ${value}\n`);
}

/** `ms` as the screen writes it: `12 ms`, `2.31 s`, `1m05s`. */
export function msOf(words: string): number {
  const [, whole = '', unit = ''] = /^([\d.]+) ?(ms|s|µs)$/.exec(words.trim()) ?? [];
  expect(unit, `"${words}" is a time`).not.toBe('');
  return Number(whole) * (unit === 's' ? 1000 : unit === 'ms' ? 1 : 0.001);
}
