/**
 * `sqlcc top`: looks at what it was given, paints a sketch at once, begins to ask the
 * cluster, and only then loads Ink. Where no screen can be driven it says what else
 * can be done. Whatever the sketch does not need is loaded behind it.
 */
import { takeZone } from './format/words.ts';
import { Guard } from './guard.ts';
import type { OpenTop, RunTop } from './options.ts';
import { takeOwnKeys } from './own-files.ts';
import { paintSkeleton } from './skeleton.ts';
import { chooseLook } from './theme/look.ts';

/** Resolves the exit code when the screen is left: 0, 2 when it can't be driven here, 1 when it failed. */
export async function runTop(open: OpenTop): Promise<number> {
  const { io, options } = open;
  // lines need neither a screen nor keys: a speech program or a log may read them
  if (options.plain === true) return await asLines(open);
  if (!io.stdout.isTTY) {
    io.stderr.write('hint: the output is no terminal, so this is one picture; see sqlcc top --batch\n');
    const { runOnce } = await import('./batch/batch.ts');
    return await runOnce(await opened(open));
  }
  if (!io.stdin.isTTY) return refuse(open, 'the input is no terminal, so nobody could drive the screen');
  takeZone(options.utc === true ? 'utc' : 'local');
  if (io.env['INK_SCREEN_READER'] === 'true') return await asLines(open);
  if (io.env['TERM'] === 'dumb') return refuse(open, 'TERM=dumb: this terminal has no screen to draw on');
  return await onScreen(open);
}

async function asLines(open: OpenTop): Promise<number> {
  takeZone(open.options.utc === true ? 'utc' : 'local');
  const { runPlain } = await import('./batch/plain.ts');
  return await runPlain(await opened(open));
}

async function opened({ open, ...rest }: OpenTop): Promise<RunTop> {
  return { ...rest, ...(await open()) };
}

async function onScreen(open: OpenTop): Promise<number> {
  const { io, options } = open;
  const look = chooseLook(options, io.env);
  const guard = new Guard(io);
  const skeleton = paintSkeleton(io.stdout, open.clusterName, look);
  guard.leaveBy(skeleton.leave);
  try {
    if (options.settingsFolder !== undefined) await takeOwnKeys(options.settingsFolder);
    const { begin } = await import('./begin.ts');
    const stage = begin(await opened(open));
    // colours are ours; what libraries below decide about them must agree before they are loaded
    process.env['FORCE_COLOR'] = look.colour ? '1' : '0';
    const { runScreen } = await import('./main.tsx');
    return await runScreen({
      ...{ stage, look, io, guard, skeleton },
      livesOn: options.replay === undefined && options.ephemeral === undefined,
      folder: options.settingsFolder ?? null,
      mouse: options.mouse === true,
      wholeLines: options.wholeLines === true,
    });
  } finally {
    guard.end();
  }
}

function refuse(open: OpenTop, why: string): number {
  open.io.stderr.write(
    `error[invalid_argument]: ${why}\nhint: sqlcc top --once prints one picture, --batch many\n`,
  );
  return 2;
}
