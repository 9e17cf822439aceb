/** `sqlcc top`: flags to the screen, or to its scripted modes, which load no screen. */
import { dirname } from 'node:path';
import { SqlccError } from '../../base/index.ts';
import type { SqlccClient } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { type Flags, given, INTERVAL } from '../flags.ts';
import { profileFile } from '../profile.ts';

type Options = import('../../../tui/index.ts').TopOptions;
type TextView = NonNullable<Options['view']>;
type BatchOptions = import('../../../tui/batch/index.ts').BatchOptions;

type Opened = ReturnType<import('../../../tui/index.ts').OpenTop['open']>;

export interface Shown {
  readonly context: CliContext;
  /** Made behind the first sketch; null only with a replay. */
  readonly open: () => Opened;
  readonly clusterName: string;
  readonly contextName: string;
  readonly options: Options;
}

/** The screen; resolves with its exit code when the person leaves it. */
export async function showTop({ context, ...run }: Shown): Promise<number> {
  const { runTop } = await import('../../../tui/index.ts');
  return runTop({ ...run, io: context.terminal });
}

function optionsOf(context: CliContext, flags: Flags): Options {
  const speed = flags.text('speed');
  const replaySpeed = speed === undefined ? undefined : Number(speed);
  if (replaySpeed !== undefined && !(replaySpeed >= 0))
    throw new SqlccError('invalid_argument', `--speed takes a number, not "${speed}"`);
  return {
    readOnly: flags.is('readOnly'),
    plain: flags.is('plain'),
    mouse: flags.is('mouse'),
    utc: flags.is('utc'),
    ascii: flags.is('ascii'),
    wholeLines: flags.isOff('incremental'),
    noColor: !context.printer.color,
    ...given('refreshMs', flags.duration('delay', INTERVAL)),
    ...given('filter', flags.text('filter')),
    ...given('view', flags.text('view') as TextView | undefined),
    ...given('node', flags.text('node')),
    ...given('replay', flags.text('replay')),
    ...given('replaySpeed', replaySpeed),
    ...given('record', flags.text('record')),
  };
}

/** `connect` makes the client, null for a replay. */
interface Screen extends Omit<Shown, 'open'> {
  readonly connect: () => Promise<SqlccClient | null>;
}

async function onScreen({ context, connect, ...shown }: Screen, flags: Flags): Promise<number> {
  const settingsFolder = dirname(profileFile(context.terminal.env));
  const theme = flags.text('theme');
  const { themeNamed } = await import('../../../tui/index.ts');
  const own = theme === undefined ? {} : { ownTheme: await themeNamed(theme, settingsFolder) };
  const options = { ...shown.options, settingsFolder, ...own };
  let close: () => Promise<void> = async () => undefined;
  const open: Shown['open'] = async () => {
    const client = await connect();
    if (client === null) return { client };
    // told by whoever shows it
    const first = client.status({ stale: true });
    first.catch(() => {});
    const { fleetOf } = await import('./fleet.ts');
    const fleet = await fleetOf(context);
    close = () => fleet.close();
    return { client, fleet, first };
  };
  try {
    return await showTop({ ...shown, context, options, open });
  } finally {
    await close();
  }
}

/** One line a cluster; the screen shows one cluster at a time. */
async function allContexts(context: CliContext, flags: Flags): Promise<number> {
  const isBatch = flags.is('batch');
  if (!isBatch && !flags.is('once') && !flags.is('check') && context.terminal.isOutTty) {
    throw new SqlccError('invalid_argument', '--all-contexts goes with --once, --batch or --check', {
      hint: 'sqlcc wall --all-contexts shows them on a screen',
    });
  }
  const { showFleet } = await import('./fleet.ts');
  const count = isBatch ? (flags.integer('iterations') ?? 0) : 1;
  return showFleet(context, {
    count,
    delayMs: flags.duration('delay', INTERVAL) ?? 1000,
    check: flags.is('check'),
  });
}

/** A screen chooses its columns by a key, and lines are of all that changes: other wishes are refused. */
function refuseScripted(flags: Flags): void {
  const unheeded = flags.is('plain') ? ['view', 'filter', 'node', 'columns'] : ['columns'];
  const name = unheeded.find((n) => flags.text(n) !== undefined);
  if (name === undefined) return;
  throw new SqlccError('invalid_argument', `--${name} goes with --once and --batch here`, {
    hint: `add --once for one picture${flags.is('plain') ? '' : '; on the screen w chooses the columns'}`,
  });
}

/** A document, of which nothing is recorded, checked or chosen. */
function isPlainJson({ format, record, check, columns, filter }: BatchOptions): boolean {
  const isWhole = columns === undefined && filter === undefined;
  return format === 'json' && record === undefined && check !== true && isWhole;
}

export const top: Run = async (context, { flags }) => {
  if (flags.is('allContexts')) return allContexts(context, flags);
  const options = optionsOf(context, flags);
  const isReplay = options.replay !== undefined;
  const contextName = isReplay ? 'replay' : (await context.connection()).contextName;
  const names = { clusterName: contextName, contextName };
  const connect = async () => (isReplay ? null : await context.client());
  const { isText, format } = context.printer;
  const isScripted = flags.is('once') || flags.is('batch') || flags.is('check') || !isText;
  if (!isScripted) {
    if (context.terminal.isOutTty || flags.is('plain')) {
      refuseScripted(flags);
      return onScreen({ context, ...names, connect, options }, flags);
    }
    context.terminal.err(
      'hint: the output is no terminal, so this is one picture; --once says so, --batch prints many\n',
    );
  }
  const scripted = {
    ...options,
    format: isText ? ('text' as const) : format === 'yaml' ? ('yaml' as const) : ('json' as const),
    wide: context.printer.format === 'wide',
    check: flags.is('check'),
    ...given('count', flags.integer('iterations')),
    ...given('delayMs', flags.duration('delay', INTERVAL)),
    ...given('columns', flags.text('columns')?.split(',').filter(Boolean)),
  };
  const client = await connect();
  const isBatch = flags.is('batch');
  if (client !== null && !isBatch && isPlainJson(scripted)) {
    const { runOnceAsJson } = await import('../../../tui/batch/json.ts');
    return runOnceAsJson(client, context.terminal);
  }
  const { runBatch, runOnce } = await import('../../../tui/batch/index.ts');
  const run = { ...names, client, options: scripted, io: context.terminal };
  return isBatch ? runBatch(run) : runOnce(run);
};
