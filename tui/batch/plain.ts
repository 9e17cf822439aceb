/**
 * `top --plain`: for screen readers and paper. One picture, then a line a change: each
 * event as it comes, each loss and return of the connection, each alert and operation that
 * begins or ends, and when nodes do not agree. Looking only. No cursor, no boxes. `q`
 * and Enter, or end of input, leave it.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openFeed } from '../feed/open-feed.ts';
import type { AlertRow } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { eventLineText } from '../lines/panes.ts';
import { initialModel, type Model } from '../model/model.ts';
import { viewGroups, viewsDisagree } from '../model/selectors.ts';
import type { RunTop } from '../options.ts';
import { Session } from '../session.ts';
import { chooseLook } from '../theme/look.ts';
import { textOf } from '../theme/tokens.ts';
import { textPicture } from './text.ts';

/** What a person without a screen must know first. */
const FIRST_WORDS = [
  'q and Enter leave, as the end of the input does. What changes is told in a line each.',
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
  io.stdout.write(`${FIRST_WORDS.join('\n')}\n\n`);
  session.start();
  await session.ready;
  let shown = session.model;
  const width = Math.max(44, io.stdout.columns ?? 80);
  io.stdout.write(textPicture({ model: shown, symbols: look.symbols }, { cells: width }));
  session.subscribe(() => {
    for (const line of changesBetween(shown, session.model)) io.stdout.write(`${line}\n`);
    shown = session.model;
  });
  // an input that is no terminal may be none from the first: lines go on until whoever reads them goes
  const gone = io.stdin.isTTY ? null : once(io.stdout, 'close').catch(() => undefined);
  const input = createInterface({ input: io.stdin });
  let left = false;
  for await (const line of input) {
    left = line.trim() === 'q';
    if (left) break;
  }
  input.close();
  if (!left) await gone;
  session.stop();
  return 0;
}
