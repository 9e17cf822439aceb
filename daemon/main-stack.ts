/**
 * Where the main thread stands when it takes no messages. The inspector gets a word in between two steps of
 * JavaScript, whatever loop they are in: it says the stack, and main goes on. No port is opened for it.
 * A loop of callbacks may be met between two of them, where no stack says whose they are: then main is led
 * into the next one and let go. Where a debugger may be at work it is not: its stops are not ours to end.
 */
import { readFileSync } from 'node:fs';
import type { Session } from 'node:inspector/promises';
import type { Duration } from '../src/base/index.ts';

/** Fields of a log line. */
export interface MainStand {
  /** Innermost first; or why there is none. */
  readonly stack: string;
  /** Of the process and of main's heap, MB. */
  readonly memory: string;
  /** What keeps main's loop alive, by kind. */
  readonly handles: string;
  /** As the system sees the thread meanwhile: R runs or would, S sleeps, D is in a system call. */
  readonly thread: string;
}

interface Seen extends Omit<MainStand, 'thread'> {
  readonly isInspectable: boolean;
}

/** More of a stack is written as its two ends: what is done, and what it is done for. */
const HALF_FRAMES = 12;
/** Of the expression itself. */
const OWN_FRAMES = 2;

/** So many lead from anywhere in Node's loop of callbacks into one. */
const STEPS = 200;

/** Evaluated on the main thread, on top of whatever runs there. */
const LOOK = `(() => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return JSON.stringify({
    stack,
    memory: process.memoryUsage(),
    handles: process.getActiveResourcesInfo(),
    isInspectable: process.getBuiltinModule('node:inspector').url() !== undefined,
  });
})()`;

/** Takes at most `boundMs`, and never rejects. */
export async function lookAtMain(boundMs: Duration): Promise<MainStand> {
  const began = performance.now();
  const ranBefore = ranMs();
  const seen = await seenWithin(boundMs);
  const took = Math.round(performance.now() - began);
  const ran = Math.round(ranMs() - ranBefore);
  return { ...seen, thread: `${threadState()}, ran ${ran} of ${took} ms` };
}

async function seenWithin(boundMs: Duration): Promise<Omit<MainStand, 'thread'>> {
  // 3 MB that a node in good health never needs
  const inspector = await import('node:inspector/promises');
  const session = new inspector.Session();
  const seen: Seen[] = [];
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise((resolve) => {
    timer = setTimeout(resolve, boundMs);
  });
  let why = `none within ${boundMs} ms: in native code, or without a processor`;
  try {
    session.connectToMainThread();
    await Promise.race([look(session, seen), bound]);
  } catch (error) {
    why = `none: ${(error as Error).message}`;
  } finally {
    clearTimeout(timer);
    // lets main go, should it be held; Node 26 aborts when this thread ends before main has heard of it
    session.disconnect();
  }
  const { stack, memory, handles } = seen.at(-1) ?? { stack: why, memory: '', handles: '' };
  return { stack, memory, handles };
}

/** Adds to `seen` what it sees, the better the later. */
async function look(session: Session, seen: Seen[]): Promise<void> {
  const first = await evaluate(session);
  seen.push(first);
  if (!isBetween(first.stack) || first.isInspectable) return;
  await session.post('Debugger.enable');
  for (let step = 0; step < STEPS; step++) {
    const held = new Promise<void>((resolve) => session.once('Debugger.paused', () => resolve()));
    await session.post(step === 0 ? 'Debugger.pause' : 'Debugger.stepInto');
    await held;
    const next = await evaluate(session);
    seen.push(next);
    if (!isBetween(next.stack)) break;
  }
  await session.post('Debugger.resume');
}

/** Nothing there but Node's own code, as its loop of callbacks. */
function isBetween(stack: string): boolean {
  return stack.split(' < ').every((frame) => frame === '' || frame.includes('node:internal/'));
}

async function evaluate(session: Session): Promise<Seen> {
  const { result } = await session.post('Runtime.evaluate', { expression: LOOK, silent: true });
  const said = JSON.parse(String(result.value)) as {
    readonly stack: string;
    readonly memory: NodeJS.MemoryUsage;
    readonly handles: readonly string[];
    readonly isInspectable: boolean;
  };
  return {
    stack: stackWords(said.stack),
    memory: memoryWords(said.memory),
    handles: handleWords(said.handles),
    isInspectable: said.isInspectable,
  };
}

/** One line, without the folders that the program lies in. */
function stackWords(stack: string): string {
  const frames = stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(OWN_FRAMES)
    .map((line) => line.slice('    at '.length).replace(/(^| |\()(?:file:\/\/)?\/[^\s()]*\//, '$1'));
  const left = frames.length - 2 * HALF_FRAMES;
  if (left > 1) frames.splice(HALF_FRAMES, left, `${left} more`);
  return frames.join(' < ');
}

function memoryWords({ rss, heapUsed, heapTotal, external, arrayBuffers }: NodeJS.MemoryUsage): string {
  const mb = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const heap = `heap ${mb(heapUsed)} of ${mb(heapTotal)}`;
  return `rss ${mb(rss)}, ${heap}, external ${mb(external)}, array buffers ${mb(arrayBuffers)} MB`;
}

function handleWords(handles: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of handles) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, n]) => `${kind} ${n}`).join(', ');
}

/** What the system says of the main thread, whose id is that of the process; empty where it says nothing. */
function ofThread(file: string): string {
  try {
    return readFileSync(`/proc/self/task/${process.pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function ranMs(): Duration {
  return Number(ofThread('schedstat').split(' ')[0]) / 1e6;
}

function threadState(): string {
  return /\) (\S)/.exec(ofThread('stat'))?.[1] ?? '?';
}
