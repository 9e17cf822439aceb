/**
 * Asks people, never programs: without a terminal there is no question and the command says
 * what to give instead.
 */
import { createInterface } from 'node:readline/promises';
import { SqlccError } from '../base/index.ts';
import type { Terminal } from './output/terminal.ts';

/** Throws unless `--yes` was given or somebody can be asked; call it before anything else happens. */
export function requireConsent(canAsk: boolean, isYes: boolean, verb: string): void {
  if (isYes || canAsk) return;
  throw new SqlccError(
    'invalid_argument',
    `${verb} changes the cluster and there is no terminal to confirm on`,
    {
      hint: 'give --yes if you mean it, or --dry-run to see what would happen',
    },
  );
}

/** One line from the terminal, trimmed; null at its end (Ctrl-D). The question goes to stderr. */
export async function ask(terminal: Terminal, question: string, signal: AbortSignal): Promise<string | null> {
  const reader = createInterface({ input: terminal.stdin, output: terminal.stderr, terminal: true });
  try {
    const closed = new Promise<null>((resolve) => reader.once('close', () => resolve(null)));
    const answer = await Promise.race([reader.question(question, { signal }), closed]);
    return answer === null ? null : answer.trim();
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    reader.close();
  }
}

/** True when the answer is `expected`, typed out. */
export async function askTyped(terminal: Terminal, expected: string, signal: AbortSignal): Promise<boolean> {
  return (await ask(terminal, `type "${expected}" to go on, anything else to stop: `, signal)) === expected;
}

/** Yes or no; no is the default. */
export async function askYes(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N] `, signal);
  return answer !== null && /^y(es)?$/i.test(answer);
}
