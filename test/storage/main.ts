/** `npm run storage`: every fault of files and disks that test/storage has, all cases where `npm test` takes a sample. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { given, listOf, oneOf, takes, turnsOn, whole, wrong } from '../usage.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The test files by name; `needs` is what a case of it is skipped without, with a line that says so. */
const PARTS: readonly { readonly name: string; readonly about: string; readonly needs?: string }[] = [
  { name: 'truncate', about: 'the log torn at each byte of its last write' },
  { name: 'wal-rot', about: 'bits, sectors and files of the log and of snapshots' },
  { name: 'state-rot', about: 'bits and pages of the state' },
  { name: 'node-rot', about: 'a real daemon with a damaged file' },
  { name: 'small-files', about: 'a bit in each byte of what a node lives by' },
  { name: 'memories', about: 'a bit in each byte of what a node remembers or still has to tell' },
  { name: 'kinds', about: 'that no kind of file is left out' },
  { name: 'injected', about: 'each operation of the disk fails, with each errno' },
  { name: 'snapshot-faults', about: 'each operation of a snapshot fails, made and received' },
  { name: 'full', about: 'each number of free pages; daemons on 80, 120 and 240 MB', needs: 'root' },
  { name: 'state-swap', about: 'SIGKILL before each call of a state that is replaced', needs: 'gcc' },
  { name: 'syscall-kill', about: 'SIGKILL before each call of a run, in turn', needs: 'gcc' },
  { name: 'kill', about: 'SIGKILL at random moments, 34 times' },
  {
    name: 'power',
    about: 'power cuts on ext4 and xfs: 20 of a log, 15 of a state, 16 of daemons',
    needs: 'root',
  },
];

function span(text: string): string {
  const [from, to] = text.split('-').map(Number);
  const isSpan = /^[1-9]\d*-[1-9]\d*$/.test(text) && (from ?? 0) <= (to ?? 0);
  if (!isSpan) throw wrong('two numbers with a dash, the lesser one first');
  return text;
}

const values = given({
  command: 'npm run storage --',
  about:
    'Faults of files and disks, all cases: torn tails, flipped bits, full disks, failing calls, kills before each ' +
    'call, power cuts on file systems of its own. Exits 1 when a test fails. What needs root or a compiler is ' +
    'skipped without, with a line that says so.',
  takes:
    'hours: truncate, wal-rot, memories, small-files and kinds took 311 s together, ' +
    'syscall-kill 9 to 28 s a call until its run has no such call any more; of a whole run nothing is on record.',
  flags: {
    only: takes({
      ...{ value: 'a,b', parse: listOf(oneOf(PARTS.map(({ name }) => name))) },
      about: 'these parts; all without',
    }),
    kills: takes({
      value: 'A-B',
      parse: span,
      about: 'these calls of syscall-kill, as 101-200; all without',
    }),
    seed: takes({ value: 'N', parse: whole(), about: 'of what is drawn; another one each time without' }),
    list: turnsOn('the parts, what each plays and what it needs'),
  },
});

if (values.list) {
  for (const { name, about, needs } of PARTS)
    process.stdout.write(`${name.padEnd(16)} ${about}${needs === undefined ? '' : ` (${needs})`}\n`);
  process.exit(0);
}
const files = (values.only ?? PARTS.map(({ name }) => name)).map((name) => `test/storage/${name}.test.ts`);
const env = {
  ...process.env,
  SQLCC_STORAGE: 'whole',
  ...(values.kills !== undefined && { SQLCC_KILLS: values.kills }),
  ...(values.seed !== undefined && { SQLCC_STORAGE_SEED: `${values.seed}` }),
};
const vitest = join(ROOT, 'node_modules', '.bin', 'vitest');
const options = { cwd: ROOT, env, stdio: 'inherit' } as const;
process.exitCode = spawnSync(vitest, ['run', '--project', 'cluster', ...files], options).status ?? 1;
