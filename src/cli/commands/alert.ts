/** `sqlcc alert list|ack|unack|rules|explain|test`. */
import type { ConditionName } from '../../../daemon/index.ts';
import type { AlertExplanation, AlertRow, AlertRuleRow, AlertTest, SqlccClient } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { duration, state, time } from '../output/words.ts';
import { firstSteps } from './first-steps.ts';
import { askPause, pauseBanner } from './pause-banner.ts';

/** Of which other alert it is, or was, a consequence. */
function follows({ state: is, inhibited_by: by }: AlertRow): string[] {
  if (by == null) return [];
  return [is === 'firing' ? `follows from ${by}` : `followed from ${by}, told to nobody`];
}

/** Marks beside the state: acknowledged by whom, silenced, a consequence of another alert. */
function marks(alert: AlertRow): string | null {
  const words = [
    ...(alert.acknowledged_by === null ? [] : [alert.acknowledged_by]),
    ...(alert.silenced_by == null ? [] : [`silenced (${alert.silenced_by})`]),
    ...follows(alert),
  ];
  return words.length === 0 ? null : words.join(', ');
}

type Told = NonNullable<AlertRow['notifications']>[number];

/** ` (2 tries: …, the next in 3s)`: what keeps a message from its receiver; empty where nothing does. */
function keptBy({ under_way: way }: Told): string {
  if (way === undefined || way.last_error === null) return '';
  const { attempts, last_error: error, next_in_ms: ms } = way;
  const next = ms === null ? '' : `, the next in ${duration(ms)}`;
  return ` (${attempts} ${attempts === 1 ? 'try' : 'tries'}: ${error}${next})`;
}

/** `email delivered, slack dead`: the newest kind of each channel. */
function told(rows: readonly Told[] = []): string | null {
  const newest = new Map(
    rows.map((row) => [row.channel, `${row.channel} ${row.kind} ${row.state}${keptBy(row)}`]),
  );
  return newest.size === 0 ? null : [...newest.values()].join(', ');
}

const COLUMNS: readonly Column<AlertRow>[] = [
  { name: 'ID', of: (a) => a.id },
  { name: 'NAME', of: (a) => a.rule },
  { name: 'SEVERITY', of: (a) => state(a.severity) },
  { name: 'STATE', of: (a) => state(a.state) },
  { name: 'SINCE', of: (a) => time(a.since) },
  { name: 'NODE', of: (a) => a.node_id },
  { name: 'VALUE', of: (a) => a.value },
  { name: 'ACK', of: marks },
  { name: 'TOLD', of: (a) => told(a.notifications) },
];

export const alertList: Run = async (context) => {
  const client = await context.client();
  // the leader alone knows what keeps a message from its receiver
  const asked = client.alerts(await bestNode(client));
  const answer = await asked.catch(() => client.alerts());
  const pause = await askPause(context);
  const tell = (): void => {
    pauseBanner(context.printer, pause);
    context.printer.table(COLUMNS, answer.alerts);
  };
  await context.printer.answer(answer, tell, answer.alerts);
  return EXIT.ok;
};

/** Acknowledges the incident that it shows: one that fires again in between is seen by nobody yet. */
export const alertAck: Run = async (context, { args, flags }) => {
  const id = args[0] ?? '';
  const client = await context.client();
  const shown = (await client.alerts()).alerts.find((alert) => alert.id === id);
  const incident = flags.text('incident') ?? shown?.incident;
  await client.acknowledgeAlert(id, { incident });
  const what = shown === undefined || shown.incident !== incident ? '' : `: ${shown.value}`;
  await context.printer.answer({ id, acknowledged: true, incident: incident ?? null }, () =>
    context.printer.line(`alert ${id} is acknowledged${what}`),
  );
  return EXIT.ok;
};

/** Takes back what it shows: whoever acknowledges it in between keeps that. */
export const alertUnack: Run = async (context, { args, flags }) => {
  const id = args[0] ?? '';
  const client = await context.client();
  const shown = (await client.alerts()).alerts.find((alert) => alert.id === id);
  const incident = flags.text('incident') ?? shown?.incident;
  const isShown = shown !== undefined && shown.incident === incident;
  const by = isShown ? shown.acknowledged_by : undefined;
  if (by !== null) await client.alerting.unacknowledge(id, { incident, ...given('by', by) });
  const whose = by === undefined ? '' : `: it was by ${by ?? 'nobody'}`;
  await context.printer.answer(
    { id, acknowledged: false, incident: incident ?? null, was_by: by ?? null },
    () => context.printer.line(`alert ${id} is not acknowledged${whose}`),
  );
  return EXIT.ok;
};

/** The leader knows what is pending; without one whoever answers says what it sees. */
async function bestNode(client: SqlccClient): Promise<{ readonly node?: string }> {
  const leader = await client.leader({ stale: true }).catch(() => null);
  return leader?.leader_id == null ? {} : { node: leader.leader_id };
}

interface RuleLine {
  readonly rule: AlertRuleRow;
  readonly found: AlertRuleRow['states'][number] | null;
}

const RULE_COLUMNS: readonly Column<RuleLine>[] = [
  { name: 'RULE', of: ({ rule }) => rule.name },
  { name: 'SEVERITY', of: ({ rule }) => state(rule.severity) },
  { name: 'CONDITION', of: ({ rule }) => rule.condition },
  { name: 'FOR', of: ({ rule }) => duration(rule.for_ms) },
  { name: 'ACTIONS', of: ({ rule }) => (rule.actions.length === 0 ? null : rule.actions.join(', ')) },
  { name: 'NODE', of: ({ found }) => found?.node_id ?? null },
  { name: 'STATE', of: ({ found }) => (found === null ? null : stateWord(found)) },
  { name: 'VALUE', of: ({ rule, found }) => rule.error ?? found?.value ?? null },
];

function stateWord({ state: word, pending_ms: ms, holds }: AlertRuleRow['states'][number]) {
  if (word === 'pending' && ms !== null) return `pending ${duration(ms)}`;
  return holds === null && word === 'inactive' ? 'unknown' : state(word);
}

/** What keeps a channel from telling; nothing of one that is well. */
export function channelLines({ channel, queued, last_error, held_for_ms }: ChannelState): string[] {
  if (queued === 0 && held_for_ms === 0) return [];
  const held = held_for_ms === 0 ? '' : `; its receiver asked for ${duration(held_for_ms)} of silence`;
  const why = last_error === null ? '' : `: ${last_error}`;
  return [`${channel}: ${queued} to be sent${held}${why}`];
}

type ChannelState = NonNullable<Awaited<ReturnType<SqlccClient['alerting']['rules']>>['channels']>[number];

const NAME_COLUMNS: readonly Column<ConditionName>[] = [
  { name: 'NAME', of: ({ name }) => name },
  { name: 'OF', of: ({ of }) => (of === 'node' ? 'each node' : 'the cluster') },
  { name: 'UNIT', of: ({ unit }) => unit },
  { name: 'WRITE', of: ({ example }) => example },
  { name: 'ALSO', of: ({ aliases }) => (aliases.length === 0 ? null : aliases.join(', ')) },
  { name: 'MEANING', of: ({ meaning }) => meaning },
];

async function printNames({ printer }: CliContext): Promise<number> {
  const { conditionNames } = await import('../../../daemon/index.ts');
  const names = conditionNames();
  await printer.answer({ names }, () => printer.table(NAME_COLUMNS, names), names);
  return EXIT.ok;
}

export const alertRules: Run = async (context, { flags }) => {
  if (flags.is('names')) return printNames(context);
  const client = await context.client();
  const answer = await client.alerting.rules(await bestNode(client));
  const lines = answer.rules.flatMap((rule): RuleLine[] =>
    rule.states.length === 0 ? [{ rule, found: null }] : rule.states.map((found) => ({ rule, found })),
  );
  const { printer } = context;
  await printer.answer(
    answer,
    () => {
      printer.table(RULE_COLUMNS, lines);
      for (const line of (answer.channels ?? []).flatMap(channelLines)) printer.line(line);
    },
    answer.rules,
  );
  return EXIT.ok;
};

function inhibitedLines({ state: is, inhibited_by: by }: AlertExplanation): string[] {
  if (by === null) return [];
  if (is === 'firing') return [`nobody is told: it follows from ${by}`];
  return [`nobody was told when it fired last: it followed from ${by}`];
}

function whyLines(subject: AlertExplanation): string[] {
  const quiet = [
    ...(subject.in_maintenance ? ['its node is in maintenance: it does not alarm'] : []),
    ...(subject.silenced_by === null ? [] : [`nobody is told: silence ${subject.silenced_by}`]),
    ...inhibitedLines(subject),
  ];
  const sent = subject.notifications.map(
    (n) => `told by ${n.channel}: ${n.kind}, ${n.state}${n.note === '' ? keptBy(n) : ` (${n.note})`}`,
  );
  const waits = subject.pending_ms === null ? '' : ` for ${duration(subject.pending_ms)}`;
  return [
    `${subject.id} is ${subject.state}${waits}`,
    ...subject.parts.map((part) => `${'  '.repeat(part.depth + 1)}${part.text} → ${part.value}`),
    ...[...quiet, ...sent].map((line) => `  ${line}`),
  ];
}

export const alertExplain: Run = async (context, { args }) => {
  const client = await context.client();
  const answer = await client.alerting.explain(args[0] ?? '', await bestNode(client));
  const { rule, subjects } = answer;
  const { printer } = context;
  await printer.answer(answer, () => {
    const wait = rule.for_ms === 0 ? '' : ` for ${duration(rule.for_ms)}`;
    printer.line(`rule ${rule.name}: ${rule.condition}${wait}`);
    if (rule.error !== null) printer.line(`it can't be read: ${rule.error}`);
    for (const line of subjects.flatMap(whyLines)) printer.line(line);
    if (!subjects.some(({ state: is }) => is === 'firing' || is === 'pending')) return;
    for (const step of firstSteps(rule.condition)) printer.line(`first: ${step}`);
  });
  return EXIT.ok;
};

type TestResult = Awaited<ReturnType<SqlccClient['alerting']['test']>>['results'][number];

const RESULT_COLUMNS: readonly Column<TestResult>[] = [
  { name: 'CHANNEL', of: (r) => r.channel },
  { name: 'RESULT', of: (r) => state(r.state) },
  { name: 'NOTE', of: (r) => r.note },
];

/** Exits 1 when a channel gave up or has not answered. */
export const alertTest: Run = async (context, { args, flags }) => {
  const client = await context.client();
  const channel = flags.text('channel') as AlertTest['channel'];
  const rule = args[0];
  const answer = await client.alerting.test({
    ...(rule === undefined ? {} : { rule }),
    ...(channel === undefined ? {} : { channel }),
  });
  await printResults(context, answer);
  return answer.results.every((r) => r.state === 'delivered') ? EXIT.ok : EXIT.error;
};

function printResults(
  { printer }: CliContext,
  answer: Awaited<ReturnType<SqlccClient['alerting']['test']>>,
): Promise<void> {
  const { results, unsent = [] } = answer;
  const tell = (): void => {
    printer.table(RESULT_COLUMNS, results);
    for (const action of unsent)
      printer.line(`${action}: nothing is sent, notifiers.${action} is not configured`);
  };
  return printer.answer(answer, tell, results);
}
