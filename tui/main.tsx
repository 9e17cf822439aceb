/** Ink on the alternate screen, from the first frame until the terminal is as it was before. */
import { type Instance, render } from 'ink';
import { OnStage } from './app.tsx';
import { clean } from './format/width.ts';
import type { Guard } from './guard.ts';
import type { Screen } from './lines/screen.ts';
import { goesOn } from './model/unsettled.ts';
import { keysOf, MOUSE_OFF, MOUSE_ON, type MouseEvent, withoutMouse } from './mouse.ts';
import type { TopIo } from './options.ts';
import { Outside } from './out/outside.ts';
import type { Skeleton } from './skeleton.ts';
import type { Stage } from './stage.ts';
import type { Look } from './theme/look.ts';

export interface RunScreen {
  readonly stage: Stage;
  readonly look: Look;
  readonly io: TopIo;
  readonly guard: Guard;
  readonly skeleton: Skeleton;
  /** The cluster lives on when the screen is left: what was begun is told behind it. */
  readonly livesOn: boolean;
  /** Where copies and pictures are put; null = the temporary folder. */
  readonly folder: string | null;
  /** Clicks and the wheel are heard. */
  readonly mouse: boolean;
  /** Lines are written whole with each change. */
  readonly wholeLines: boolean;
}

/** What is on while the screen is up, off: all of it again where Ink could not say so itself. */
const LEFT = '\x1b[?2004l\x1b[?25h';

/** Runs until somebody quits; resolves the exit code. */
export async function runScreen(run: RunScreen): Promise<number> {
  const { stage, look, io, guard, skeleton, livesOn, folder, mouse, wholeLines } = run;
  skeleton.handOver();
  const outside = new Outside(io, look, folder);
  const seen: { screen: Screen | null } = { screen: null };
  const ways = {
    go: (context: string) => void stage.go(context),
    outside,
    drawn: (screen: Screen): void => {
      seen.screen = screen;
    },
    hear: (isOn: boolean): void => {
      if (mouse) io.stdout.write(isOn ? MOUSE_ON : MOUSE_OFF);
    },
  };
  const onMouse = (events: readonly MouseEvent[]): void => {
    for (const event of events) {
      const keys = seen.screen === null ? [] : keysOf(event, seen.screen, stage.session.model.overlay);
      if (keys.length > 0) stage.session.keys(keys);
    }
  };
  let instance: Instance | null = null;
  guard.leaveBy(() => {
    try {
      if (instance === null) skeleton.leave();
      else instance.unmount();
    } catch {
      // drawing failed once more
      skeleton.leave();
    }
    // in the midst of drawing, and before the first one, nothing of the screen could say so itself
    ways.hear(false);
    io.stdout.write(LEFT);
    if (io.stdin.isRaw) io.stdin.setRawMode(false);
    const { model } = stage.session;
    for (const words of livesOn ? goesOn(model) : []) io.stderr.write(`${clean(words)}\n`);
  });
  ways.hear(true);
  instance = render(<OnStage stage={stage} look={look} ways={ways} />, {
    stdin: mouse ? withoutMouse(io.stdin, onMouse) : io.stdin,
    stdout: io.stdout,
    stderr: io.stderr,
    alternateScreen: true,
    incrementalRendering: !wholeLines,
    maxFps: 60,
    exitOnCtrlC: false,
    patchConsole: true,
    // Ink would draw nothing under CI=true; both streams are terminals, that was checked
    interactive: true,
  });
  try {
    const exited = instance.waitUntilExit().then(() => 0);
    return await Promise.race([exited, guard.failed]);
  } catch (error) {
    guard.fail(error);
    return await guard.failed;
  } finally {
    stage.stop();
    guard.end();
  }
}
