/** Ink on the alternate screen, from the first frame until the terminal is as it was before. */
import { render } from 'ink';
import { App } from './app.tsx';
import type { TopIo } from './options.ts';
import type { Session } from './session.ts';
import type { Skeleton } from './skeleton.ts';
import type { Look } from './theme/look.ts';

export interface RunScreen {
  readonly session: Session;
  readonly look: Look;
  readonly io: TopIo;
  readonly skeleton: Skeleton;
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
    for (const chunk of held) stderr.write(chunk);
  };
}

/** Runs until somebody quits; resolves the exit code. */
export async function runScreen({ session, look, io, skeleton }: RunScreen): Promise<number> {
  skeleton.handOver();
  const release = holdStderr(io.stderr);
  const instance = render(<App session={session} look={look} />, {
    stdin: io.stdin,
    stdout: io.stdout,
    stderr: io.stderr,
    alternateScreen: true,
    incrementalRendering: true,
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
    session.stop();
    release();
  }
}
