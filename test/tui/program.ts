/**
 * `sqlcc top` alone, for tests in a terminal: `node program.js <recording> [flag…]`.
 * Flags: --read-only --recorded --plain --no-incremental --mouse --ascii --speed=N --once --json --batch=N --record=FILE
 */
import { runTop } from '../../tui/index.ts';

const [replay = '', ...flags] = process.argv.slice(2);
const has = (name: string): boolean => flags.includes(name);
const text = (name: string): string | undefined =>
  flags.find((f) => f.startsWith(`${name}=`))?.slice(name.length + 1);
const number = (name: string): number | undefined => {
  const value = text(name);
  return value === undefined ? undefined : Number(value);
};
const record = text('--record');
const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env };
const run = {
  client: null,
  clusterName: 'prod-eu',
  contextName: 'prod-eu',
  options: {
    replay,
    ...(record === undefined ? {} : { record }),
    replaySpeed: number('--speed') ?? 0,
    // its screens are those of a cluster, unless the recording plays
    ...(number('--speed') === undefined && !has('--recorded') ? { asCluster: true as const } : {}),
    readOnly: has('--read-only'),
    plain: has('--plain'),
    mouse: has('--mouse'),
    wholeLines: has('--no-incremental'),
    ...(has('--ascii') ? { ascii: true } : {}),
    format: has('--json') ? ('json' as const) : ('text' as const),
    count: number('--batch') ?? 1,
    delayMs: 10,
    check: has('--check'),
  },
  io,
};

/** Loaded by itself, as the commands do. */
async function scripted(): Promise<number> {
  const { runBatch, runOnce } = await import('../../tui/batch/index.ts');
  return has('--once') ? await runOnce(run) : await runBatch(run);
}

const isScripted = has('--once') || number('--batch') !== undefined;
process.exit(isScripted ? await scripted() : await runTop({ ...run, open: async () => ({ client: null }) }));
