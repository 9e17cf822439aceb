// `npm test`: format and lint, types, dead code, then every test. Stops at the first stage that fails.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, FORCE_COLOR: '0' };
const extra = process.argv.slice(2);

const stages = [
  ['format and lint', 'biome', ['check', '.']],
  ['types', 'tsc', ['-p', '.', '--noEmit']],
  ['dead code', 'knip', ['--no-progress']],
  ['tests', 'vitest', ['run', ...extra]],
];
for (const [name, command, args] of stages) {
  const started = Date.now();
  process.stdout.write(`== ${name}\n`);
  const { status } = spawnSync(join(bin, command), args, { cwd: root, env, stdio: 'inherit' });
  process.stdout.write(
    `== ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
  );
  if (status !== 0) process.exit(status ?? 1);
}
