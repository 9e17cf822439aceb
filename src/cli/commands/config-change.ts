/** `sqlcc cluster config update|set|validate|rollback|activate|confirm|restore`. */
import { plural, SqlccError } from '../../base/index.ts';
import { assignmentsText, checkText, readBackup } from '../../config/index.ts';
import { isClusterMeant, requireClusterConsent } from '../confirm.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Flags } from '../flags.ts';
import { CHANGES, changeFlags, readConfig, tellChange, versionNumber, withFile } from './config-words.ts';

export const configUpdate: Run = async (context, { args, flags }) => {
  const file = args[0] ?? '';
  const text = readConfig(file);
  const client = await context.client();
  const replace = flags.is('replace') ? { replace: true } : {};
  const put = { text, dryRun: flags.is('dryRun'), ...replace, ...changeFlags(flags) };
  const answer = await client.putConfig(put).catch((error: unknown) => {
    throw withFile(error, file);
  });
  return tellChange(context, answer);
};

export const configSet: Run = async (context, { args, flags }) => {
  const assigned = assignmentsText(args);
  if (!assigned.ok) {
    const hint = 'for example: raft.heartbeat_interval_ms=40';
    throw new SqlccError('invalid_argument', assigned.reason, { hint });
  }
  const client = await context.client();
  const put = { text: assigned.text, dryRun: flags.is('dryRun'), ...changeFlags(flags) };
  const answer = await client.putConfig(put).catch((error: unknown) => {
    if (!(error instanceof SqlccError) || error.code !== 'config_invalid') throw error;
    // nobody has seen the text that the places are of
    const issues = (error.details['issues'] as object[]).map((i) => ({ ...i, line: null, column: null }));
    throw new SqlccError('config_invalid', error.message, { details: { issues }, hint: error.hint });
  });
  return tellChange(context, answer);
};

export const configValidate: Run = async (context, { args, flags }) => {
  const file = args[0] ?? '';
  const text = readConfig(file);
  const { printer } = context;
  if (flags.is('offline')) {
    const issues = checkText(text);
    if (issues.length > 0) {
      throw new SqlccError('config_invalid', `${file} has ${plural(issues.length, 'issue')}`, {
        details: { file, issues },
      });
    }
    const document = { file, valid: true, checked_by: [] };
    await printer.answer(document, () => printer.line(`${file} is well formed; no node was asked`));
    return EXIT.ok;
  }
  const client = await context.client();
  const answer = await client.putConfig({ text, dryRun: true }).catch((error: unknown) => {
    throw withFile(error, file);
  });
  const { changes, notes, version } = answer;
  await printer.answer({ file, valid: true, version, changes, notes }, () => {
    for (const note of notes) printer.note(`note: ${note}`);
    printer.line(
      `${file} is valid on every live node: ${plural(changes.length, 'change')} to version ${version}`,
    );
  });
  return EXIT.ok;
};

/** What going to `version` would change, checked as a change is; nothing is changed. */
async function wouldMove(context: CliContext, version: number, flags: Flags): Promise<number> {
  const client = await context.client();
  const { text } = await client.config(version);
  const put = { text, replace: true, dryRun: true, ...changeFlags(flags) };
  return tellChange(context, await client.putConfig(put));
}

export const configRollback: Run = async (context, { args, flags }) => {
  const version = versionNumber(args[0] ?? '');
  if (flags.is('dryRun')) return wouldMove(context, version, flags);
  const client = await context.client();
  return tellChange(context, await client.rollbackConfig(version, changeFlags(flags)));
};

export const configActivate: Run = async (context, { args, flags }) => {
  const version = versionNumber(args[0] ?? '');
  if (flags.is('dryRun')) return wouldMove(context, version, flags);
  const client = await context.client();
  return tellChange(context, await client.activateConfig(version, changeFlags(flags)));
};

export const configConfirm: Run = async (context, { args }) => {
  const client = await context.client();
  const answer = await client.confirmConfig(args[0] === undefined ? undefined : versionNumber(args[0]));
  await context.printer.answer(answer, () => context.printer.line(`version ${answer.version} stays`));
  return EXIT.ok;
};

export const configRestore: Run = async (context, { args, flags }) => {
  if (!flags.is('dryRun')) requireClusterConsent(context, 'cluster config restore');
  const file = args[0] ?? '';
  const backup = readBackup(readConfig(file));
  if (!backup.ok) {
    const hint = 'a file that is no backup of "cluster config backup" goes to "cluster config update"';
    throw new SqlccError('config_invalid', `${file} is no sound backup: ${backup.reason}`, { hint });
  }
  const { head, text } = backup;
  const client = await context.client();
  const { cluster } = await client.status();
  if (cluster.id !== head.clusterId) {
    const is = `${head.clusterName} (${head.clusterId.slice(0, 8)})`;
    const here = `${cluster.name} (${cluster.id.slice(0, 8)})`;
    throw new SqlccError('failed_precondition', `${file} is of cluster ${is}, this one is ${here}`, {
      hint: 'choose the context of that cluster, or take over single keys with "cluster config update"',
    });
  }
  const reason = flags.text('reason') ?? `restore of version ${head.version} from ${head.takenAt}`;
  const put = { text, replace: true, ...changeFlags(flags), reason };
  const shown = await client.putConfig({ ...put, dryRun: true });
  if (flags.is('dryRun') || shown.changes.length === 0) return tellChange(context, shown);
  const { printer, terminal, yesCluster: given } = context;
  if (given === undefined) printer.aside().table(CHANGES, shown.changes);
  if (!(await isClusterMeant(terminal, context.interrupt, { given, name: cluster.name }))) {
    printer.note('declined: nothing was changed');
    return EXIT.declined;
  }
  // what was shown is what is agreed to
  return tellChange(context, await client.putConfig({ ifVersion: shown.version, ...put }));
};
