/**
 * Parts that start and stop in order. A step that fails stops those before it in
 * reverse and names itself in the error; each stop has a deadline, after which it is
 * left behind so that one stuck part can't keep the process alive.
 */
import { must, SqlccError } from '../src/base/index.ts';
import { SEED_START_STEPS } from '../src/cluster/index.ts';

export interface Startable {
  /** The step's name in events and errors. */
  readonly name: string;
  start(): Promise<void>;
  /** Ends new work, finishes old, frees everything; called once, also after a start that failed half-way. */
  stop(): Promise<void>;
}

/** The seed's step number `n`, from 1 to 8. */
export function seedStep(
  n: number,
  start: () => Promise<void>,
  stop: () => Promise<void> = async () => {},
): Startable {
  return { name: must(SEED_START_STEPS[n - 1], `step ${n}`), start, stop };
}

export interface StepTime {
  readonly name: string;
  readonly ms: number;
}

/** Each part gets this long to stop when a start fails. */
const STOP_MS = 2000;

/**
 * Starts `parts` in order and reports each; on failure stops the started ones and rethrows with the step's
 * name. Once `signal` is aborted no further part is begun: resolves with the steps that were done, whose
 * parts the caller stops. A part that waits should look at the signal itself.
 */
export async function startAll(
  parts: readonly Startable[],
  onStep: (step: StepTime, n: number) => void,
  signal?: AbortSignal,
): Promise<StepTime[]> {
  const times: StepTime[] = [];
  for (const [n, part] of parts.entries()) {
    if (signal?.aborted === true) break;
    const began = performance.now();
    try {
      await part.start();
    } catch (error) {
      await stopAll(parts.slice(0, n + 1), STOP_MS);
      if (error instanceof SqlccError) throw error;
      throw new SqlccError(
        'internal',
        `start step ${n + 1} "${part.name}" failed: ${(error as Error).message}`,
        { cause: error },
      );
    }
    const step = { name: part.name, ms: Math.round((performance.now() - began) * 10) / 10 };
    times.push(step);
    onStep(step, n + 1);
  }
  return times;
}

/**
 * Stops `parts` in reverse; a part that takes longer than `deadlineMs` is left behind and named in the
 * result.
 */
export async function stopAll(parts: readonly Startable[], deadlineMs: number): Promise<string[]> {
  const late: string[] = [];
  for (const part of [...parts].reverse()) {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), deadlineMs);
    });
    const outcome = await Promise.race([
      part.stop().then(
        () => 'done',
        () => 'failed',
      ),
      deadline,
    ]);
    clearTimeout(timer);
    if (outcome !== 'done') late.push(part.name);
  }
  return late;
}
