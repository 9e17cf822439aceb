/** `sqlcc alert silence list|add|remove`. */
import { SqlccError } from '../../base/index.ts';
import type { SilenceCreate, SilenceRow } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

const HOUR_MS = 3_600_000;

const COLUMNS: readonly Column<SilenceRow>[] = [
  { name: 'ID', of: (s) => s.id },
  { name: 'RULE', of: (s) => s.rule },
  { name: 'NODE', of: (s) => s.node_id },
  { name: 'SEVERITY', of: (s) => s.severity },
  { name: 'UNTIL', of: (s) => time(s.until) },
  { name: 'BY', of: (s) => s.by },
  { name: 'REASON', of: (s) => s.reason },
];

export const silenceList: Run = async (context) => {
  const client = await context.client();
  const answer = await client.alerting.silences();
  await context.printer.answer(
    answer,
    () => context.printer.table(COLUMNS, answer.silences),
    answer.silences,
  );
  return EXIT.ok;
};

/** Silencing everything is asked for by name, never by leaving something out. */
export const silenceAdd: Run = async (context, { flags }) => {
  const rule = flags.text('rule');
  const nodeId = flags.text('node');
  const severity = flags.text('severity') as SilenceCreate['severity'];
  const isAll = flags.is('all');
  const isNamed = rule !== undefined || nodeId !== undefined || severity !== undefined;
  if (isAll === isNamed) {
    const hint = 'sqlcc alert silence add --rule HighLatency --for 2h';
    throw new SqlccError('invalid_argument', 'name a rule, a node or a severity, or --all', { hint });
  }
  const client = await context.client();
  const made = await client.alerting.silence({
    ...given('rule', rule),
    ...given('nodeId', nodeId),
    ...given('severity', severity),
    ...given('reason', flags.text('reason')),
    forMs: flags.duration('for', { leastMs: 1000 }) ?? HOUR_MS,
  });
  await context.printer.answer(made, () =>
    context.printer.line(`silence ${made.id} holds until ${time(made.until)} UTC`),
  );
  return EXIT.ok;
};

export const silenceRemove: Run = async (context, { args }) => {
  const id = args[0] ?? '';
  const client = await context.client();
  await client.alerting.unsilence(id);
  await context.printer.answer({ id, removed: true }, () => context.printer.line(`silence ${id} is over`));
  return EXIT.ok;
};
