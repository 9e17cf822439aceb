/** What stands behind the first sketch: a session that asks the cluster, and the way to other clusters. */
import { must } from '../src/base/index.ts';
import type { Feed } from './feed/feed.ts';
import { openDesk, openFeed } from './feed/open-feed.ts';
import { initialModel } from './model/model.ts';
import type { RunTop } from './options.ts';
import { Session } from './session.ts';
import { Stage } from './stage.ts';

const DEFAULT_REFRESH_MS = 1000;

/** The first cluster on its stage, and asked already. */
export function begin(run: RunTop): Stage {
  const { client, options, io } = run;
  const say = (text: string) => void io.stderr.write(`${text}\n`);
  const session = sessionOn(openFeed({ client, options, speed: 1, say }), run);
  session.start();
  return new Stage(session, run.fleet === undefined ? null : (name) => elsewhere(run, name));
}

function sessionOn(feed: Feed, run: RunTop): Session {
  const { client, clusterName, contextName, fleet, options } = run;
  const desk = openDesk({ client, options, fleet, feed });
  const model = initialModel({
    ...{ clusterName, contextName, contexts: desk.contexts, now: feed.wall() },
    readOnly: options.readOnly === true,
    refreshMs: options.refreshMs ?? DEFAULT_REFRESH_MS,
  });
  return new Session(feed, model, desk);
}

/** A session on the cluster of another context. What is recorded is the cluster that one began with. */
async function elsewhere(run: RunTop, name: string): Promise<Session> {
  const { client } = await must(run.fleet, 'a fleet').connect(name);
  const { record: _, ...options } = run.options;
  const there: RunTop = { ...run, client, clusterName: name, contextName: name, options };
  return sessionOn(openFeed({ client, options, speed: 1, say: () => undefined }), there);
}
