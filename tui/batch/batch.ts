/**
 * `top --once` and `top --batch`: one picture, or one each interval, as text, JSON or YAML;
 * `--check` makes the health the exit code. The same model, formatters and data as the
 * screen, so that a script sees what a person sees.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { SqlccError } from '../../src/base/index.ts';
import type { Desk } from '../feed/desk.ts';
import type { Feed } from '../feed/feed.ts';
import { openDesk, openFeed } from '../feed/open-feed.ts';
import type { EventLine, StatusResponse } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { age } from '../format/words.ts';
import { COLUMN_IDS } from '../lines/node-table.ts';
import { FILTERS, wrongFilter } from '../model/filter-fields.ts';
import { initialModel, type Model } from '../model/model.ts';
import { isStale, pictureAge } from '../model/selectors.ts';
import { update } from '../model/update.ts';
import type { DeskClient, TextView, TopClient, TopIo, TopOptions } from '../options.ts';
import { chooseLook } from '../theme/look.ts';
import { withAnswers } from './answers.ts';
import { pictureDocument } from './document.ts';
import { ROWS_OF, textPicture } from './text.ts';

export interface BatchOptions extends TopOptions {
  readonly format?: 'text' | 'json' | 'yaml';
  /** Pictures to print; 0 = until interrupted. */
  readonly count?: number;
  /** Between pictures; 1000 unless told. */
  readonly delayMs?: number;
  /** No cutting at the width of the terminal. */
  readonly wide?: boolean;
  /** The exit code says how the cluster is: 0 healthy, 3 degraded, 4 critical. */
  readonly check?: boolean;
  /** Only these columns of the node table. */
  readonly columns?: readonly string[];
}

export interface RunBatch {
  readonly client: (TopClient & DeskClient) | null;
  readonly clusterName: string;
  readonly contextName: string;
  readonly options: BatchOptions;
  readonly io: TopIo;
}

/** Exit codes of `--check`, as those of `cluster status`. */
const CHECK_EXIT: Readonly<Record<StatusResponse['cluster']['health'], number>> = {
  healthy: 0,
  degraded: 3,
  critical: 4,
};
const WIDE_CELLS = 240;
const NARROW_CELLS = 44;
/** For the events that a node still has; what has come by then is shown. */
const EVENTS_MS = 5000;

interface Sources {
  readonly feed: Feed;
  /** Opened when it is asked: one view alone needs it. */
  readonly desk: () => Desk;
}

/** What makes the picture richer and may be missing. */
async function optional<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch {
    return null;
  }
}

/** Events that the node still has. */
async function keptEvents(feed: Feed): Promise<readonly EventLine[]> {
  const found: EventLine[] = [];
  for await (const event of feed.kept(AbortSignal.timeout(EVENTS_MS))) found.push(event);
  return found;
}

/** With the log of one node: who asks for nothing else is told when there is none. */
async function withLog(model: Model, { feed, desk }: Sources, asked: string | undefined): Promise<Model> {
  const node = asked ?? model.picture.status?.cluster.read.node_id ?? '';
  const question = { slice: 'log', arg: node } as const;
  const value = await desk().read(question);
  const now = feed.wall();
  return update({ ...model, selected: node }, { type: 'answer', question, value, now })[0];
}

/** With one node chosen: the one named, else the one that answers. */
function ofNode(model: Model, asked: string | undefined): Model {
  const { status } = model.picture;
  const node = asked ?? status?.cluster.read.node_id ?? '';
  if (status?.nodes.some((n) => n.node_id === node) !== true)
    throw new SqlccError('not_found', `no node ${node} in this cluster`, {
      hint: 'sqlcc node list has their names',
    });
  return { ...model, selected: node };
}

/** Views that tell of events, and those that ask for more than the status. */
const WITH_EVENTS: readonly TextView[] = ['events', 'raft'];
const WITH_ANSWERS: readonly TextView[] = ['raft', 'config', 'operations'];

/** A document holds the same whatever view is named. */
function isOneOf(views: readonly TextView[], { view, format }: BatchOptions): boolean {
  return view !== undefined && views.includes(view) && (format === undefined || format === 'text');
}

function noPicture(): SqlccError {
  const hint = 'give a file that sqlcc top --record wrote';
  return new SqlccError('not_found', 'the recording has no picture', { hint });
}

async function picture(sources: Sources, run: RunBatch, before: Model | null): Promise<Model> {
  const { feed } = sources;
  const { clusterName, contextName, options } = run;
  const refreshMs = options.delayMs ?? 1000;
  let model =
    before ??
    initialModel({
      ...{ clusterName, contextName, readOnly: false, refreshMs, now: feed.wall() },
      ...(feed.replay === undefined ? {} : { replay: feed.replay }),
    });
  if (feed.ended?.() === true) throw noPicture();
  const status = await feed.status(null);
  const [alerts, views, history, events] = await Promise.all([
    feed.alerts(null),
    optional(feed.views(null)),
    before === null && options.format !== 'json' ? optional(feed.history(60)) : null,
    isOneOf(WITH_EVENTS, options) ? optional(keptEvents(feed)) : null,
  ]);
  const now = feed.wall();
  [model] = update(model, { type: 'alerts', alerts });
  if (history !== null) [model] = update(model, { type: 'history', history });
  [model] = update(model, { type: 'status', status, now });
  if (views !== null) [model] = update(model, { type: 'views', views });
  if (events !== null) [model] = update(model, { type: 'events', events, now });
  if (options.view === 'log') model = await withLog(model, sources, options.node);
  if (options.view === 'node') model = ofNode(model, options.node);
  model = { ...model, filter: { text: options.filter ?? '', editing: false } };
  if (!isOneOf(WITH_ANSWERS, options)) return model;
  return withAnswers({ ...model, view: options.view ?? 'topology' }, sources.desk(), feed.wall);
}

function documentOf({ picture: { status, alerts, statusAt } }: Model): object {
  return pictureDocument({ status, alerts, at: statusAt });
}

function asText(model: Model, run: RunBatch): string {
  const { options, io } = run;
  const { symbols } = chooseLook(options, io.env);
  const columns = Number(io.env['COLUMNS']) || io.stdout.columns || 120;
  const cells = options.wide === true ? WIDE_CELLS : Math.max(NARROW_CELLS, columns);
  return textPicture({ model, symbols }, { cells, view: options.view, columns: options.columns });
}

/** One picture as asked for; `many` documents of YAML are divided by its own line. */
function printed(model: Model, run: RunBatch, many: boolean): string {
  const { format } = run.options;
  if (format === 'json') return `${JSON.stringify(documentOf(model))}\n`;
  if (format !== 'yaml') return asText(model, run);
  return (many ? '---\n' : '') + stringify(documentOf(model), { aliasDuplicateObjects: false });
}

/**
 * What nobody knows of now is no health: a check of it fails as one that nobody answered. That there is no
 * leader a node does know now; what it has of the others grows old by that very lack.
 */
function exitOf(run: RunBatch, model: Model): number {
  if (run.options.check !== true) return 0;
  const { status } = model.picture;
  const code = CHECK_EXIT[status?.cluster.health ?? 'critical'];
  if (code === CHECK_EXIT.critical || !isStale(model)) return code;
  const by = clean(status?.cluster.read.node_id ?? '?');
  const stale = new SqlccError('unavailable', `the picture of ${by} is ${age(pictureAge(model))} old`);
  run.io.stderr.write(`error[${stale.code}]: ${stale.message}\n`);
  return stale.exitCode;
}

/** Throws for one that would let all rows through without a word. */
function requireFilter({ view, filter, format }: BatchOptions): void {
  if (filter === undefined) return;
  const rows = ROWS_OF[view ?? 'topology'];
  const isText = format === undefined || format === 'text';
  const unheeded = !isText
    ? 'goes with text: a document has all rows'
    : rows === null
      ? `has no rows to choose from with --view ${view}`
      : null;
  if (unheeded !== null) {
    const hint = isText ? 'leave it out' : 'leave it out; jq takes what you want from -o json';
    throw new SqlccError('invalid_argument', `--filter ${unheeded}`, { hint });
  }
  const wrong = rows === null ? null : wrongFilter(rows, filter);
  if (wrong !== null)
    throw new SqlccError('invalid_argument', `--filter: ${clean(wrong)}`, { hint: FILTERS });
}

function sourcesOf(run: RunBatch): Sources {
  requireFilter(run.options);
  const unknown = run.options.columns?.find((c) => !COLUMN_IDS.includes(c));
  if (unknown !== undefined) {
    throw new SqlccError('invalid_argument', `there is no column "${clean(unknown)}"`, {
      hint: `the columns are ${COLUMN_IDS.join(', ')}`,
    });
  }
  const { client, options, io } = run;
  const say = (text: string) => void io.stderr.write(`${clean(text)}\n`);
  const feed = openFeed({ client, options, speed: 0, stepping: true, say });
  let desk: Desk | null = null;
  return { feed, desk: () => (desk ??= openDesk({ client, options, feed })) };
}

/** One picture, of a recording its last. Errors of the cluster are thrown as they come. */
export async function runOnce(run: RunBatch): Promise<number> {
  const sources = sourcesOf(run);
  const { feed } = sources;
  let model: Model | null = null;
  do {
    try {
      model = await picture(sources, run, model);
    } catch (error) {
      // a recording may tell of losses; its last picture is what was asked for
      if (feed.ended === undefined || (feed.ended() && model === null)) throw error;
    }
  } while (feed.ended?.() === false);
  if (model === null) throw noPicture();
  run.io.stdout.write(printed(model, run, false));
  return exitOf(run, model);
}

/** A lost answer is told on stderr and costs its round; null for what asking again would not change. */
function failedRound(run: RunBatch, error: unknown): number | null {
  if (!(error instanceof SqlccError) || error.retry === 'no') return null;
  const at = new Date().toISOString();
  run.io.stderr.write(`${at} error[${error.code}]: ${clean(error.message)}\n`);
  return error.exitCode;
}

/**
 * `count` pictures, separated by an empty line, or JSON lines; of a recording at most as many as it has. A
 * round in which nobody answered is a line on stderr, and the next one asks again. The exit code is that of
 * the last round.
 */
export async function runBatch(run: RunBatch): Promise<number> {
  const { count = 0, delayMs = 1000, format = 'text' } = run.options;
  const sources = sourcesOf(run);
  const { feed } = sources;
  let model: Model | null = null;
  for (let n = 1; ; n++) {
    let code: number;
    try {
      const between = model !== null && format === 'text' ? '\n' : '';
      model = await picture(sources, run, model);
      run.io.stdout.write(between + printed(model, run, true));
      code = exitOf(run, model);
    } catch (error) {
      const failed = failedRound(run, error);
      if (failed === null) throw error;
      code = failed;
    }
    if (n === count || feed.ended?.() === true) return code;
    await sleep(delayMs);
  }
}
