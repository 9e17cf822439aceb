/**
 * Whether something took too long, where others use the machine too: what somebody of the test waited for a core
 * within it is taken off, and never so much that a bound is more than doubled. Beyond that nothing can be said, and
 * it is played again; a test that could judge no try of it fails.
 */
import { coreWaits } from './stopwatch.ts';

/** How long something took, and how much of it somebody of the test waited for a core; ms. */
export interface Took {
  readonly ms: number;
  readonly waitedMs: number;
}

/** `unjudged`: it took longer than it may, and most of that the machine may have kept it waiting. */
export type Verdict = 'good' | 'unjudged' | 'long';

/** Of what took too long, at least so much must be its own. */
const LEAST_SHARE = 0.5;
const TRIES = 3;

/** Of what is done hundreds of times a second. */
export const OFTEN_MS = 25;

/** Starts; answers what it took since then. */
export function taking(freshMs?: number): () => Took {
  const waitedMs = coreWaits(freshMs);
  const began = performance.now();
  return () => ({ ms: performance.now() - began, waitedMs: waitedMs() });
}

function verdictOf({ ms, waitedMs }: Took, boundMs: number): Verdict {
  if (ms < boundMs) return 'good';
  if (ms - waitedMs >= boundMs) return 'long';
  return ms - waitedMs >= LEAST_SHARE * ms ? 'good' : 'unjudged';
}

/** Of several things that each have the same bound: the worst that is to be said of one. */
export function verdict(all: readonly Took[], boundMs: number): Verdict {
  const found = all.map((took) => verdictOf(took, boundMs));
  return found.find((v) => v === 'long') ?? found.find((v) => v === 'unjudged') ?? 'good';
}

/** The longest first, in words. */
export function inWords(all: readonly Took[]): string {
  const longest = all.toSorted((a, b) => b.ms - a.ms).slice(0, 3);
  return longest.map(({ ms, waitedMs }) => `${ms.toFixed()} ms, ${waitedMs.toFixed()} waited`).join('; ');
}

/** An instant, with what somebody of the test had waited for a core until then; ms. */
export interface Moment {
  readonly atMs: number;
  readonly waitedMs: number;
}

/** Between each two that follow each other. */
export function gapsOf(moments: readonly Moment[]): Took[] {
  return moments.slice(1).map(({ atMs, waitedMs }, n) => {
    const before = moments[n] as Moment;
    return { ms: atMs - before.atMs, waitedMs: waitedMs - before.waitedMs };
  });
}

/** What a try has found of one promise. */
export interface Claim {
  readonly what: string;
  readonly boundMs: number;
  readonly all: readonly Took[];
}

/**
 * Plays until it can be judged whether all that a try has found stays below its bound. Throws when something did
 * not, and when no try could be judged.
 */
export async function untilJudged(play: () => Promise<readonly Claim[]>): Promise<void> {
  const tries: string[] = [];
  while (tries.length < TRIES) {
    const found = (await play()).map(({ what, boundMs, all }) => {
      const said = verdict(all, boundMs);
      return { said, told: `${what}, < ${boundMs} ms: ${said}: ${inWords(all)}` };
    });
    const of = (verdict: Verdict): string =>
      found.flatMap(({ said, told }) => (said === verdict ? told : [])).join('\n');
    if (of('long') !== '') throw new Error(of('long'));
    if (of('unjudged') === '') return;
    process.stderr.write(`${of('unjudged')}\n`);
    tries.push(of('unjudged'));
  }
  throw new Error(`the machine was too busy to judge any try of ${tries.join('\n')}`);
}
