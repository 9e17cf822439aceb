/** Ink on the alternate screen, from the first frame until the terminal is as it was before. */
import { render } from 'ink';
import { OnStage } from './app.tsx';
import type { Screen } from './lines/screen.ts';
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
  readonly skeleton: Skeleton;
  /** Where copies and pictures are put; null = the temporary folder. */
  readonly folder: string | null;
  /** Clicks and the wheel are heard. */
  readonly mouse: boolean;
  /** Lines are written whole with each change. */
  readonly wholeLines: boolean;
}

const KEPT_STDERR_LINES = 50;

/** Whatever writes to stderr meanwhile would tear the picture: it is kept and told afterwards. */
function holdStderr(stderr: NodeJS.WriteStream): () => void {
  const held: string[] = [];
  const write = stderr.write.bind(stderr);
  const hold = (chunk: unknown): boolean => {
    held.push(String(chunk));
    if (held.length > KEPT_STDERR_LINES) held.shift();
    return true;
  };
  stderr.write = hold as typeof stderr.write;
  return () => {
    stderr.write = write;
    // asked again, at the end of a failure, there is nothing more to tell
    for (const chunk of held.splice(0)) stderr.write(chunk);
  };
}

/** Runs until somebody quits; resolves the exit code. */
export async function runScreen(run: RunScreen): Promise<number> {
  const { stage, look, io, skeleton, folder, mouse, wholeLines } = run;
  skeleton.handOver();
  const release = holdStderr(io.stderr);
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
  ways.hear(true);
  const instance = render(<OnStage stage={stage} look={look} ways={ways} />, {
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
    await instance.waitUntilExit();
    return 0;
  } catch (error) {
    release();
    io.stderr.write(
      `error[internal]: the screen failed: ${error instanceof Error ? error.message : error}\n`,
    );
    return 1;
  } finally {
    // what failed before it was on the stage did not say so itself
    ways.hear(false);
    stage.stop();
    release();
  }
}
