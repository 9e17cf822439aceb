/** `sqlcc cluster failover` and `sqlcc cluster switchover`, now or at a time. */
import { parseDuration, SqlccError } from '../../base/index.ts';
import { askYes, requireConsent } from '../confirm.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Flags, given } from '../flags.ts';
import { act } from './show-operation.ts';
import { SCHEDULE_COLUMNS } from './steering.ts';

const WAIT_DEFAULT_MS = 60_000;

type Kind = 'failover' | 'switchover';

/** `--to`, which is `--candidate` too. */
function targetOf(flags: Flags): string | undefined {
  const [to, candidate] = [flags.text('to'), flags.text('candidate')];
  if (to !== undefined && candidate !== undefined && to !== candidate) {
    throw new SqlccError('invalid_argument', `--to ${to} and --candidate ${candidate} are two nodes`);
  }
  return to ?? candidate;
}

/** `+30m`, or a time with its zone. */
export function parseAt(text: string, now: number): Date {
  const afterMs = text.startsWith('+') ? parseDuration(text.slice(1), null) : undefined;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/.test(text);
  const at = new Date(afterMs === undefined ? (isTime ? text : Number.NaN) : now + afterMs);
  if (Number.isNaN(at.getTime())) {
    throw new SqlccError('invalid_argument', `--at takes +30m or 2026-01-31T02:00:00Z, not "${text}"`);
  }
  return at;
}

async function schedule(context: CliContext, kind: Kind, flags: Flags): Promise<number> {
  const { terminal, printer, canAsk } = context;
  // whoever leads then begins it, in whatever term that is
  if (flags.text('expectTerm') !== undefined)
    throw new SqlccError(
      'invalid_argument',
      '--expect-term does not go with --at: nobody knows the term of then',
      {
        hint: '--expect-leader names who must lead when it begins',
      },
    );
  const at = parseAt(flags.required('at'), Date.now());
  requireConsent(canAsk, context.isYes, `cluster ${kind} --at`);
  if (!context.isYes && canAsk) {
    const question = `${kind} to ${targetOf(flags) ?? 'the best candidate'} at ${at.toISOString()}?`;
    if (!(await askYes(terminal, question, context.interrupt))) {
      printer.note('declined: nothing was changed');
      return EXIT.declined;
    }
  }
  const client = await context.client();
  const entry = await client.steering.at({
    ...{ kind, at },
    ...given('to', targetOf(flags)),
    ...given('expectLeader', flags.text('expectLeader')),
    ...given('reason', flags.text('reason')),
  });
  await printer.answer({ entry }, () => printer.table(SCHEDULE_COLUMNS, [entry]));
  return EXIT.ok;
}

const move =
  (kind: Kind): Run =>
  async (context, { flags }) => {
    if (flags.text('at') !== undefined && !flags.is('dryRun')) return schedule(context, kind, flags);
    return act(context, {
      request: {
        kind,
        ...given('to', targetOf(flags)),
        ...given('expect_leader', flags.text('expectLeader')),
        ...given('expect_term', flags.integer('expectTerm')),
        ...given('reason', flags.text('reason')),
      },
      verb: `cluster ${kind}`,
      consent: 'typed',
      isDryRun: flags.is('dryRun'),
      isWait: !flags.isOff('wait'),
      timeoutMs: flags.duration('timeout') ?? WAIT_DEFAULT_MS,
    });
  };

export const clusterFailover = move('failover');
export const clusterSwitchover = move('switchover');
