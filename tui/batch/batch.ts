/**
 * `top --once` and `top --batch`: one picture, or one each interval, as text or JSON;
 * `--check` makes the health the exit code. The same model, formatters and data as the
 * screen, so that a script sees what a person sees.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlccError } from '../../src/base/index.ts';
import type { Feed } from '../feed/feed.ts';
import { openFeed } from '../feed/open-feed.ts';
import type { StatusResponse } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { initialModel, type Model } from '../model/model.ts';
import { update } from '../model/update.ts';
import type { TopClient, TopIo, TopOptions } from '../options.ts';
import { chooseLook } from '../theme/look.ts';
import { textPicture } from './text.ts';

export interface BatchOptions extends TopOptions {
  readonly format?: 'text' | 'json';
  /** Pictures to print; 0 = until interrupted. */
  readonly count?: number;
  /** Between pictures; 1000 unless told. */
  readonly delayMs?: number;
  /** No cutting at the width of the terminal. */
  readonly wide?: boolean;
  /** As `/` on the screen, e.g. `state:!ok`. */
  readonly filter?: string;
  /** The exit code says how the cluster is: 0 healthy, 3 degraded, 4 critical. */
  readonly check?: boolean;
}

export interface RunBatch {
  readonly client: TopClient | null;
  readonly clusterName: string;
  readonly contextName: string;
  readonly options: BatchOptions;
  readonly io: TopIo;
}

const CHECK_EXIT: Readonly<Record<StatusResponse['cluster']['health'], number>> = {
  healthy: 0,
  degraded: 3,
  critical: 4,
};
const WIDE_CELLS = 240;

/** What makes the picture richer and may be missing. */
async function optional<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch {
    return null;
  }
}

async function picture(feed: Feed, run: RunBatch, before: Model | null): Promise<Model> {
  const { clusterName, contextName, options } = run;
  const refreshMs = options.delayMs ?? 1000;
  let model =
    before ?? initialModel({ clusterName, contextName, readOnly: false, refreshMs, now: feed.wall() });
  const [status, alerts, views, history] = await Promise.all([
    feed.status(null),
    feed.alerts(),
    optional(feed.views()),
    before === null && options.format !== 'json' ? optional(feed.history(60)) : null,
  ]);
  const now = feed.wall();
  [model] = update(model, { type: 'alerts', alerts });
  if (history !== null) [model] = update(model, { type: 'history', history });
  [model] = update(model, { type: 'status', status, now });
  if (views !== null) [model] = update(model, { type: 'views', views });
  return { ...model, filter: { text: options.filter ?? '', editing: false } };
}

function asJson(model: Model): string {
  const { status, alerts } = model.picture;
  const asOf = new Date(model.picture.statusAt).toISOString();
  const observer = status?.cluster.read.node_id ?? null;
  const document = { ...status, schema: 'sqlcc.top/1', as_of: asOf, observer, alert_list: alerts };
  return `${JSON.stringify(document)}\n`;
}

function asText(model: Model, run: RunBatch): string {
  const { options, io } = run;
  const { symbols } = chooseLook(options, io.env);
  const columns = Number(io.env['COLUMNS']) || io.stdout.columns || 120;
  return textPicture({ model, symbols }, options.wide === true ? WIDE_CELLS : Math.max(44, columns));
}

function exitOf(run: RunBatch, model: Model): number {
  const health = model.picture.status?.cluster.health ?? 'critical';
  return run.options.check === true ? CHECK_EXIT[health] : 0;
}

/** One picture. Errors of the cluster are thrown as they come, for the caller's printer. */
export async function runOnce(run: RunBatch): Promise<number> {
  const model = await picture(openFeed(run.client, run.options, 0), run, null);
  run.io.stdout.write(run.options.format === 'json' ? asJson(model) : asText(model, run));
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
 * `count` pictures, separated by an empty line, or JSON lines. A round in which nobody answered is a line on
 * stderr, and the next one asks again. The exit code is that of the last round.
 */
export async function runBatch(run: RunBatch): Promise<number> {
  const { count = 0, delayMs = 1000, format } = run.options;
  const feed = openFeed(run.client, run.options, 0);
  let model: Model | null = null;
  for (let n = 1; ; n++) {
    let code: number;
    try {
      const between = model !== null && format !== 'json' ? '\n' : '';
      model = await picture(feed, run, model);
      run.io.stdout.write(between + (format === 'json' ? asJson(model) : asText(model, run)));
      code = exitOf(run, model);
    } catch (error) {
      const failed = failedRound(run, error);
      if (failed === null) throw error;
      code = failed;
    }
    if (n === count) return code;
    await sleep(delayMs);
  }
}
