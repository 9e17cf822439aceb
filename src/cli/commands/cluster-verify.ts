/** `sqlcc cluster verify`: do all nodes hold the same? */
import { formatDuration, plural } from '../../base/index.ts';
import type { VerifyResponse } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Column } from '../output/table.ts';

const WAIT_DEFAULT_MS = 60_000;
/** An election may be under way. */
const LEADERLESS_MS = 2000;

type Row = VerifyResponse['nodes'][number];
type Difference = Row['differences'][number];

function words({ part, rows, expected_rows }: Difference): string {
  if (rows === null) return `${part}: missing`;
  if (expected_rows === null) return `${part}: ${plural(rows, 'row')} that the others do not have`;
  return rows === expected_rows
    ? `${part}: other content (${plural(rows, 'row')})`
    : `${part}: ${plural(rows, 'row')} instead of ${expected_rows}`;
}

function detail(row: Row): string {
  const damage = row.damage === null ? [] : [`pages: ${row.damage}`];
  const error = row.error === null ? [] : [row.error];
  return [...row.differences.map(words), ...damage, ...error].join('; ');
}

const COLUMNS: readonly Column<Row>[] = [
  { name: 'NAME', of: (n) => n.node_id },
  {
    name: 'VERDICT',
    of: (n) => ({ text: n.state, tone: n.state === 'ok' ? 'good' : n.state === 'differs' ? 'bad' : 'warn' }),
  },
  { name: 'APPLIED', of: (n) => n.applied_index, align: 'right' },
  { name: 'DETAIL', of: detail },
];

const EXIT_OF = { ok: EXIT.ok, incomplete: EXIT.degraded, differs: EXIT.error } as const;

export const clusterVerify: Run = async (context, { flags }) => {
  const client = await context.client();
  const named = flags.text('node');
  // a comparison takes its time; that nobody leads is said as soon as by any other command
  const isLed = (await client.leader()).leader_id !== null;
  const timeoutMs = flags.duration('timeout') ?? (isLed ? WAIT_DEFAULT_MS : LEADERLESS_MS);
  const answer = await client.health.verify(named === undefined ? undefined : named.split(','), {
    timeoutMs,
  });
  await context.printer.answer(
    answer,
    () => {
      context.printer.table(COLUMNS, answer.nodes);
      const what = `${plural(answer.parts, 'part')}, ${plural(answer.rows, 'row')} at entry ${answer.index}`;
      context.printer.note(`${answer.verdict}: ${what}, ${formatDuration(answer.took_ms)}`);
    },
    answer.nodes,
  );
  return EXIT_OF[answer.verdict];
};
