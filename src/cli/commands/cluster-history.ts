/** `sqlcc cluster history`: who led, one after the other, and why each of them was elected. */
import type { ElectionRow } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Column } from '../output/table.ts';
import { duration, time } from '../output/words.ts';
import { pauseBanner } from './pause-banner.ts';
import { CANDIDATES } from './show-operation.ts';

interface Line extends ElectionRow {
  /** Who led before, as far as that is still known. */
  readonly from: string | null;
}

const COLUMNS: readonly Column<Line>[] = [
  { name: 'TERM', of: (e) => e.term, align: 'right' },
  { name: 'AT', of: (e) => time(e.at) },
  { name: 'FROM', of: (e) => e.from },
  { name: 'LEADER', of: (e) => e.node_id },
  { name: 'DETECTED', of: (e) => duration(e.detect_ms), align: 'right' },
  { name: 'ELECTED', of: (e) => duration(e.election_ms), align: 'right' },
  { name: 'VOTES', of: (e) => e.votes.join(', ') },
  { name: 'CAUSE', of: (e) => e.cause },
  { name: 'WHY', of: (e) => e.why ?? null, wide: true },
];

export const clusterHistory: Run = async (context, { flags }) => {
  const client = await context.client();
  const { elections, cluster, pause } = await client.status({ stale: flags.is('stale') });
  const lines = elections.map((e, n): Line => ({ ...e, from: elections[n - 1]?.node_id ?? null }));
  const { printer } = context;
  const tell = (): void => {
    pauseBanner(printer, pause);
    if (!flags.is('scores')) return printer.table(COLUMNS, lines);
    for (const [n, line] of lines.entries()) {
      if (n > 0) printer.line('');
      printer.table(COLUMNS, [line]);
      if (line.why != null) printer.line(line.why);
      if ((line.candidates ?? []).length > 0) printer.table(CANDIDATES, line.candidates ?? []);
    }
  };
  await printer.answer({ elections: lines, read: cluster.read }, tell, lines);
  return EXIT.ok;
};
