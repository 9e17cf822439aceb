/** `sqlcc demo`: flags to the daemon's demo, its words to the terminal. */
import { dirname, relative, resolve } from 'node:path';
import { SqlccError, shellWord } from '../../base/index.ts';
import type { SqlccClient } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { given } from '../flags.ts';
import { showTop } from './top.ts';

const DEFAULT_ROUNDS = 5;

/** The drill's report as text: one line a number. */
function showReport(context: CliContext, report: Readonly<Record<string, unknown>>): void {
  const word = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return String(value);
    const { samples, p50, p99, max } = value as Readonly<Record<string, number | null>>;
    return samples === 0 ? 'no samples' : `p50 ${p50}  p99 ${p99}  max ${max}  (${samples} samples)`;
  };
  const facts = Object.entries(report).filter(([name]) => name !== 'schemaVersion');
  context.printer.facts(facts.map(([name, value]) => [name, word(value)] as const));
}

/** How this program is called from this folder: by its launcher in a checkout, else by name. */
export function launcher(cwd = process.cwd(), main = process.argv[1] ?? ''): string {
  const path = relative(cwd, resolve(dirname(main), '../bin/sqlcc'));
  return path.startsWith('..') || path.includes('node_modules') ? 'sqlcc' : shellWord(path);
}

function joinWords(contextFile: string): string {
  return `in another terminal: SQLCC_CONFIG=${shellWord(contextFile)} ${launcher()} top`;
}

/** What its screen asks before it is left, and says when it begins. */
function ephemeral(contextFile: string, keep: boolean) {
  const ends = keep ? 'the demo ends; its files stay' : 'the demo ends and its data goes';
  return { ends, notice: joinWords(contextFile) };
}

export const demo: Run = async (context, { flags }) => {
  const { printer, terminal } = context;
  const nodes = flags.integer('nodes', { min: 3, max: 5 }) ?? 3;
  if (nodes === 4)
    throw new SqlccError('invalid_argument', '--nodes takes 3 or 5: four nodes survive no more than three');
  const options = {
    nodes,
    dir: flags.text('dir') ?? null,
    basePort: flags.port('basePort') ?? null,
    keep: flags.is('keep'),
    drill: flags.is('drill') || !terminal.isOutTty || terminal.stdin.isTTY !== true,
    rounds: flags.integer('rounds', { min: 1, max: 1000 }) ?? DEFAULT_ROUNDS,
    ...given('logLevel', flags.text('logLevel')),
  };
  const { runDemo } = await import('../../../daemon/index.ts');
  let printed: Promise<void> = Promise.resolve();
  const code = await runDemo(options, {
    say: (text) => printer.note(text),
    report: (report) => {
      printed = printer.answer(report, () => showReport(context, { ...report }));
    },
    join: joinWords,
    top: (client: SqlccClient, contextFile: string) =>
      showTop({
        ...{ context, clusterName: 'demo', contextName: 'demo' },
        options: { ephemeral: ephemeral(contextFile, options.keep) },
        open: async () => ({ client }),
      }),
  });
  await printed;
  return code;
};
