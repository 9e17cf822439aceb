/** `sqlcc events`: the cluster's history, and its present with --follow. */
import type { EventLine } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import { type Column, tableLines } from '../output/table.ts';
import { state, time } from '../output/words.ts';
import { sinceTime } from '../since.ts';

const COLUMNS: readonly Column<EventLine>[] = [
  { name: 'TIME', of: (e) => time(e.at) },
  { name: 'SEVERITY', of: (e) => state(e.severity) },
  { name: 'NODE', of: (e) => e.node_id },
  { name: 'KIND', of: (e) => e.kind },
  { name: 'MESSAGE', of: (e) => e.message },
  { name: 'CURSOR', of: (e) => e.cursor, wide: true },
];

/** A line of a stream has no table around it: fixed widths keep the columns in place. */
export function streamLine(event: EventLine): string {
  const cells = [
    time(event.at) ?? '',
    event.severity.padEnd(8),
    event.node_id.padEnd(8),
    event.kind.padEnd(20),
    event.message,
  ];
  return (
    tableLines([{ name: '', of: () => cells.join('  ') }], [null], { wide: false, color: false })[1] ?? ''
  );
}

export const events: Run = async (context, { flags }) => {
  const { printer } = context;
  const isFollow = flags.is('follow');
  const client = await context.client();
  const after = flags.text('after') ?? '0';
  const since = flags.text('since');
  const from = since === undefined ? Number.NEGATIVE_INFINITY : sinceTime(since, Date.now());
  const types = flags.text('types')?.split(',').filter(Boolean);
  const signal = isFollow ? context.interrupt : new AbortController().signal;
  const lines = client.events({
    follow: isFollow,
    signal,
    ...given('after', after === 'now' ? undefined : after),
    ...given('types', types),
  });
  const found: EventLine[] = [];
  for await (const event of lines) {
    // a sign of life, not an event
    if (event.kind === 'progress' || Date.parse(event.at) < from) continue;
    if (!isFollow) found.push(event);
    else if (printer.isText) printer.line(streamLine(event));
    else if (printer.format === 'yaml') await printer.answer({ event }, () => {});
    else printer.line(JSON.stringify(event));
  }
  if (isFollow) return EXIT.declined;
  await printer.answer({ events: found }, () => printer.table(COLUMNS, found), found);
  return EXIT.ok;
};
