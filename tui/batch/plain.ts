/**
 * `top --plain`: for screen readers and paper. One picture, then a line a change: each
 * event as it comes, each loss and return of the connection, each alert and operation that
 * begins or ends, and when nodes do not agree. Looking only. No cursor, no boxes. `q`
 * and Enter leave it, on a terminal the end of the input too; it ends with a
 * recording, and with its reader.
 */
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { Feed, Replay } from '../feed/feed.ts';
import { openFeed } from '../feed/open-feed.ts';
import type { AlertRow } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { clockTime } from '../format/words.ts';
import { eventLineText } from '../lines/panes.ts';
import { initialModel, type Model } from '../model/model.ts';
import { viewGroups, viewsDisagree } from '../model/selectors.ts';
import type { RunTop } from '../options.ts';
import { Session } from '../session.ts';
import { chooseLook } from '../theme/look.ts';
import { textOf } from '../theme/tokens.ts';
import { textPicture } from './text.ts';

/** An input that is no terminal may be none from the first: its end ends nothing, and nobody types a `q`. */
function wayOut(isTerminal: boolean, replay: Replay | undefined): string {
  if (isTerminal)
    return 'q and Enter leave, as the end of the input does. What changes is told in a line each.';
  const until = replay === undefined ? 'for as long as they are read' : 'to the end of the recording';
  return `What changes is told in a line each, ${until}.`;
}

/** What a person without a screen must know first. */
const FIRST_WORDS = [
  'Nothing can be changed in here. In another terminal: sqlcc cluster failover, sqlcc node maintenance,',
  'sqlcc alert ack, sqlcc cluster config; sqlcc --help lists them, and each explains itself with --help.',
  'sqlcc top --once prints the whole picture again.',
];

function connectionChanges(before: Model, after: Model): string[] {
  const seenBy = after.picture.status?.cluster.read.node_id ?? '?';
  if (after.connection.kind === 'live') {
    if (before.connection.kind !== 'live') return [`connected, seen by ${seenBy}`];
    const was = before.picture.status?.cluster.read.node_id;
    return was !== undefined && was !== seenBy ? [`seen by ${seenBy} now`] : [];
  }
  const isNew = before.connection.kind !== after.connection.kind;
  return after.connection.kind === 'lost' && isNew ? [`connection lost: ${after.connection.error}`] : [];
}

function alertWords(alert: AlertRow): string {
  const by = alert.acknowledged_by === null ? '' : `, acknowledged by ${alert.acknowledged_by}`;
  const value = alert.state === 'firing' && alert.value !== '' ? `: ${alert.value}` : '';
  const what = `alert ${alert.rule} on ${alert.node_id ?? 'the cluster'}`;
  return `${what} is ${alert.state} (${alert.severity})${value}${by}`;
}

/** One that begins, ends, or is acknowledged; a value that moves is no news. */
function alertChanges(before: Model, after: Model): string[] {
  const [was, is] = [before.picture.heard.alerts, after.picture.heard.alerts];
  const asked: string[] = [];
  if (is.error !== null && was.error === null) asked.push(`what fires is not known: ${is.error}`);
  if (is.error === null && is.at !== null && (was.at === null || was.error !== null))
    asked.push(
      after.picture.alerts.some((a) => a.state === 'firing') ? 'what fires is known' : 'no alert is firing',
    );
  const key = (a: AlertRow): string => `${a.id} ${a.incident} ${a.state} ${a.acknowledged_by}`;
  const known = new Set(before.picture.alerts.map(key));
  return [...asked, ...after.picture.alerts.filter((a) => !known.has(key(a))).map(alertWords)];
}

function operationChanges(before: Model, after: Model): string[] {
  const was = before.picture.status?.operation ?? null;
  const is = after.picture.status?.operation ?? null;
  if (was === is) return [];
  return [
    ...(was === null ? [] : [`operation ${was} has ended; sqlcc op show ${was} says how`]),
    ...(is === null ? [] : [`operation ${is} runs`]),
  ];
}

function viewChanges(before: Model, after: Model): string[] {
  const [did, does] = [viewsDisagree(before.picture), viewsDisagree(after.picture)];
  if (did && !does) return ['the nodes agree again on who leads'];
  if (did || !does) return [];
  const told = viewGroups(after.picture).map(
    (g) => `${g.nodes.join(' ')} name ${g.leader} in term ${g.term}`,
  );
  return [`the nodes do not agree on who leads: ${told.join('; ')}`];
}

/** What is new between two models, as sentences. Whoever wrote their words, no terminal obeys them. */
export function changesBetween(before: Model, after: Model): string[] {
  const out = connectionChanges(before, after);
  const known = new Set(before.picture.events);
  for (const event of after.picture.events) {
    if (!known.has(event)) out.push(textOf(eventLineText(event, 1)).trimEnd());
  }
  const [was, is] = [before.picture.status?.cluster.health, after.picture.status?.cluster.health];
  if (is !== undefined && was !== is) {
    const reasons = after.picture.status?.cluster.reasons ?? [];
    out.push(`cluster is ${is}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`);
  }
  out.push(...alertChanges(before, after), ...operationChanges(before, after), ...viewChanges(before, after));
  return out.map(clean);
}

const QUIET_MS = 60_000;

/**
 * That a reader has gone is noticed by writing alone. So into what is no terminal a minute without news is a
 * line, and says so.
 */
export function quietLines(write: (line: string) => void, wall: () => number) {
  let since = wall();
  const timer = setInterval(() => write(`nothing new since ${clockTime(since)}`), QUIET_MS);
  return {
    /** There was news. */
    news: () => {
      since = wall();
      timer.refresh();
    },
    stop: () => clearInterval(timer),
  };
}

/** A little later than each commit of the session: what came last is told by then. */
const LATER_MS = 200;

/** Returns behind the end of the recording; a cluster has none. */
async function played(feed: Feed, { until }: Replay, left: AbortSignal): Promise<void> {
  const isOver = (): boolean => feed.ended?.() === true && feed.wall() >= until;
  while (!isOver() && !left.aborted) await wait(LATER_MS);
  await wait(LATER_MS);
}

async function typedLeave(input: Interface, isTerminal: boolean): Promise<void> {
  for await (const line of input) if (line.trim() === 'q') return;
  if (!isTerminal) await new Promise<never>(() => undefined);
}

export async function runPlain(run: RunTop): Promise<number> {
  const { io, options } = run;
  const look = chooseLook({ ...options, ascii: true }, io.env);
  const say = (text: string) => void io.stderr.write(`${clean(text)}\n`);
  const feed = openFeed({ client: run.client, options, speed: 1, say });
  const { clusterName, contextName } = run;
  const refreshMs = options.refreshMs ?? 1000;
  const session = new Session(
    feed,
    initialModel({
      ...{ clusterName, contextName, readOnly: true, refreshMs, now: feed.wall() },
      ...(feed.replay === undefined ? {} : { replay: feed.replay }),
    }),
  );
  const isTerminal = io.stdin.isTTY === true;
  const write = (line: string) => void io.stdout.write(`${line}\n`);
  for (const line of [wayOut(isTerminal, feed.replay), ...FIRST_WORDS, '']) write(line);
  const gone = once(io.stdout, 'close').catch(() => undefined);
  session.start();
  await session.ready;
  let shown = session.model;
  const width = Math.max(44, io.stdout.columns ?? 80);
  io.stdout.write(textPicture({ model: shown, symbols: look.symbols }, { cells: width }));
  const quiet = io.stdout.isTTY === true ? null : quietLines(write, () => feed.wall());
  const tell = (): void => {
    const lines = changesBetween(shown, session.model);
    for (const line of lines) write(line);
    if (lines.length > 0) quiet?.news();
    shown = session.model;
  };
  session.subscribe(tell);
  const [input, left] = [createInterface({ input: io.stdin }), new AbortController()];
  const ends: Promise<unknown>[] = [typedLeave(input, isTerminal), gone];
  if (feed.replay !== undefined) {
    const { until } = feed.replay;
    const over = played(feed, feed.replay, left.signal);
    ends.push(over.then(() => left.signal.aborted || write(`the recording ends at ${clockTime(until)}`)));
  }
  await Promise.race(ends);
  left.abort();
  input.close();
  quiet?.stop();
  session.stop();
  return 0;
}
