/** `sqlcc cluster config show|history|diff|pending|backup`: what the configuration is and was. */
import { existsSync, writeFileSync } from 'node:fs';
import { SqlccError } from '../../base/index.ts';
import type { ConfigVersionRow, ResponseOf } from '../../client/index.ts';
import { backupText } from '../../config/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Cell, Column } from '../output/table.ts';
import { time } from '../output/words.ts';
import { CHANGES, versionNumber, word } from './config-words.ts';

function standing(version: ConfigVersionRow): Cell {
  if (version.confirmation === 'awaited') return { text: 'on trial', tone: 'warn' };
  if (version.confirmation === 'reverted') return { text: 'taken back', tone: 'dim' };
  return version.is_active ? { text: 'yes', tone: 'good' } : 'no';
}

const VERSIONS: readonly Column<ConfigVersionRow>[] = [
  { name: 'VERSION', of: (v) => v.version, align: 'right' },
  { name: 'ACTIVE', of: standing },
  { name: 'AUTHOR', of: (v) => v.author },
  { name: 'TIME', of: (v) => time(v.create_time) },
  { name: 'CHANGES', of: (v) => v.changes.join(', '), ifNarrow: 'cut' },
  { name: 'REASON', of: (v) => v.reason, ifNarrow: 'cut' },
  { name: 'HASH', of: (v) => v.config_hash.slice(0, 12), ifNarrow: 'left-out' },
  { name: 'NODE', of: (v) => v.create_node, wide: true },
];

export const configShow: Run = async (context, { args }) => {
  const client = await context.client();
  const answer = await client.config(args[0] === undefined ? undefined : versionNumber(args[0]));
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

export const configDiff: Run = async (context, { args }) => {
  const [from, to] = args.map(versionNumber);
  const client = await context.client();
  const answer = await client.configDiff({ ...given('from', from), ...given('to', to) });
  const { printer } = context;
  await printer.answer(
    answer,
    () => {
      if (answer.changes.length === 0) {
        return printer.line(`versions ${answer.from} and ${answer.to} say the same`);
      }
      printer.table(CHANGES, answer.changes);
    },
    answer.changes,
  );
  return EXIT.ok;
};

type PendingNode = ResponseOf<'configPending'>['nodes'][number];

interface PendingLine {
  readonly node: PendingNode;
  readonly change: PendingNode['pending'][number] | null;
}

const PENDING: readonly Column<PendingLine>[] = [
  { name: 'NODE', of: ({ node }) => node.node_id },
  { name: 'VERSION', of: ({ node }) => node.version, align: 'right' },
  { name: 'KEY', of: ({ node, change }) => change?.path ?? node.file_issue ?? node.error ?? 'nothing' },
  { name: 'NOW', of: ({ change }) => (change === null ? null : word(change.from)) },
  { name: 'FILE', of: ({ change }) => (change === null ? null : word(change.to)) },
  {
    name: 'EFFECT',
    of: ({ node, change }) =>
      change === null
        ? node.file_issue === null
          ? null
          : { text: 'would not start', tone: 'bad' }
        : { text: change.effect === 'forbidden' ? 'would not start' : change.effect, tone: 'warn' },
  },
];

export const configPending: Run = async (context) => {
  const client = await context.client();
  const answer = await client.configPending();
  const lines = answer.nodes.flatMap((node): PendingLine[] =>
    node.pending.length === 0 ? [{ node, change: null }] : node.pending.map((change) => ({ node, change })),
  );
  await context.printer.answer(answer, () => context.printer.table(PENDING, lines), answer.nodes);
  return answer.nodes.every((n) => n.error === null) ? EXIT.ok : EXIT.partial;
};

export const configBackup: Run = async (context, { args, flags }) => {
  const file = args[0] ?? '';
  if (file !== '-' && existsSync(file) && !flags.is('force')) {
    throw new SqlccError('conflict', `${file} exists`, { hint: 'choose another name, or give --force' });
  }
  const client = await context.client();
  const [{ text, version }, { cluster }] = [await client.config(), await client.status()];
  const head = {
    ...{ clusterId: cluster.id, clusterName: cluster.name, version: version.version },
    ...{ configHash: version.config_hash, takenAt: new Date().toISOString() },
  };
  const backup = backupText(head, text);
  const { printer } = context;
  if (file === '-') {
    printer.raw(backup);
    return EXIT.ok;
  }
  writeFileSync(file, backup, { mode: 0o600 });
  const document = {
    ...{ file, version: version.version, config_hash: version.config_hash, cluster_id: cluster.id },
  };
  await printer.answer(document, () => printer.line(`version ${version.version} is in ${file}`));
  return EXIT.ok;
};
