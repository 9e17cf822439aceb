/**
 * `sqlcc watch`: events as they happen, one JSON object a line, until something holds. It
 * goes on through every failover; where the stream could not be continued without loss it
 * says `{"type":"gap"}`.
 */
import { formatDuration, SqlccError } from '../../base/index.ts';
import type { EventLine, SqlccClient } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Flags } from '../flags.ts';
import { sinceTime } from '../since.ts';
import { type Condition, parseUntil } from '../until.ts';
import { statusOrNull } from '../watching.ts';
import { streamLine } from './events.ts';
import { pause } from './pause.ts';

const POLL_MS = 250;

/** Kinds by family, as `--types` takes them: every kind of event is in one. */
export const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  leader: ['leader-elected', 'leader-lost', 'campaign-started', 'role-changed', 'pre-vote', 'vote'],
  node: [
    ...['node-admitted', 'node-start-step', 'node-started', 'node-stopped', 'node-removed', 'node-updated'],
    ...['node-dead', 'node-alive', 'node-seat-moved', 'node-readmitted'],
    ...['member-suspect', 'member-failed', 'member-alive', 'member-left', 'membership-changed'],
    ...['health-changed', 'replica-diverged', 'replica-verified', 'partition-suspected', 'partition-healed'],
  ],
  alert: [
    ...['alert-fired', 'alert-resolved', 'alert-acknowledged', 'alert-unacknowledged'],
    ...['notification-delivered', 'notification-dead', 'silence-created', 'silence-ended'],
  ],
  config: ['config-changed', 'config-confirmed', 'config-reverted'],
  action: [
    ...['operation-started', 'operation-phase', 'operation-ended', 'hand-over-recorded', 'hand-over-held'],
    ...['maintenance-enabled', 'maintenance-disabled', 'drain-enabled', 'drain-disabled'],
    ...['cluster-created', 'cluster-paused', 'cluster-resumed'],
    ...['schedule-added', 'schedule-started', 'schedule-skipped', 'schedule-cancelled'],
  ],
  access: ['token-created', 'token-revoked', 'user-changed', 'user-revoked', 'certificate-revoked'],
  storage: ['snapshot-made', 'snapshot-installed'],
};

/**
 * Which events are wanted; a gap always is. Throws `invalid_argument` for a word that is neither family nor
 * kind: it would wait for ever.
 */
export function wantedKinds(types: string | undefined): (kind: string) => boolean {
  const words = (types ?? '').split(',').flatMap((word) => word.trim() || []);
  if (words.length === 0) return () => true;
  const known = Object.values(FAMILIES).flat();
  const unknown = words.filter((word) => !Object.hasOwn(FAMILIES, word) && !known.includes(word));
  if (unknown.length > 0)
    throw new SqlccError('invalid_argument', `--types knows no "${unknown.join('", "')}"`, {
      hint: `families: ${Object.keys(FAMILIES).join(', ')}; kinds: ${known.join(', ')}`,
    });
  const wanted = new Set(['gap', ...words.flatMap((word) => FAMILIES[word] ?? [word])]);
  return (kind) => wanted.has(kind);
}

interface Watched {
  readonly context: CliContext;
  readonly client: SqlccClient;
  readonly stop: AbortController;
  readonly isWanted: (kind: string) => boolean;
}

async function follow({ context, client, stop, isWanted }: Watched, flags: Flags): Promise<void> {
  const since = flags.text('since');
  const from = since === undefined ? null : sinceTime(since, Date.now());
  const after = flags.text('after') ?? (from === null ? undefined : '0');
  const lines = client.events({ signal: stop.signal, ...(after === undefined ? {} : { after }) });
  const { printer } = context;
  for await (const event of lines) {
    if (event.kind === 'progress' || !isWanted(event.kind)) continue;
    if (from !== null && Date.parse(event.at) < from) continue;
    printer.line(isText(flags) ? streamLine(event) : JSON.stringify(lineOf(event)));
  }
}

/** A stream is for programs unless a table is asked for. */
function isText(flags: Flags): boolean {
  return flags.text('output') === 'table';
}

function lineOf(event: EventLine): object {
  return { type: event.kind === 'gap' ? 'gap' : 'event', ...event };
}

/** Ends the watch when the condition holds; answers whether it did before the time was over. */
async function waitFor(watched: Watched, condition: Condition, timeoutMs: number | null): Promise<boolean> {
  const { client, stop } = watched;
  const deadline = timeoutMs === null ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  while (!stop.signal.aborted && performance.now() < deadline) {
    const status = await statusOrNull(client, deadline - performance.now(), stop.signal);
    if (status !== null && condition(status)) return true;
    await pause(POLL_MS, stop.signal);
  }
  return false;
}

/** Nothing may happen for hours: a person who waits is told that this does too, and how it ends. */
export function watchingWords(until: string | undefined, timeoutMs: number | null): string {
  const ends = [
    ...(until === undefined ? [] : [`when ${until} holds`]),
    ...(timeoutMs === null ? [] : [`after ${formatDuration(timeoutMs)}`]),
  ];
  return ends.length === 0
    ? 'watching …; Ctrl-C ends it'
    : `watching …; ends ${ends.join(' or ')}, or by Ctrl-C`;
}

export const watch: Run = async (context, { flags }) => {
  const until = flags.text('until');
  const condition = until === undefined ? null : parseUntil(until);
  const isWanted = wantedKinds(flags.text('types'));
  const timeoutMs = flags.duration('timeout') ?? null;
  const stop = new AbortController();
  const { interrupt, printer } = context;
  const leave = (): void => stop.abort();
  interrupt.addEventListener('abort', leave, { once: true });
  if (interrupt.aborted) leave();
  const watched = { context, client: await context.client(), stop, isWanted };
  if (context.terminal.stderr.isTTY === true) printer.note(watchingWords(until, timeoutMs));
  const followed = follow(watched, flags);
  const timeout = async (): Promise<boolean> => {
    if (timeoutMs === null) await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    else await pause(timeoutMs, stop.signal);
    return false;
  };
  const waited = condition === null ? timeout() : waitFor(watched, condition, timeoutMs);
  // a stream that fails for good ends the wait too
  const ended = await Promise.race([waited, followed.then(() => false)]).finally(() => stop.abort());
  await followed;
  if (interrupt.aborted) return EXIT.declined;
  if (ended) {
    const line = { type: 'until', at: new Date().toISOString(), condition: until };
    printer.line(isText(flags) ? `${until} holds` : JSON.stringify(line));
    return EXIT.ok;
  }
  if (condition === null) return EXIT.ok;
  printer.note(`error[deadline_exceeded]: ${until} did not hold within ${formatDuration(timeoutMs ?? 0)}`);
  printer.note('hint: see sqlcc cluster status');
  return EXIT.timedOut;
};
