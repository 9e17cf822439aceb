/**
 * A stopwatch that stands while the processes of a test, though ready to run, are kept waiting for a core: what a
 * bound in milliseconds is for is what a program does with its time, not how many others the machine serves.
 */
import { readdirSync, readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 50;
/** Many ask at once: a look is good for so long. */
const FRESH_MS = 5;
/** Of the times in /proc/stat. */
const TICK_MS = 10;

/** A file of /proc; empty when its process has gone, and where there is no such thing. */
function told(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Each thread of a process and of all that descend from it. */
function* threadsBelow(pid: string): Generator<string> {
  for (const tid of listed(`/proc/${pid}/task`)) {
    const thread = `/proc/${pid}/task/${tid}`;
    yield thread;
    for (const child of told(`${thread}/children`).split(' ')) if (child !== '') yield* threadsBelow(child);
  }
}

/** Taken from this whole machine by others on the same hardware, ms. */
function stolenMs(): number {
  return Number(told('/proc/stat').split('\n', 1)[0]?.trim().split(/ +/)[8] ?? 0) * TICK_MS;
}

/** How long each thread below this process has stood in the run queue of a core since it began, ms. */
const queuedMs = new Map<string, number>();
let [lookedAt, stolen, waited, isOn] = [0, 0, 0, false];

/** Adds what the one thread waited that waited most since the last look, and what nobody had. */
function look(): void {
  const [now, stolenNow] = [performance.now(), stolenMs()];
  let most = 0;
  for (const thread of threadsBelow(`${process.pid}`)) {
    const [, waitedNs] = told(`${thread}/schedstat`).split(' ');
    if (waitedNs === undefined) continue;
    const ms = Number(waitedNs) / 1e6;
    most = Math.max(most, ms - (queuedMs.get(thread) ?? 0));
    queuedMs.set(thread, ms);
  }
  if (isOn) waited += Math.min(now - lookedAt, most + stolenNow - stolen);
  [lookedAt, stolen] = [now, stolenNow];
}

function allMs(): number {
  if (!isOn || performance.now() - lookedAt > FRESH_MS) look();
  if (!isOn) setInterval(look, LOOK_EVERY_MS).unref();
  isOn = true;
  return waited;
}

/**
 * Answers how long, from now on, somebody of this test waited for a core, ms: of its threads, from one look to the
 * next, the one that waited most. All of them together wait much longer, but one beside the other.
 */
export function coreWaits(): () => number {
  const before = allMs();
  return () => allMs() - before;
}

/** Starts; answers the ms since then without those in which somebody of this test waited for a core. */
export function stopwatch(): () => number {
  const waitedMs = coreWaits();
  const began = performance.now();
  return () => performance.now() - began - waitedMs();
}
