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

/** Whom to ask, and what was said on the command line. */
export interface Consent {
  readonly canAsk: boolean;
  readonly isYes: boolean;
  /** The name that `--yes-cluster` gave. */
  readonly yesCluster: string | undefined;
}

/**
 * For what can't be undone, where `--yes` alone is not enough: throws unless the name of the cluster was
 * given or can be asked for; call it before anything else happens.
 */
export function requireClusterConsent({ canAsk, isYes, yesCluster }: Consent, verb: string): void {
  if (yesCluster !== undefined || (canAsk && !isYes)) return;
  const why = isYes ? '--yes alone is not enough' : 'there is no terminal to confirm on';
  throw new SqlccError('invalid_argument', `${verb} can’t be undone and ${why}`, {
    hint: 'give --yes-cluster NAME (of the cluster) if you mean it, or --dry-run to see what would happen',
  });
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

/**
 * True when the cluster at hand is the one that is meant: its name was given, or is typed. The question does
 * not show it: whoever can't tell may be at the wrong one.
 * @throws failed_precondition when another one's was given
 */
export async function isClusterMeant(
  terminal: Terminal,
  signal: AbortSignal,
  { given, name }: { readonly given: string | undefined; readonly name: string },
): Promise<boolean> {
  if (given !== undefined) {
    if (given === name) return true;
    throw new SqlccError('failed_precondition', `this is the cluster "${name}", not "${given}"`);
  }
  const question = 'type the name of the cluster to go on, anything else to stop: ';
  return (await ask(terminal, question, signal)) === name;
}

/** Yes or no; no is the default. */
export async function askYes(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N] `, signal);
  return answer !== null && /^y(es)?$/i.test(answer);
}
