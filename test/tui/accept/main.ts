/**
 * All acceptance scripts of the screen, and the figures of the tenth: `npm run accept:tui`. What needs hosts
 * with wires between them runs in a network namespace of its own; without root those two say why not.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Lab } from '../../lab/index.ts';
import { given } from '../../usage.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BIN = join(ROOT, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${BIN}:${process.env['PATH']}`, SQLCC_ACCEPT: 'whole' };

given({
  command: 'npm run accept:tui --',
  about: 'All acceptance scripts of the screen, and its figures. Exits 1 when one failed. Two need root.',
  takes: 'about 20 minutes, of a machine that does nothing else.',
  flags: {},
});

function run(argv: readonly string[]): boolean {
  const [first = '', ...rest] = argv;
  return spawnSync(first, rest, { cwd: ROOT, env, stdio: 'inherit' }).status === 0;
}

const projects = ['--project', 'cluster', '--project', 'calm'];
const scripts = ['vitest', 'run', ...projects, 'test/tui/accept', 'test/cluster/top.test.ts'];
const isApart = Lab.missing() !== null || Lab.isApart();
const withLoopback = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...scripts];
const isGood = run(isApart ? scripts : Lab.inside(withLoopback));
const FIGURES = [[], ['--hour'], ['--daemon']] as const;
const isFast = FIGURES.map((flags) => run([process.execPath, 'test/bench/tui.ts', ...flags]));
process.exitCode = isGood && isFast.every(Boolean) ? 0 : 1;
