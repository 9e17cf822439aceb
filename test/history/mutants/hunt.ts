/** Does a run find a planted bug? Runs with it until one does, with another seed each time. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../../src/base/index.ts';
import { labGround, plainGround } from '../run/ground.ts';
import { NEMESES } from '../run/hardware-nemesis.ts';
import { playRun, type RunResult } from '../run/run.ts';
import { WORKLOADS } from '../run/workloads.ts';
import type { Bug } from './bugs.ts';
import { buildWith } from './build.ts';

export interface HuntOptions {
  readonly dir: string;
  readonly seconds: number;
  readonly seed: number;
  /** Runs before the bug counts as not found. */
  readonly runs: number;
}

export interface Catch {
  readonly bug: string;
  readonly run: string;
  /** What found it; empty = nothing did. */
  readonly by: readonly string[];
  /** The first thing that was found. */
  readonly finding: string;
  readonly seed: number;
}

/** A node that a bug of consensus kills by its own assertions; anything else that fails is the run's fault. */
function isCrash(failure: string | null): boolean {
  return failure !== null && /ended with/.test(failure);
}

function catchOf(bug: Bug, result: RunResult): Catch {
  const by = [
    ...(result.values === 'bad' ? ['values'] : []),
    ...(result.revisions === 'bad' ? ['revisions'] : []),
    ...(result.findings.some((f) => /ended by itself/.test(f)) || isCrash(result.failure) ? ['crash'] : []),
    ...(result.findings.some((f) => /states differ/.test(f)) ? ['state hash'] : []),
    ...(result.findings.some((f) => /^watchers reached/.test(f)) ? ['stuck watch'] : []),
  ];
  const finding = result.findings[0] ?? result.failure ?? '';
  return { bug: bug.name, run: `${bug.workload}/${bug.nemesis}`, by, finding, seed: result.seed };
}

/** Plants `bug`, and runs what has to find it. */
export async function hunt(bug: Bug, { dir, seconds, seed, runs }: HuntOptions): Promise<Catch> {
  const workload = must(
    WORKLOADS.find((w) => w.name === bug.workload),
    bug.workload,
  );
  const nemesis = must(
    NEMESES.find((n) => n.name === bug.nemesis),
    bug.nemesis,
  );
  const main = buildWith(bug, join(dir, 'build'));
  let last: Catch | null = null;
  for (let n = 0; n < runs; n++) {
    const place = join(dir, `run${n}`);
    mkdirSync(place, { recursive: true });
    const ground = await (nemesis.needsHardware === true ? labGround(place, main) : plainGround(place, main));
    const options = { ground, workload, nemesis, dir: place, seconds, seed: seed + n };
    last = catchOf(bug, await playRun(options).finally(ground.leave));
    if (last.by.length > 0) return last;
  }
  return must(last, 'a run');
}
