/** What stands behind the first sketch: a session that asks the cluster, and the way to other clusters. */
import { must, SqlccError } from '../src/base/index.ts';
import type { Feed } from './feed/feed.ts';
import { openDesk, openFeed } from './feed/open-feed.ts';
import { clean } from './format/width.ts';
import { keyOf } from './key-names.ts';
import { FILTERS, wrongFilter } from './model/filter-fields.ts';
import { initialModel, type Model } from './model/model.ts';
import { openView } from './model/navigate.ts';
import type { RunTop, TopOptions } from './options.ts';
import { Session } from './session.ts';
import { Stage } from './stage.ts';

const DEFAULT_REFRESH_MS = 1000;

/** The first cluster on its stage, and asked already. */
export function begin(run: RunTop): Stage {
  const { client, options, io, first } = run;
  const say = (text: string) => void io.stderr.write(`${text}\n`);
  const feed = openFeed({ client, options, speed: 1, say, first });
  const session = sessionOn(feed, run, (model) => beginning(model, options));
  session.start();
  const { ephemeral } = run.options;
  if (ephemeral !== undefined) void session.ready.then(() => tell(session, ephemeral.notice));
  return new Stage(session, run.fleet === undefined ? null : (name) => elsewhere(run, name));
}

/** Long enough for a look; the list of messages has it for whoever wants to copy it. */
function tell(session: Session, notice: string): void {
  session.dispatch({ type: 'tick', now: Date.now(), mono: performance.now() });
  const text = `${notice} (${keyOf('messages')} shows this again)`;
  session.dispatch({ type: 'told', text, level: 'info', greets: true });
}

/** The view, the filter and the row that were asked for on the command line. */
export function beginning(model: Model, { view, filter, node }: TopOptions): Model {
  const opened = view === undefined ? model : openView(model, view);
  const wrong = filter === undefined ? null : wrongFilter(opened.view, filter);
  if (wrong !== null)
    throw new SqlccError('invalid_argument', `--filter: ${clean(wrong)}`, { hint: FILTERS });
  return {
    ...opened,
    ...(filter === undefined ? {} : { filter: { text: filter, editing: false }, lastFilter: filter }),
    ...(node === undefined ? {} : { selected: node }),
  };
}

function sessionOn(feed: Feed, run: RunTop, begun: (model: Model) => Model = (model) => model): Session {
  const { client, clusterName, contextName, fleet, options } = run;
  const desk = openDesk({ client, options, fleet, feed });
  const model = initialModel({
    ...{ clusterName, contextName, contexts: desk.contexts, now: feed.wall() },
    readOnly: options.readOnly === true,
    ...(options.ephemeral === undefined ? {} : { ends: options.ephemeral.ends }),
    ...(feed.replay === undefined ? {} : { replay: feed.replay }),
    refreshMs: options.refreshMs ?? DEFAULT_REFRESH_MS,
  });
  return new Session(feed, begun(model), desk);
}

/** A session on the cluster of another context. What is recorded is the cluster that one began with. */
async function elsewhere(run: RunTop, name: string): Promise<Session> {
  const { client } = await must(run.fleet, 'a fleet').connect(name);
  const { record: _, ...options } = run.options;
  const there: RunTop = { ...run, client, clusterName: name, contextName: name, options };
  return sessionOn(openFeed({ client, options, speed: 1, say: () => undefined }), there);
}
