// `npm test`: format and lint, types, dead code, and stops at what fails of these; then every test, whatever fails.
import { spawn, spawnSync } from 'node:child_process';
import { setPriority } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, FORCE_COLOR: '0' };
const extra = process.argv.slice(2);
/** Of what only computes, beside what waits most of the time and judges how long something takes. */
const LEAST_PRIORITY = 19;

/** Says how a stage ended; its exit code. */
function ended(name, status, started, at = Date.now()) {
  const seconds = ((at - started) / 1000).toFixed(1);
  process.stdout.write(`== ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${seconds} s\n`);
  return status ?? 1;
}

/** One stage by itself; its exit code. */
function run(name, command, args) {
  const started = Date.now();
  process.stdout.write(`== ${name}\n`);
  const { status } = spawnSync(join(bin, command), args, { cwd: root, env, stdio: 'inherit' });
  return ended(name, status, started);
}

/** A stage beside another one: its exit code and, where it is held back, its output. */
function runBeside(command, args, { stdio, isLeast = false }) {
  const child = spawn(join(bin, command), args, { cwd: root, env, stdio });
  if (isLeast) setPriority(child.pid, LEAST_PRIORITY);
  const held = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => held.push(bytes));
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, at: Date.now(), output: Buffer.concat(held) }));
  });
}

/** Simulations compute for minutes, real processes wait for minutes: both at once. */
async function runRealBesideSimulated() {
  const started = Date.now();
  process.stdout.write('== simulations, and beside them real processes\n');
  const simulating = runBeside('vitest', ['run', '--project', 'sim'], {
    ...{ stdio: ['ignore', 'pipe', 'pipe'], isLeast: true },
  });
  const real = await runBeside('vitest', ['run', '--project', 'cluster', '--project', 'calm'], {
    stdio: 'inherit',
  });
  const realCode = ended('tests of real processes', real.status, started);
  const simulated = await simulating;
  process.stdout.write(simulated.output);
  return ended('simulations', simulated.status, started, simulated.at) || realCode;
}

const checks = [
  ['format and lint', 'biome', ['check', '.']],
  ['types', 'tsc', ['-p', '.', '--noEmit']],
  ['dead code', 'knip', ['--no-progress']],
];
for (const [name, command, args] of checks) {
  const code = run(name, command, args);
  if (code !== 0) process.exit(code);
}
if (extra.length > 0) process.exit(run('tests', 'vitest', ['run', ...extra]));
const unitCode = run('unit tests', 'vitest', ['run', '--project', 'unit']);
process.exit((await runRealBesideSimulated()) || unitCode);
