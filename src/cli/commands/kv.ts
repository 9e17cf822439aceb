/** `sqlcc kv get|put|delete|list|watch`. */
import { readFileSync } from 'node:fs';
import { SqlccError } from '../../base/index.ts';
import type { KvItem, KvWatchLine, ReadLevel, ReadOptions } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Flags, given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { safe } from '../output/width.ts';
import { time } from '../output/words.ts';

const COLUMNS: readonly Column<KvItem>[] = [
  { name: 'KEY', of: (i) => i.key },
  { name: 'VALUE', of: (i) => i.value },
  { name: 'VERSION', of: (i) => i.version, align: 'right' },
  { name: 'TIME', of: (i) => time(i.timestamp), wide: true },
  { name: 'TERM', of: (i) => i.term, align: 'right', wide: true },
];

function readOptions(flags: Flags): ReadOptions {
  return {
    ...given('level', flags.text('level') as ReadLevel | undefined),
    ...given('node', flags.text('node')),
  };
}

export const kvGet: Run = async (context, { args, flags }) => {
  const client = await context.client();
  const { printer } = context;
  const [key = ''] = args;
  if (args.length === 1) {
    const item = await client.kv.get(key, readOptions(flags));
    // the bare value, so that $(…) and pipes get what was put
    await printer.answer(item, () => printer.raw(`${item.value}\n`));
    return EXIT.ok;
  }
  const answer = await client.kv.batch(args, readOptions(flags));
  await printer.answer(answer, () => printer.table(COLUMNS, answer.items), answer.items);
  if (answer.missing.length === 0) return EXIT.ok;
  printer.note(`not there: ${answer.missing.join(', ')}`);
  return answer.items.length === 0 ? EXIT.notFound : EXIT.partial;
};

function textOf(context: CliContext, argument: string | undefined): string {
  if (argument !== undefined && argument !== '-') return argument;
  if (argument === undefined && context.terminal.stdin.isTTY === true) {
    throw new SqlccError('invalid_argument', 'the value is missing', {
      hint: 'sqlcc kv put KEY VALUE, or "-" for stdin',
    });
  }
  return readFileSync(0, 'utf8');
}

export const kvPut: Run = async (context, { args, flags }) => {
  const [key = '', value] = args;
  const text = textOf(context, value);
  const client = await context.client();
  const done = await client.kv.put(key, text, given('ifVersion', flags.integer('ifVersion')));
  await context.printer.answer(done, () => context.printer.line(`version ${done.version}`));
  return EXIT.ok;
};

export const kvDelete: Run = async (context, { args, flags }) => {
  const [key = ''] = args;
  const client = await context.client();
  const done = await client.kv.delete(key, given('ifVersion', flags.integer('ifVersion')));
  if (!done.deleted) throw new SqlccError('not_found', `no key "${key}"`);
  await context.printer.answer(done, () => context.printer.line(`deleted at version ${done.version}`));
  return EXIT.ok;
};

export const kvList: Run = async (context, { args, flags }) => {
  const client = await context.client();
  const prefix = flags.text('prefix') ?? args[0];
  const answer = await client.kv.list({
    ...readOptions(flags),
    ...given('prefix', prefix),
    ...given('limit', flags.integer('limit', { min: 1, max: 10_000 })),
  });
  const { printer } = context;
  await printer.answer(answer, () => printer.table(COLUMNS, answer.items), answer.items);
  if (answer.truncated && printer.isText)
    printer.note(`there are more; ask with a longer prefix or a higher --limit`);
  return EXIT.ok;
};

function watchText(line: KvWatchLine): string {
  const head = `${time(line.timestamp) ?? '-'}  ${line.type.padEnd(6)}  ${line.version}`;
  return `${head}  ${safe(line.key ?? '')}${line.value === null ? '' : ` = ${safe(line.value)}`}`;
}

export const kvWatch: Run = async (context, { args, flags }) => {
  const [key] = args;
  const prefix = flags.text('prefix');
  if ((key === undefined) === (prefix === undefined))
    throw new SqlccError('invalid_argument', 'watch one key, or all with --prefix');
  const client = await context.client();
  const { printer, interrupt } = context;
  const watched = key === undefined ? given('prefix', prefix) : { key };
  for await (const line of client.kv.watch({
    ...watched,
    ...given('after', flags.integer('after')),
    signal: interrupt,
  })) {
    if (line.type === 'progress') continue;
    if (line.type === 'compacted') {
      throw new SqlccError(
        'failed_precondition',
        `changes up to version ${line.version} are no longer kept`,
        {
          hint: `list the keys, then watch with --after ${line.version}`,
        },
      );
    }
    if (printer.isText) printer.line(watchText(line));
    else if (printer.format === 'yaml') await printer.answer({ change: line }, () => {});
    else printer.line(JSON.stringify(line));
  }
  return EXIT.declined;
};
