/** `sqlcc cluster config update|backup|show|history`. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { LIMITS, SqlccError } from '../../base/index.ts';
import type { ConfigVersionRow, ResponseOf } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

type Change = ResponseOf<'putConfig'>['changes'][number];

function word(value: unknown): string {
  if (value === undefined || value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const CHANGES: readonly Column<Change>[] = [
  { name: 'KEY', of: (c) => c.path },
  { name: 'FROM', of: (c) => word(c.from) },
  { name: 'TO', of: (c) => word(c.to) },
  { name: 'EFFECT', of: (c) => (c.effect === 'live' ? c.effect : { text: c.effect, tone: 'warn' }) },
];
const VERSIONS: readonly Column<ConfigVersionRow>[] = [
  { name: 'VERSION', of: (v) => v.version, align: 'right' },
  { name: 'ACTIVE', of: (v) => (v.is_active ? { text: 'yes', tone: 'good' } : 'no') },
  { name: 'AUTHOR', of: (v) => v.author },
  { name: 'TIME', of: (v) => time(v.create_time) },
  { name: 'CHANGES', of: (v) => v.changes.join(', ') },
  { name: 'REASON', of: (v) => v.reason },
  { name: 'HASH', of: (v) => v.config_hash.slice(0, 12) },
  { name: 'NODE', of: (v) => v.create_node, wide: true },
];

function readConfig(file: string): string {
  try {
    if (file !== '-' && statSync(file).size > LIMITS.maxConfigBytes) {
      throw new SqlccError('config_invalid', `${file} has more than ${LIMITS.maxConfigBytes} bytes`);
    }
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    if (error instanceof SqlccError) throw error;
    throw new SqlccError('not_found', `${file} can't be read: ${(error as Error).message}`);
  }
}

export const configUpdate: Run = async (context, { args, flags }) => {
  const file = args[0] ?? '';
  const text = readConfig(file);
  const client = await context.client();
  const dryRun = flags.is('dryRun');
  const put = {
    text,
    dryRun,
    ...given('reason', flags.text('reason')),
    ...given('ifVersion', flags.integer('ifVersion')),
  };
  const answer = await client.putConfig(put).catch((error: unknown) => {
    if (!(error instanceof SqlccError) || error.code !== 'config_invalid') throw error;
    // the lines are those of the file here
    throw new SqlccError('config_invalid', error.message, {
      details: { file, ...error.details },
      hint: error.hint,
    });
  });
  const { printer } = context;
  await printer.answer(answer, () => {
    for (const note of answer.notes) printer.note(`note: ${note}`);
    if (answer.changes.length === 0) return printer.line(`nothing changes (version ${answer.version})`);
    printer.table(CHANGES, answer.changes);
    printer.line(answer.applied ? `\nversion ${answer.version} is active` : '\nnot applied: dry run');
    if (answer.changes.some((c) => c.effect === 'restart'))
      printer.note('"restart" takes effect when a node starts next');
  });
  return EXIT.ok;
};

export const configBackup: Run = async (context, { args, flags }) => {
  const file = args[0] ?? '';
  if (file !== '-' && existsSync(file) && !flags.is('force')) {
    throw new SqlccError('conflict', `${file} exists`, { hint: 'choose another name, or give --force' });
  }
  const client = await context.client();
  const { text, version } = await client.config();
  const { printer } = context;
  if (file === '-') {
    printer.raw(text);
    return EXIT.ok;
  }
  writeFileSync(file, text, { mode: 0o600 });
  const document = { file, version: version.version, config_hash: version.config_hash };
  await printer.answer(document, () => printer.line(`version ${version.version} is in ${file}`));
  return EXIT.ok;
};

export const configShow: Run = async (context, { args }) => {
  const wanted = args[0]?.replace(/^[@v]/, '');
  if (wanted !== undefined && !/^\d{1,15}$/.test(wanted))
    throw new SqlccError('invalid_argument', `"${args[0]}" is no version`);
  const client = await context.client();
  const answer = await client.config(wanted === undefined ? undefined : Number(wanted));
  const { printer } = context;
  await printer.answer(answer, () =>
    printer.raw(answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`),
  );
  return EXIT.ok;
};

export const configHistory: Run = async (context) => {
  const client = await context.client();
  const answer = await client.configVersions();
  await context.printer.answer(
    answer,
    () => context.printer.table(VERSIONS, answer.versions),
    answer.versions,
  );
  return EXIT.ok;
};
