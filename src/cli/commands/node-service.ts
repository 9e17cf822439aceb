/** `sqlcc node log-level` and `sqlcc node systemd`. */
import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { nearest, SqlccError } from '../../base/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import { time } from '../output/words.ts';
import { systemdUnit } from '../systemd-unit.ts';
import { nodeOf } from './node-changes.ts';

const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

type LevelWord = (typeof LEVELS)[number] | 'default';

function levelOf(text: string): LevelWord {
  if (text.toLowerCase() === 'default') return 'default';
  const level = LEVELS.find((l) => l === text.toUpperCase());
  if (level !== undefined) return level;
  const words = [...LEVELS.map((l) => l.toLowerCase()), 'default'];
  const meant = nearest(text, words);
  throw new SqlccError('invalid_argument', `log level "${text}" is none of ${words.join(', ')}`, {
    hint: meant === undefined ? 'e.g. sqlcc node log-level debug --for 10m' : `did you mean "${meant}"?`,
  });
}

export const nodeLogLevel: Run = async (context, { args, flags }) => {
  const { printer } = context;
  const wanted = args[0] === undefined ? null : levelOf(args[0]);
  const forMs = flags.duration('for', { leastMs: 1000 });
  const node = await nodeOf(context, flags, undefined);
  const client = await context.client();
  const answer =
    wanted === null
      ? await client.logLevel({ node })
      : await client.setLogLevel(wanted, { node, ...given('forMs', forMs) });
  await printer.answer(answer, () => {
    printer.facts([
      ['Node', answer.node_id],
      ['Level', answer.level],
      ['Default', answer.default],
      ['Until', time(answer.until)],
    ]);
  });
  return EXIT.ok;
};

/** The program's own launcher beside the bundle; what was called when there is none. */
function ownLauncher(): string {
  const main = realpathSync(process.argv[1] ?? '.');
  return join(dirname(main), '..', 'bin', 'sqlcc');
}

export const nodeSystemd: Run = async ({ printer }, { flags }) => {
  const place = (name: string, fallback: string): string => resolve(flags.text(name) ?? fallback);
  const user = flags.text('user') ?? 'sqlcc';
  if (!/^[a-z_][a-z0-9_.-]{0,31}$/i.test(user))
    throw new SqlccError('invalid_argument', `"${user}" is no name of a user`);
  printer.raw(
    systemdUnit({
      exec: place('exec', ownLauncher()),
      configFile: place('config', '/etc/sqlcc/cluster.yaml'),
      dataDir: place('dataDir', '/var/lib/sqlcc/data'),
      user,
    }),
  );
  return EXIT.ok;
};
