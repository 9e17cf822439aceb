/** `sqlcc audit list`. */
import type { AuditRow } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

const COLUMNS: readonly Column<AuditRow>[] = [
  { name: 'TIME', of: (a) => time(a.at) },
  { name: 'ACTOR', of: (a) => a.actor },
  { name: 'ACTION', of: (a) => a.action },
  { name: 'TARGET', of: (a) => a.target },
  { name: 'OUTCOME', of: (a) => a.outcome },
  { name: 'REASON', of: (a) => a.reason },
  { name: 'INDEX', of: (a) => a.index, align: 'right', wide: true },
];

export const auditList: Run = async (context) => {
  const client = await context.client();
  const answer = await client.audit();
  await context.printer.answer(answer, () => context.printer.table(COLUMNS, answer.records), answer.records);
  return EXIT.ok;
};
