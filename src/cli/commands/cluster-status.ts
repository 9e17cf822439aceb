/** `sqlcc cluster status`: the picture of the moment, or a wait for a better one. */
import { formatDuration, SqlccError } from '../../base/index.ts';
import type { SqlccClient, StatusResponse } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT, exitOfHealth } from '../exit-codes.ts';
import { type Flags, INTERVAL } from '../flags.ts';
import { NODE_COLUMNS } from '../output/node-columns.ts';
import type { Printer } from '../output/printer.ts';
import type { Cell } from '../output/table.ts';
import { readWords, state, time } from '../output/words.ts';
import { type Condition, parseUntil } from '../until.ts';
import { pause as sleep } from './pause.ts';
import { pauseWords } from './pause-banner.ts';

const WAIT_DEFAULT_MS = 60_000;
const WAIT_POLL_MS = 200;
const ASK_MS = 2000;

function configWords({ version, tentative }: StatusResponse['config']): Cell {
  if (tentative == null) return `version ${version}`;
  const { expires, previous } = tentative;
  const text = `version ${version} on trial until ${time(expires)}, then ${previous} again`;
  return { text, tone: 'warn' };
}

function facts(status: StatusResponse): (readonly [string, Cell])[] {
  const { cluster, raft, primary, config, alerts } = status;
  const alive = status.nodes.filter((n) => n.voter && n.liveness === 'alive').length;
  const lines: (readonly [string, Cell])[] = [
    ['Cluster', `${cluster.name} (${cluster.id}), engine ${cluster.engine}`],
    ['Health', state(cluster.health)],
    ['Read', readWords(cluster.read)],
    [
      'Quorum',
      `${alive} of ${raft.voters.length} voters alive, ${raft.quorum} needed (tolerates ${raft.tolerates})`,
    ],
    [
      'Leader',
      raft.leader_id === null ? { text: 'none', tone: 'bad' } : `${raft.leader_id}, term ${raft.term}`,
    ],
    [
      'Primary',
      primary.node_id === null ? { text: 'none', tone: 'bad' } : `${primary.node_id}, epoch ${primary.epoch}`,
    ],
    ['Log', `committed ${raft.commit_index}, applied ${raft.applied_index}`],
    ['Config', configWords(config)],
  ];
  // the sentence of a node that is cut off has a line of its own
  const reasons = cluster.reasons.filter((reason) => reason !== status.isolation?.text);
  if (reasons.length > 0) lines.splice(2, 0, ['Why', reasons.join('; ')]);
  lines.push(...steeringFacts(status));
  if (status.isolation != null) lines.splice(2, 0, ['Cut off', { text: status.isolation.text, tone: 'bad' }]);
  const drained = status.nodes.filter((n) => n.drain != null).map((n) => n.node_id);
  if (drained.length > 0)
    lines.push(['Drained', { text: `${drained.join(', ')}: no clients`, tone: 'warn' }]);
  if (status.operation !== null) lines.push(['Operation', `${status.operation} is running`]);
  if (status.availability !== undefined) lines.push(['Availability', availability(status.availability)]);
  lines.push([
    'Alerts',
    alerts.firing === 0 ? 'none firing' : { text: `${alerts.firing} firing`, tone: 'bad' },
  ]);
  return lines;
}

/** What the cluster does not do by itself for a while, and what it does next. */
function steeringFacts(status: StatusResponse): (readonly [string, Cell])[] {
  const { maintenance, pause, cooldowns = [], scheduled } = status;
  const lines: (readonly [string, Cell])[] = [];
  if (pause != null) {
    const text = `${pauseWords(pause)}; leadership and members do not move by themselves`;
    lines.push(['Paused', { text: `${text}, but a dead leader is replaced all the same`, tone: 'warn' }]);
  }
  for (const { name, remaining_ms, cause } of cooldowns) {
    lines.push(['Cool-down', `automatic ${name}s rest for ${formatDuration(remaining_ms)} more (${cause})`]);
  }
  if (maintenance.length > 0) lines.push(['Maintenance', maintenance.join(', ')]);
  if (scheduled != null) {
    const { kind, to, at, id } = scheduled;
    lines.push(['Scheduled', `${kind} to ${to ?? 'the best candidate'} at ${time(at)} (${id})`]);
  }
  return lines;
}

/** Of the longest window, with what the error budget of 99.99 % has left. */
function availability({ ratio, error_budget_ms }: NonNullable<StatusResponse['availability']>): Cell {
  // rounded down: 100 % is only what never failed
  const percent = `${(Math.floor(ratio * 1e6) / 1e4).toString()} % since the node's start`;
  if (error_budget_ms >= 0) return `${percent}, ${formatDuration(error_budget_ms)} of 30 days may still fail`;
  return { text: `${percent}, ${formatDuration(-error_budget_ms)} over the budget of 30 days`, tone: 'bad' };
}

export function showStatus(printer: Printer, status: StatusResponse): void {
  printer.facts(facts(status));
  printer.line('');
  printer.table(NODE_COLUMNS, status.nodes);
}

export const clusterStatus: Run = async (context, { flags }) => {
  const until = flags.text('until');
  const isWatch = flags.is('watch') || flags.text('watch') !== undefined;
  if (until !== undefined) return waitFor(context, flags, parseUntil(until));
  if (isWatch) return watch(context, flags);
  const client = await context.client();
  const status = await client.status({ stale: flags.is('stale') });
  await context.printer.answer(status, () => showStatus(context.printer, status));
  return exitOfHealth(status.cluster.health);
};

async function watch(context: CliContext, flags: Flags): Promise<number> {
  const everyMs = flags.duration('watch', INTERVAL) ?? 1000;
  const client = await context.client();
  const { printer, terminal, interrupt } = context;
  let code: number = EXIT.unreachable;
  while (!interrupt.aborted) {
    try {
      const status = await client.status({ stale: flags.is('stale') });
      code = exitOfHealth(status.cluster.health);
      if (printer.isText && terminal.isOutTty) printer.raw('\u001b[H\u001b[2J');
      // many documents: one a line in the JSON formats
      if (printer.format === 'json' || printer.format === 'jsonl') printer.line(JSON.stringify(status));
      else await printer.answer(status, () => showStatus(printer, status));
    } catch (error) {
      if (!(error instanceof SqlccError) || error.retry === 'no') throw error;
      code = error.exitCode;
      printer.note(`${error.code}: ${error.message}`);
    }
    if (printer.isText && !terminal.isOutTty) printer.line('');
    await sleep(everyMs, interrupt);
  }
  return code;
}

interface Waited {
  readonly status: StatusResponse | null;
  readonly error: SqlccError | null;
  readonly isMet: boolean;
}

/** Asks again and again; a cluster that can't be reached yet is something to wait for too. */
async function poll(
  client: SqlccClient,
  condition: Condition,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Waited> {
  const deadline = performance.now() + timeoutMs;
  let last: Waited = { status: null, error: null, isMet: false };
  while (!signal.aborted) {
    const left = Math.max(1, deadline - performance.now());
    try {
      const status = await client.status({ timeoutMs: Math.min(left, ASK_MS), signal });
      last = { status, error: null, isMet: condition(status) };
      if (last.isMet) return last;
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof SqlccError) || error.retry === 'no') throw error;
      // a question that the end of the time cuts short says nothing of the nodes
      if (last.status === null || left >= ASK_MS) last = { status: last.status, error, isMet: false };
    }
    if (performance.now() + WAIT_POLL_MS >= deadline) break;
    await sleep(WAIT_POLL_MS, signal);
  }
  return last;
}

async function waitFor(context: CliContext, flags: Flags, condition: Condition): Promise<number> {
  const timeoutMs = flags.duration('timeout') ?? WAIT_DEFAULT_MS;
  const client = await context.client();
  const { printer, interrupt } = context;
  const { status, error, isMet } = await poll(client, condition, timeoutMs, interrupt);
  if (interrupt.aborted) return EXIT.declined;
  if (status === null) throw error ?? new SqlccError('unavailable', 'no node answered');
  await printer.answer(status, () => showStatus(printer, status));
  const code = exitOfHealth(status.cluster.health);
  if (isMet) return code;
  printer.note(
    `error[deadline_exceeded]: ${flags.text('until')} did not hold within ${formatDuration(timeoutMs)}`,
  );
  printer.note(`hint: ${error?.message ?? status.cluster.reasons[0] ?? 'see the nodes above'}`);
  return error?.exitCode ?? (code === EXIT.ok ? EXIT.timedOut : code);
}
