/** What the lab borrows from the system: programs, a C compiler, and preloaded libraries side by side. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { assert } from '../../src/base/index.ts';

/** Places of administrators' programs, which an ordinary PATH may lack. */
const PLACES = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** The path of a program, or null where it is not installed. */
export function programPath(name: string): string | null {
  for (const place of PLACES) {
    const path = join(place, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not there
    }
  }
  return null;
}

/** The first of the programs that is missing, as a reason to skip; null when all are there. */
export function missingProgram(names: readonly string[]): string | null {
  const missing = names.find((name) => programPath(name) === null);
  return missing === undefined ? null : `${missing} is not installed`;
}

/** Why this user can't mount file systems, or which of the programs is missing; null where all can be had. */
export function missingMount(names: readonly string[] = []): string | null {
  const missing = missingProgram(names);
  if (missing !== null) return missing;
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-mount-'));
  try {
    const mount = ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir];
    if (spawnSync('mount', mount, { stdio: 'ignore' }).status !== 0)
      return 'this user may not mount a file system';
    runOrThrow(['umount', dir]);
    return null;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Runs a program to its end and answers its stdout; throws with its stderr. */
export function runOrThrow(argv: readonly string[], input = ''): string {
  const [program = '', ...args] = argv;
  const run = spawnSync(programPath(program) ?? program, args, { input, encoding: 'utf8' });
  assert(run.status === 0, `${argv.join(' ')} ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return run.stdout;
}

/** Compiles a C file that lies beside this one into `target`. */
export function compile(source: string, target: string, kind: 'program' | 'library'): void {
  const flags = kind === 'library' ? ['-shared', '-fPIC'] : [];
  runOrThrow([
    'gcc',
    '-O2',
    '-Wall',
    '-Wextra',
    ...flags,
    '-o',
    target,
    join(import.meta.dirname, source),
    '-ldl',
  ]);
}

/** Environments of several preloaded libraries as one: their LD_PRELOAD entries side by side. */
export function together(...envs: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const preload = envs.flatMap((env) => env['LD_PRELOAD'] ?? []).join(':');
  return Object.assign({}, ...envs, preload === '' ? {} : { LD_PRELOAD: preload });
}
