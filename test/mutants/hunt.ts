/** Looks for one planted bug: by seeds of the simulation, or by the suite that must know it. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant, Verdict } from './mutant.ts';
import { plant, ROOT, uproot } from './plant.ts';

export interface HuntOptions {
  /** The first and the last seed to play. */
  readonly seeds: readonly [number, number];
  /** Longest search for one bug; a program that hangs is none that was found. */
  readonly timeoutMs: number;
  /** Ends the search, its process and its copy. */
  readonly signal?: AbortSignal;
}

interface Finding {
  readonly seed: number | null;
  readonly found: string | null;
  readonly text: string;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in `folder` until it ends or its time is over; then only this process is ended. */
export function run(folder: string, args: readonly string[], options: HuntOptions): Promise<Ended> {
  return new Promise((done, failed) => {
    const { timeoutMs: timeout, signal } = options;
    const env = { ...process.env, FORCE_COLOR: '0', NODE_OPTIONS: '' };
    const fixed = { cwd: folder, env, timeout, killSignal: 'SIGKILL' } as const;
    const child = spawn(process.execPath, args, signal === undefined ? fixed : { ...fixed, signal });
    const parts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        parts[name] += text;
      });
    }
    child.on('error', failed);
    child.on('close', (code) => done({ code, ...parts }));
  });
}

/** The first line, without where it was thrown. */
const oneLine = (text: string): string =>
  (text.split('\n')[0] ?? '')
    .replace(/AssertionError: /, '')
    .replace(/\s+/g, ' ')
    .trim();

/** `Rule: text` as the oracle says it; an exception that is no rule of its own is told by its class. */
function ruleOf(violation: string): string {
  return /^([A-Za-z]+):/.exec(violation)?.[1] ?? 'Error';
}

async function bySeeds(folder: string, options: HuntOptions, rules: readonly string[]): Promise<Finding> {
  const [first, last] = options.seeds;
  const args = ['test/mutants/seeds.ts', String(first), String(last), rules.join(',')];
  const ended = await run(folder, args, options);
  if (ended.code !== 0)
    throw new Error(`the seeds did not end (${ended.code}): ${ended.stderr.slice(-2000)}`);
  const { seed, violation } = JSON.parse(ended.stdout) as { seed: number; violation: string | null };
  if (violation === null) return { seed: null, found: null, text: `seeds ${first} to ${last} are clean` };
  return { seed, found: ruleOf(violation), text: oneLine(violation) };
}

interface VitestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** What a suite says in `folder`: its tests and, of them, those that fail. `more`: further words to vitest. */
export async function resultsOf(
  folder: string,
  paths: readonly string[],
  options: HuntOptions,
  more: readonly string[] = [],
) {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const report = join(folder, 'report.json');
  const fixed = ['run', '--root', folder, '--reporter=json', `--outputFile=${report}`];
  const ended = await run(folder, [vitest, ...fixed, ...more, ...paths], options);
  if (!existsSync(report))
    throw new Error(`no report of ${paths} (${ended.code}): ${ended.stderr.slice(-2000)}`);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
  const results = testResults.flatMap((file) => file.assertionResults);
  if (results.length === 0) throw new Error(`${paths} has no tests: ${testResults[0]?.message}`);
  return { count: results.length, failed: results.filter((r) => r.status === 'failed') };
}

async function bySuite(folder: string, path: string, options: HuntOptions): Promise<Finding> {
  const { count, failed } = await resultsOf(folder, [path], options);
  const [first] = failed;
  if (first === undefined) return { seed: null, found: null, text: `all ${count} tests pass` };
  const more = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
  return { seed: null, found: `${first.fullName}${more}`, text: oneLine(first.failureMessages[0] ?? '') };
}

/** Plants the bug, looks for it, removes the copy. Throws when it can't be planted or the search itself fails. */
export async function hunt(mutant: Mutant, options: HuntOptions): Promise<Verdict> {
  const { id, by, sentence } = mutant;
  const began = performance.now();
  const folder = plant(mutant.edits);
  try {
    const finding =
      by === 'sim'
        ? await bySeeds(folder, options, mutant.rules ?? [])
        : await bySuite(folder, by.slice('suite:'.length), options);
    return { id, by, sentence, ...finding, seconds: (performance.now() - began) / 1000 };
  } finally {
    uproot(folder);
  }
}
