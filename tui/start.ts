/**
 * `sqlcc top`: looks at what it was given, paints a sketch at once, begins to ask the
 * cluster, and only then loads Ink. Where no screen can be driven it says what else
 * can be done. Whatever the sketch does not need is loaded behind it.
 */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { isRead, sketchNow, unfit } from './first-sketch.ts';
import { takeZone } from './format/words.ts';
import type { OpenTop, RunTop } from './options.ts';
import { takeOwnKeys } from './own-files.ts';
import { chooseLook } from './theme/look.ts';

/** So long the sketch stands for want of an answer; then the screen itself says that there is none. */
const PATIENCE_MS = 250;

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
  const why = unfit(io);
  takeZone(options.utc === true ? 'utc' : 'local');
  if (io.stdin.isTTY && isRead(io)) return await asLines(open);
  return why === null ? await onScreen(open) : refuse(open, why);
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
  const { guard, skeleton } = sketchNow(io, options, open.clusterName);
  try {
    if (options.settingsFolder !== undefined) await takeOwnKeys(options.settingsFolder);
    const run = await opened(open);
    const { begin } = await import('./begin.ts');
    const stage = begin(run);
    // colours are ours; what libraries below decide about them must agree before they are loaded
    process.env['FORCE_COLOR'] = look.colour ? '1' : '0';
    const { runScreen } = await loaded();
    // drawn without an answer it would be drawn twice, and a picture costs more than the answer
    await Promise.race([stage.session.ready, wait(PATIENCE_MS)]);
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

/** The screen, loaded piece by piece: between them the handshake with the cluster goes on. */
async function loaded() {
  await turn();
  await import('react');
  await turn();
  await import('ink');
  await turn();
  return await import('./main.tsx');
}

function refuse(open: OpenTop, why: string): number {
  open.io.stderr.write(
    `error[invalid_argument]: ${why}\nhint: sqlcc top --once prints one picture, --batch many\n`,
  );
  return 2;
}
