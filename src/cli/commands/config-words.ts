/** What the commands of the configuration have in common: reading files and versions, telling changes. */
import { readFileSync, statSync } from 'node:fs';
import { LIMITS, SqlccError } from '../../base/index.ts';
import type { ResponseOf } from '../../client/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Flags } from '../flags.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

type Put = ResponseOf<'putConfig'>;
type Change = Put['changes'][number];

export function word(value: unknown): string {
  if (value === undefined || value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const CHANGES: readonly Column<Change>[] = [
  { name: 'KEY', of: (c) => c.path },
  { name: 'FROM', of: (c) => word(c.from) },
  { name: 'TO', of: (c) => word(c.to) },
  { name: 'EFFECT', of: (c) => (c.effect === 'live' ? c.effect : { text: c.effect, tone: 'warn' }) },
];

/** `3`, `v3` or `@3`. */
export function versionNumber(text: string): number {
  const digits = text.replace(/^[@v]/, '');
  if (!/^\d{1,15}$/.test(digits)) throw new SqlccError('invalid_argument', `"${text}" is no version`);
  return Number(digits);
}

export function readConfig(file: string): string {
  try {
    if (file !== '-' && statSync(file).size > LIMITS.maxConfigBytes) {
      throw new SqlccError('config_invalid', `${file} has more than ${LIMITS.maxConfigBytes} bytes`);
    }
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    if (error instanceof SqlccError) throw error;
    throw new SqlccError('not_found', `${file} can't be read: ${(error as Error).message}`);
  }
}

/** The flags that all changes have. */
export function changeFlags(flags: Flags) {
  return {
    ...given('reason', flags.text('reason')),
    ...given('ifVersion', flags.integer('ifVersion')),
    ...given('confirmWithinMs', flags.duration('confirmWithin', { leastMs: 1000 })),
  };
}

/** A refusal of a text, told with the lines of the file that the caller knows. */
export function withFile(error: unknown, file: string): unknown {
  if (!(error instanceof SqlccError) || error.code !== 'config_invalid') return error;
  const details = { file, ...error.details };
  return new SqlccError('config_invalid', error.message, { details, hint: error.hint });
}

/** Tells what a change did; the exit code says whether every live node runs with it. */
export async function tellChange(context: CliContext, answer: Put): Promise<number> {
  const { printer } = context;
  await printer.answer(answer, () => {
    for (const note of answer.notes) printer.note(`note: ${note}`);
    if (answer.changes.length === 0 && !answer.applied)
      return printer.line(`nothing changes (version ${answer.version})`);
    if (answer.changes.length > 0) printer.table(CHANGES, answer.changes);
    printer.line(answer.applied ? `\nversion ${answer.version} is active` : '\nnot applied: dry run');
    if (answer.changes.some((c) => c.effect === 'restart'))
      printer.note('"restart" takes effect when a node starts next');
    const { tentative } = answer;
    if (answer.applied && tentative !== null) {
      const back = `version ${tentative.previous} comes back`;
      printer.note(`on trial: ${back} at ${time(tentative.expires)}, or at once when the cluster degrades`);
      printer.note(`keep it: sqlcc cluster config confirm ${tentative.version}`);
    }
    for (const node of answer.nodes) {
      if (node.outcome === 'unknown') {
        printer.note(`${node.node_id} did not say that it runs with it: ${node.error ?? 'no answer'}`);
      } else if (node.outcome === 'not_alive') {
        printer.note(`${node.node_id} is ${node.error ?? 'not alive'} and follows when it is back`);
      }
    }
  });
  return answer.acknowledged ? EXIT.ok : EXIT.partial;
}
