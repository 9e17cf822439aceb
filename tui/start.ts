/**
 * `sqlcc top`: looks at what it was given, paints a sketch at once, begins to ask the
 * cluster, and only then loads Ink. Where no screen can be driven it says what else
 * can be done.
 */

import { must } from '../src/base/index.ts';
import { runOnce } from './batch/batch.ts';
import { runPlain } from './batch/plain.ts';
import type { Feed } from './feed/feed.ts';
import { openDesk, openFeed } from './feed/open-feed.ts';
import { takeZone } from './format/words.ts';
import { Guard } from './guard.ts';
import { initialModel } from './model/model.ts';
import type { RunTop } from './options.ts';
import { Session } from './session.ts';
import { loadKeys } from './settings.ts';
import { paintSkeleton } from './skeleton.ts';
import { Stage } from './stage.ts';
import { chooseLook } from './theme/look.ts';

const DEFAULT_REFRESH_MS = 1000;

/** Resolves the exit code when the screen is left: 0, 2 when it can't be driven here, 1 when it failed. */
export async function runTop(run: RunTop): Promise<number> {
  const { io, options } = run;
  if (!io.stdout.isTTY) {
    io.stderr.write('hint: the output is no terminal, so this is one picture; see sqlcc top --batch\n');
    return await runOnce(run);
  }
  if (!io.stdin.isTTY) return refuse(run, 'the input is no terminal, so nobody could drive the screen');
  takeZone(options.utc === true ? 'utc' : 'local');
  if (options.plain === true || io.env['INK_SCREEN_READER'] === 'true') return await runPlain(run);
  if (io.env['TERM'] === 'dumb') return refuse(run, 'TERM=dumb: this terminal has no screen to draw on');
  if (options.settingsFolder !== undefined) await loadKeys(options.settingsFolder);
  const look = chooseLook(options, io.env);
  const guard = new Guard(io);
  const skeleton = paintSkeleton(io.stdout, run.clusterName, look);
  guard.leaveBy(skeleton.leave);
  try {
    const say = (text: string) => void io.stderr.write(`${text}\n`);
    const feed = openFeed({ client: run.client, options, speed: 1, say });
    const session = sessionOn(feed, run);
    session.start();
    const stage = new Stage(session, run.fleet === undefined ? null : (name) => elsewhere(run, name));
    // colours are ours; what libraries below decide about them must agree before they are loaded
    process.env['FORCE_COLOR'] = look.colour ? '1' : '0';
    const { runScreen } = await import('./main.tsx');
    return await runScreen({
      stage,
      look,
      io,
      guard,
      skeleton,
      livesOn: options.replay === undefined && options.ephemeral !== true,
      folder: options.settingsFolder ?? null,
      mouse: options.mouse === true,
      wholeLines: options.wholeLines === true,
    });
  } finally {
    guard.end();
  }
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

function refuse(run: RunTop, why: string): number {
  run.io.stderr.write(
    `error[invalid_argument]: ${why}\nhint: sqlcc top --once prints one picture, --batch many\n`,
  );
  return 2;
}
