/**
 * `sqlcc top` alone, for tests in a terminal: `node program.js <recording> [flag…]`.
 * Flags: --read-only --plain --no-incremental --mouse --ascii --speed=N --once --json --batch=N
 */
import { runBatch, runOnce } from '../../tui/batch/index.ts';
import { runTop } from '../../tui/index.ts';

const [replay = '', ...flags] = process.argv.slice(2);
const has = (name: string): boolean => flags.includes(name);
const number = (name: string): number | undefined => {
  const flag = flags.find((f) => f.startsWith(`${name}=`));
  return flag === undefined ? undefined : Number(flag.slice(name.length + 1));
};
const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env };
const run = {
  client: null,
  clusterName: 'prod-eu',
  contextName: 'prod-eu',
  options: {
    replay,
    replaySpeed: number('--speed') ?? 0,
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
const code = has('--once')
  ? await runOnce(run)
  : number('--batch') !== undefined
    ? await runBatch(run)
    : await runTop(run);
process.exit(code);
