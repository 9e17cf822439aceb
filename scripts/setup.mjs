// Makes a fresh checkout ready: installs with the lock file, then builds what is out of date.
// Runs on plain Node 20 and prints nothing when there is nothing to do.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };

function run(command, args) {
  execFileSync(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((e) => (e.isDirectory() ? sources(join(folder, e.name)) : [join(folder, e.name)]))
    .filter((f) => /\.(ts|tsx|mjs)$/.test(f))
    .sort();
}

/** Runs `work` unless the stamp says that it ran on these very inputs. */
function once(stamp, inputs, work) {
  const want = digest(inputs);
  const file = join(root, stamp);
  if (existsSync(file) && readFileSync(file, 'utf8') === want) return;
  work();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, want);
}

once('node_modules/.sqlcc-installed', ['package.json', 'package-lock.json'], () => {
  process.stderr.write('installing dependencies (once) …\n');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
});
const inputs = [
  'package.json',
  'tsconfig.json',
  'tsconfig.types.json',
  'scripts/build.mjs',
  'scripts/kept-widths.ts',
  ...['src', 'tui', 'daemon'].flatMap(sources),
];
once('dist/.sqlcc-built', inputs, () => {
  process.stderr.write('building …\n');
  run(join(bin, 'node'), [join(root, 'scripts', 'build.mjs')]);
});
