/** `sqlcc op list|show|wait|cancel`. */
import type { OperationView } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Column } from '../output/table.ts';
import { duration, state, time } from '../output/words.ts';
import { pauseBanner } from './pause-banner.ts';
import { exitOfOperation, follow, showOperation } from './show-operation.ts';

/** Time that the finished phases took together. */
function tookMs(operation: OperationView): number {
  return operation.phases.reduce((sum, phase) => sum + (phase.elapsed_ms ?? 0), 0);
}

const COLUMNS: readonly Column<OperationView>[] = [
  { name: 'ID', of: (o) => o.id },
  { name: 'KIND', of: (o) => o.kind },
  { name: 'STATE', of: (o) => state(o.state) },
  { name: 'PHASE', of: (o) => o.phase },
  { name: 'FROM', of: (o) => o.from },
  { name: 'TO', of: (o) => o.to },
  { name: 'STARTED', of: (o) => time(o.phases[0]?.at ?? null) },
  { name: 'ELAPSED', of: (o) => duration(tookMs(o)), align: 'right' },
  { name: 'ACTOR', of: (o) => o.actor },
  { name: 'RESULT', of: (o) => o.error ?? o.phases.at(-1)?.result },
  { name: 'REASON', of: (o) => o.reason, wide: true },
];

export const opList: Run = async (context) => {
  const client = await context.client();
  const answer = await client.operations();
  await context.printer.answer(
    answer,
    () => {
      pauseBanner(context.printer, answer.pause);
      context.printer.table(COLUMNS, answer.operations);
    },
    answer.operations,
  );
  return EXIT.ok;
};

export const opShow: Run = async (context, { args }) => {
  const client = await context.client();
  const operation = await client.operation(args[0] ?? '');
  await context.printer.answer({ operation }, () => showOperation(context.printer, operation));
  return EXIT.ok;
};

export const opWait: Run = async (context, { args, flags }) =>
  follow(context, await context.client(), args[0] ?? '', flags.duration('timeout'));

export const opCancel: Run = async (context, { args }) => {
  const client = await context.client();
  const operation = await client.cancelOperation(args[0] ?? '');
  await context.printer.answer({ operation }, () => showOperation(context.printer, operation));
  return operation.state === 'cancelled' || operation.state === 'running'
    ? EXIT.ok
    : exitOfOperation(operation);
};
