/** `sqlcc alert list|ack`. */
import type { AlertRow } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Column } from '../output/table.ts';
import { state, time } from '../output/words.ts';

const COLUMNS: readonly Column<AlertRow>[] = [
  { name: 'ID', of: (a) => a.id },
  { name: 'NAME', of: (a) => a.rule },
  { name: 'SEVERITY', of: (a) => state(a.severity) },
  { name: 'STATE', of: (a) => state(a.state) },
  { name: 'SINCE', of: (a) => time(a.since) },
  { name: 'NODE', of: (a) => a.node_id },
  { name: 'VALUE', of: (a) => a.value },
  { name: 'ACK', of: (a) => a.acknowledged_by },
];

export const alertList: Run = async (context) => {
  const client = await context.client();
  const answer = await client.alerts();
  await context.printer.answer(answer, () => context.printer.table(COLUMNS, answer.alerts), answer.alerts);
  return EXIT.ok;
};

export const alertAck: Run = async (context, { args }) => {
  const id = args[0] ?? '';
  const client = await context.client();
  await client.acknowledgeAlert(id);
  await context.printer.answer({ id, acknowledged: true }, () =>
    context.printer.line(`alert ${id} is acknowledged`),
  );
  return EXIT.ok;
};
