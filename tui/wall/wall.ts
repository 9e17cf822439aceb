/**
 * `sqlcc wall`: read-only, for a screen on the wall. Every cluster is followed all the
 * time; the board shows one after the other. A lost node costs nothing, a lost cluster
 * shows its last picture and says how old it is.
 */
import { constants } from 'node:os';
import type { Screen } from 'blessed';
import { SqlccError } from '../../src/base/index.ts';
import { clientFeed } from '../feed/client-feed.ts';
import { clean } from '../format/width.ts';
import { takeZone, zoneMark } from '../format/words.ts';
import { initialModel, type Model } from '../model/model.ts';
import type { TopClient, TopIo } from '../options.ts';
import { Session } from '../session.ts';
import { chooseLook } from '../theme/look.ts';
import { Board, type Toolkit } from './board.ts';
import { addSample, type Sample, unusable, wallPicture } from './picture.ts';

/** A cluster to follow, or a context that can't be used and why: it is shown as well. */
export type WallCluster =
  | { readonly name: string; readonly client: TopClient }
  | { readonly name: string; readonly client: null; readonly error: string };

export interface RunWall {
  /** At least one. */
  readonly clusters: readonly WallCluster[];
  /** How long each is shown. */
  readonly rotateMs: number;
  readonly refreshMs: number;
  readonly ascii: boolean;
  readonly noColor: boolean;
  /** Times in UTC; else in the zone of this machine. */
  readonly utc: boolean;
  readonly io: TopIo;
}

const RESIZE_MS = 80;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

interface Followed {
  readonly name: string;
  readonly model: () => Model;
  readonly stop: () => void;
  samples: readonly Sample[];
}

/** Follows a cluster until it is stopped; of a context that can't be used there is only why. */
export function follow(cluster: WallCluster, refreshMs: number): Followed {
  const { name } = cluster;
  const start = { clusterName: name, contextName: name, readOnly: true, refreshMs };
  if (cluster.client === null) {
    const model = unusable(initialModel({ ...start, now: Date.now() }), cluster.error);
    return { name, model: () => model, stop: () => undefined, samples: [] };
  }
  const feed = clientFeed(cluster.client);
  const session = new Session(feed, initialModel({ ...start, now: feed.wall() }));
  const followed: Followed = { name, model: () => session.model, stop: () => session.stop(), samples: [] };
  session.subscribe(() => {
    followed.samples = addSample(followed.samples, session.model);
  });
  session.start();
  return followed;
}

async function loadBlessed() {
  try {
    const [blessed, line, map] = await Promise.all([
      import('blessed'),
      import('blessed-contrib/lib/widget/charts/line.js'),
      import('blessed-contrib/lib/widget/map.js'),
    ]);
    const toolkit: Toolkit = { box: blessed.default.box, line: line.default, map: map.default };
    return { makeScreen: blessed.default.screen, toolkit };
  } catch (error) {
    throw new SqlccError('not_implemented', 'the wallboard needs the packages blessed and blessed-contrib', {
      hint: 'install them beside sqlcc; everything else works without',
      cause: error,
    });
  }
}

/** A board on the terminal that `io` is. */
export async function openBoard(
  io: Pick<TopIo, 'stdin' | 'stdout' | 'env'>,
  wish: Pick<RunWall, 'ascii' | 'noColor'>,
): Promise<{ readonly screen: Screen; readonly board: Board }> {
  const { makeScreen, toolkit } = await loadBlessed();
  const look = chooseLook({ ascii: wish.ascii, noColor: wish.noColor }, io.env);
  const { ascii } = look.symbols;
  const screen = makeScreen({
    ...{ input: io.stdin, output: io.stdout, smartCSR: true, title: 'sqlcc wall', warnings: false },
    ...{ fullUnicode: !ascii, forceUnicode: !ascii },
  });
  return { screen, board: new Board(screen, toolkit, { ascii, colour: look.colour }) };
}

/** Resolves with the exit code when somebody leaves it; 2 where no screen can be driven. */
export async function runWall(run: RunWall): Promise<number> {
  const { io, clusters } = run;
  if (!io.stdout.isTTY || !io.stdin.isTTY || io.env['TERM'] === 'dumb') {
    io.stderr.write(
      'error[invalid_argument]: the wallboard needs a terminal\n' +
        'hint: sqlcc top --batch --all-contexts prints lines\n',
    );
    return 2;
  }
  takeZone(run.utc ? 'utc' : 'local');
  const { screen, board } = await openBoard(io, run);
  const followed = clusters.map((cluster) => follow(cluster, run.refreshMs));
  let shown = 0;
  const draw = (): void => {
    const cluster = followed[shown];
    if (cluster === undefined) return;
    const names = followed.map((f, i) => (i === shown ? `[${clean(f.name)}]` : clean(f.name))).join(' ');
    const keys = `q quit${zoneMark()}`;
    const foot = followed.length === 1 ? keys : `${names}   n next   ${keys}`;
    board.draw(wallPicture(cluster.model(), cluster.samples), foot);
  };
  const next = (): void => {
    shown = (shown + 1) % followed.length;
    draw();
  };
  let resize: NodeJS.Timeout | undefined;
  screen.on('resize', () => {
    clearTimeout(resize);
    resize = setTimeout(() => {
      screen.realloc();
      draw();
    }, RESIZE_MS);
  });
  const drawing = setInterval(draw, run.refreshMs);
  let rotation = setInterval(next, run.rotateMs);
  let leave: (code: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => {
    leave = resolve;
  });
  // what a shell says of a program that ended by it
  const onSignal = (signal: NodeJS.Signals): void => leave(128 + constants.signals[signal]);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  screen.key(['q', 'C-c'], () => leave(0));
  screen.key(['n', 'right', 'space'], () => {
    // what was chosen is shown as long as any other
    clearInterval(rotation);
    rotation = setInterval(next, run.rotateMs);
    next();
  });
  try {
    draw();
    return await left;
  } finally {
    clearInterval(drawing);
    clearInterval(rotation);
    clearTimeout(resize);
    for (const { stop } of followed) stop();
    screen.destroy();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
