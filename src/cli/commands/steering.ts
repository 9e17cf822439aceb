/** `sqlcc cluster pause|resume` and `sqlcc schedule list|cancel`. */
import { formatDuration } from '../../base/index.ts';
import type { ScheduleRow } from '../../client/index.ts';
import { requireConsent } from '../confirm.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { state, time } from '../output/words.ts';
import { pauseBanner } from './pause-banner.ts';

export const clusterPause: Run = async (context, { flags }) => {
  const reason = flags.required('reason');
  const client = await context.client();
  const { pause, longest_ms: longestMs } = await client.steering.pause({
    reason,
    ...given('forMs', flags.duration('for', { leastMs: 1000 })),
    ...given('expectTerm', flags.integer('expectTerm')),
    ...given('expectLeader', flags.text('expectLeader')),
  });
  const { printer } = context;
  if (longestMs !== undefined)
    printer.note(`for ${formatDuration(longestMs)}: membership.max_pause allows no more`);
  await printer.answer({ pause }, () => pauseBanner(printer, pause));
  return EXIT.ok;
};

export const clusterResume: Run = async (context, { flags }) => {
  const client = await context.client();
  await client.steering.resume(given('reason', flags.text('reason')));
  const { printer } = context;
  await printer.answer({ pause: null }, () => printer.line('the cluster is no longer paused'));
  return EXIT.ok;
};

export const SCHEDULE_COLUMNS: readonly Column<ScheduleRow>[] = [
  { name: 'ID', of: (s) => s.id },
  { name: 'KIND', of: (s) => s.kind },
  { name: 'TO', of: (s) => s.to ?? 'best' },
  { name: 'AT', of: (s) => time(s.at) },
  { name: 'STATE', of: (s) => state(s.state) },
  { name: 'ACTOR', of: (s) => s.actor },
  { name: 'RESULT', of: (s) => s.cause ?? (s.operation === null ? null : `operation ${s.operation}`) },
  { name: 'REASON', of: (s) => s.reason, wide: true },
];

export const scheduleList: Run = async (context, { flags }) => {
  const client = await context.client();
  const answer = await client.steering.schedule();
  const rows = flags.is('all') ? answer.schedule : answer.schedule.filter((s) => s.state === 'waiting');
  const { printer } = context;
  await printer.answer({ ...answer, schedule: rows }, () => printer.table(SCHEDULE_COLUMNS, rows), rows);
  return EXIT.ok;
};

export const scheduleCancel: Run = async (context, { args }) => {
  const [id = ''] = args;
  requireConsent(context.terminal.canAsk, context.isYes, 'schedule cancel');
  const client = await context.client();
  const entry = await client.steering.cancel(id);
  const { printer } = context;
  await printer.answer({ entry }, () => printer.table(SCHEDULE_COLUMNS, [entry]));
  return EXIT.ok;
};
