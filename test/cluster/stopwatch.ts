/**
 * A stopwatch that stands while the processes of a test, though ready to run, are kept waiting for a core: what a
 * bound in milliseconds is for is what a program does with its time, not how many others the machine serves.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

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

/** Of all cores since the machine began, ms: what somebody took, and what others on the same hardware took of that. */
function taken(): { readonly busy: number; readonly stolen: number } {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = told('/proc/stat')
    .split('\n', 1)
    .flatMap((line) => line.trim().split(/ +/).slice(1).map(Number));
  return { busy: (user + nice + system + irq + softirq + steal) * TICK_MS, stolen: steal * TICK_MS };
}

/** This process's own threads. */
const OWN = `/proc/${process.pid}/`;
/** How long each thread below this process has run and has stood in the run queue of a core since it began, ms. */
const times = new Map<string, readonly [ran: number, queued: number]>();
/** What all of them have run since they were first looked at, ms. */
let ran = 0;
let [lookedAt, stolen, waited, isOn] = [0, 0, 0, false];
/** Of the processes that the test has begun, from one look to the next, the thread that waited most; ms. */
const ofOthers: number[] = [];

/** Adds what the one thread waited that waited most since the last look, and what nobody had. */
function look(): void {
  const [now, stolenNow] = [performance.now(), taken().stolen];
  let [most, mostOfOthers] = [0, 0];
  for (const thread of threadsBelow(`${process.pid}`)) {
    const [ranNs, queuedNs] = told(`${thread}/schedstat`).split(' ');
    if (queuedNs === undefined) continue;
    const [ranMs, queuedMs] = [Number(ranNs) / 1e6, Number(queuedNs) / 1e6];
    const [ranBefore, queuedBefore] = times.get(thread) ?? [0, 0];
    ran += ranMs - ranBefore;
    most = Math.max(most, queuedMs - queuedBefore);
    if (!thread.startsWith(OWN)) mostOfOthers = Math.max(mostOfOthers, queuedMs - queuedBefore);
    times.set(thread, [ranMs, queuedMs]);
  }
  if (isOn) ofOthers.push(mostOfOthers + stolenNow - stolen);
  if (isOn) waited += Math.min(now - lookedAt, most + stolenNow - stolen);
  [lookedAt, stolen] = [now, stolenNow];
}

function allMs(freshMs = FRESH_MS): number {
  if (!isOn || performance.now() - lookedAt > freshMs) look();
  if (!isOn) setInterval(look, LOOK_EVERY_MS).unref();
  isOn = true;
  return waited;
}

/**
 * Answers how long, from now on, somebody of this test waited for a core, ms: of its threads, from one look to the
 * next, the one that waited most. All of them together wait much longer, but one beside the other. A look costs
 * some 2 ms: who asks hundreds of times a second takes one that is older.
 */
export function coreWaits(freshMs = FRESH_MS): () => number {
  const before = allMs(freshMs);
  return () => allMs(freshMs) - before;
}

/**
 * Answers how long, from now on, a thread of a process that this test has begun waited for a core at a stretch, ms:
 * of the times between two looks the worst. A wait is known when it ends, so one may be longer than a look is old.
 */
export function longestStretch(): () => number {
  allMs();
  const from = ofOthers.length;
  return () => {
    look();
    return Math.max(0, ...ofOthers.slice(from));
  };
}

/** Answers which share of all cores was taken, from now on, by others than the processes of this test. */
export function othersShare(): () => number {
  allMs();
  const [began, ranBefore, { busy }] = [performance.now(), ran, taken()];
  return () => {
    look();
    const all = (performance.now() - began) * cpus().length;
    return Math.min(1, Math.max(0, (taken().busy - busy - (ran - ranBefore)) / all));
  };
}

/** Starts; answers the ms since then without those in which somebody of this test waited for a core. */
export function stopwatch(): () => number {
  const waitedMs = coreWaits();
  const began = performance.now();
  return () => performance.now() - began - waitedMs();
}
