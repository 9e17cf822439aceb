/**
 * `sqlcc watch`: events as they happen, one JSON object a line, until something holds. It
 * goes on through every failover; where the stream could not be continued without loss it
 * says `{"type":"gap"}`.
 */
import { formatDuration, parseDuration, SqlccError } from '../../base/index.ts';
import type { EventLine, SqlccClient } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Flags } from '../flags.ts';
import { type Condition, parseUntil } from '../until.ts';
import { statusOrNull } from '../watching.ts';
import { streamLine } from './events.ts';
import { pause } from './pause.ts';

const POLL_MS = 250;

/** Families of kinds, as `--types` takes them; any other word is a kind by itself. */
const FAMILIES: Readonly<Record<string, RegExp>> = {
  leader: /^(leader|campaign|role|vote)\b/,
  node: /^(node|member|membership|health|replica)\b/,
  alert: /^(alert|notification|silence)\b/,
  config: /^config\b/,
  action: /^(operation|maintenance)\b/,
  access: /^(token|denied)\b/,
  storage: /^(snapshot|disk)\b/,
};

/** Which events are wanted; a gap always is. */
export function wantedKinds(types: string | undefined): (kind: string) => boolean {
  const words = (types ?? '').split(',').flatMap((word) => word.trim() || []);
  if (words.length === 0) return () => true;
  return (kind) => kind === 'gap' || words.some((word) => FAMILIES[word]?.test(kind) ?? word === kind);
}

/** Wall time from which events are wanted: `10m` ago, or an instant. */
export function sinceTime(text: string, now: number): number {
  const ms = parseDuration(text);
  const at = ms === undefined ? Date.parse(text) : now - ms;
  if (Number.isFinite(at) && (ms !== undefined || /^\d{4}-/.test(text))) return at;
  throw new SqlccError(
    'invalid_argument',
    `--since takes a duration such as 10m, or a time such as 2026-01-31T12:00:00Z, not "${text}"`,
  );
}

interface Watched {
  readonly context: CliContext;
  readonly client: SqlccClient;
  readonly stop: AbortController;
}

async function follow({ context, client, stop }: Watched, flags: Flags): Promise<void> {
  const since = flags.text('since');
  const from = since === undefined ? null : sinceTime(since, Date.now());
  const isWanted = wantedKinds(flags.text('types'));
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

export const watch: Run = async (context, { flags }) => {
  const until = flags.text('until');
  const condition = until === undefined ? null : parseUntil(until);
  const timeoutMs = flags.duration('timeout') ?? null;
  const stop = new AbortController();
  const { interrupt, printer } = context;
  const leave = (): void => stop.abort();
  interrupt.addEventListener('abort', leave, { once: true });
  if (interrupt.aborted) leave();
  const watched = { context, client: await context.client(), stop };
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
