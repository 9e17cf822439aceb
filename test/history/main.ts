/**
 * `npm run history`: histories of real clusters under faults, checked for linearizability; one row a run.
 * `--mutants`: the same against builds with a bug each, all of which must be found.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab } from '../lab/index.ts';
import { runOrThrow } from '../lab/tools.ts';
import { given, number, OUTPUT, refuse, takes, text, turnsOn, whole } from '../usage.ts';
import { exitCodeOf, notPlayed } from '../verdict.ts';
import { BUGS } from './mutants/bugs.ts';
import { type Catch, hunt } from './mutants/hunt.ts';
import { labGround, missingHardware, plainGround } from './run/ground.ts';
import { NEMESES } from './run/hardware-nemesis.ts';
import { playRun, type RunResult } from './run/run.ts';
import { rowOf, TABLE_HEAD } from './run/table.ts';
import { WORKLOADS } from './run/workloads.ts';

const EXAMPLES = 'cells as register/kill, register or /kill; with --mutants names of bugs';
const USAGE = {
  command: 'npm run history --',
  about:
    'Real clusters under faults: what their clients saw is checked by two independent checkers. One row a cell, a ' +
    `workload (${WORKLOADS.map((w) => w.name).join(', ')}) under a fault (${NEMESES.map((n) => n.name).join(', ')}). ` +
    'Exits 1 unless every run is good and its faults happened, 3 when those that could be played are and some ' +
    'could not.',
  takes:
    'about 35 s a cell of 20 s, about 32 minutes in all; --mutants up to an hour. Cuts, clocks and disks need root.',
  flags: {
    only: takes({
      value: 'a,b',
      parse: text,
      about: EXAMPLES,
    }),
    seconds: takes({ value: 'S', parse: number(1), about: 'of each run; 20 without, 12 of --mutants' }),
    seed: takes({ value: 'N', parse: whole(), standard: '1', about: 'of operations and faults' }),
    dir: takes({ value: 'DIR', parse: text, about: 'where nodes keep their files; a temporary one without' }),
    keep: turnsOn('keep the files of good runs too'),
    mutants: turnsOn('builds with a bug each, all of which must be found'),
    output: OUTPUT,
  },
};
const values = given(USAGE);

/** `register/kill`, `register` or `/kill`, several with commas. */
function isWanted(workload: string, nemesis: string): boolean {
  const wanted = values.only?.split(',') ?? ['/'];
  return wanted.some((cell) => {
    const [w = '', n = ''] = cell.split('/');
    return (w === '' || w === workload) && (n === '' || n === nemesis);
  });
}

const isJson = values.output === 'json';
const say = (line: string): void => void (isJson ? process.stderr : process.stdout).write(`${line}\n`);
const wantedBugs = BUGS.filter((bug) => values.only?.split(',').includes(bug.name) ?? true);
const names: readonly string[] = values.mutants
  ? BUGS.map((bug) => bug.name)
  : ['', ...WORKLOADS.map((w) => w.name)].flatMap((w) => [w, ...NEMESES.map((n) => `${w}/${n.name}`)]);
const unknown = values.only?.split(',').filter((word) => word === '' || !names.includes(word)) ?? [];
if (unknown.length > 0) refuse(USAGE, `--only: there is no '${unknown[0]}'. It takes ${EXAMPLES}`);
const base = values.dir ?? mkdtempSync(join(tmpdir(), 'sqlcc-history-'));
const missing = missingHardware();
const plan = WORKLOADS.flatMap((workload) =>
  NEMESES.filter((n) => isWanted(workload.name, n.name)).map((nemesis) => ({ workload, nemesis })),
);

async function play({ workload, nemesis }: (typeof plan)[number]): Promise<RunResult> {
  const dir = join(base, `${workload.name}-${nemesis.name}`);
  mkdirSync(dir, { recursive: true });
  const ground = await (nemesis.needsHardware === true ? labGround(dir) : plainGround(dir));
  const numbers = { seconds: values.seconds ?? 20, seed: values.seed };
  const result = await playRun({ ground, workload, nemesis, dir, ...numbers }).finally(ground.leave);
  if (result.verdict !== 'good') say(`    kept: ${dir}`);
  else if (!values.keep) rmSync(dir, { recursive: true, force: true });
  return result;
}

const failureOf = ({ failure }: RunResult): string[] => (failure === null ? [] : [failure]);

async function playAll(): Promise<RunResult[]> {
  const results: RunResult[] = [];
  say(TABLE_HEAD);
  for (const { workload, nemesis } of plan) {
    if (nemesis.needsHardware === true && missing !== null) {
      say(`skipped: ${workload.name}/${nemesis.name}: ${missing}`);
      continue;
    }
    const result = await play({ workload, nemesis });
    results.push(result);
    say(rowOf(result));
    for (const finding of [...result.objections, ...result.findings, ...failureOf(result)])
      say(`    ${finding}`);
  }
  return results;
}

/** Builds with a bug each: every one must be found. */
async function huntAll(): Promise<Catch[]> {
  const found: Catch[] = [];
  for (const bug of wantedBugs) {
    const isHard = NEMESES.find((n) => n.name === bug.nemesis)?.needsHardware === true;
    if (isHard && missing !== null) {
      say(`skipped: ${bug.name}: ${missing}`);
      continue;
    }
    const dir = join(base, bug.name);
    const numbers = { seconds: values.seconds ?? 12, seed: values.seed, runs: 3 };
    const result = await hunt(bug, { dir, ...numbers });
    found.push(result);
    const by = result.by.length === 0 ? 'NOT FOUND' : result.by.join(', ');
    say(`${bug.name.padEnd(26)} ${result.run.padEnd(20)} seed ${result.seed}  ${by.padEnd(28)} ${bug.why}`);
    say(`    ${result.finding.split('\n')[0]?.slice(0, 160)}`);
    if (!values.keep) rmSync(dir, { recursive: true, force: true });
  }
  return found;
}

function print(document: unknown): void {
  if (isJson) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

function end(asked: number, played: number, failed: number): void {
  const plays = { asked, skipped: asked - played, failed };
  const left = notPlayed(plays);
  if (left !== null) say(left);
  process.exitCode = exitCodeOf(plays);
}

// wires of a lab are only for a process that has no others
if (missing === null && !Lab.isApart()) {
  const [first = '', ...rest] = Lab.inside([process.execPath, ...process.argv.slice(1)]);
  process.exitCode = spawnSync(first, rest, { stdio: 'inherit' }).status ?? 1;
} else {
  // a new network has not even loopback
  if (missing === null) runOrThrow(['ip', 'link', 'set', 'lo', 'up']);
  if (values.mutants) {
    const mutants = await huntAll();
    print({ schemaVersion: 1, mutants });
    end(wantedBugs.length, mutants.length, mutants.filter((m) => m.by.length === 0).length);
  } else {
    const runs = await playAll();
    print({ schemaVersion: 1, runs });
    end(plan.length, runs.length, runs.filter((r) => r.verdict !== 'good').length);
  }
}
