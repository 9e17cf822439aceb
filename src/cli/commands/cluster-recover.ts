/** `sqlcc cluster recover`: on the machine and the stopped data folder of the one voter that is left. */
import { resolve } from 'node:path';
import { isClusterMeant, requireClusterConsent } from '../confirm.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

type Recover = typeof import('../../../daemon/index.ts').recoverVoter;
type Survivor = Awaited<ReturnType<Recover>>;

function show(printer: CliContext['printer'], found: Omit<Survivor, 'isDone'>): void {
  const behind = found.lastIndex - found.appliedIndex;
  const unsure = behind > 0 ? ` (${behind} of them not known to be committed; they stay)` : '';
  printer.facts([
    ['Cluster', `${found.clusterName} (${found.clusterId})`],
    ['This node', `${found.nodeId}, term ${found.term}`],
    ['Last entry', `${found.lastIndex} of term ${found.lastTerm}${unsure}`],
    ['Made', found.lastEntryAt === null ? 'never' : new Date(found.lastEntryAt).toISOString()],
    ['Voters', found.voters.join(', ')],
    ['Will go', found.removed.join(', ')],
  ]);
  printer.line(
    `\nWhat the others acknowledged without ${found.nodeId} is lost. They are refused from then on and\n` +
      'have to join anew with empty disks. See to it that none of their old disks is ever started again:\n' +
      'those that are a majority of the old cluster would go on beside this one.',
  );
}

export const clusterRecover: Run = async (context, { flags }) => {
  const { printer, terminal, yesCluster: given } = context;
  const isDryRun = flags.is('dryRun');
  if (!isDryRun) requireClusterConsent(context, 'cluster recover');
  const { recoverVoter } = await import('../../../daemon/index.ts');
  const found = await recoverVoter({
    dataDir: resolve(flags.required('dataDir')),
    reason: flags.text('reason') ?? '',
    isDryRun,
    confirm: (survivor) => {
      show(printer.aside(), survivor);
      return isClusterMeant(terminal, context.interrupt, { given, name: survivor.clusterName });
    },
  });
  const { isDone, lastEntryAt, ...facts } = found;
  const document = {
    ...{ done: isDone, cluster: { name: facts.clusterName, id: facts.clusterId }, node_id: facts.nodeId },
    ...{
      term: facts.term,
      last_term: facts.lastTerm,
      last_index: facts.lastIndex,
      applied_index: facts.appliedIndex,
    },
    last_entry_at: lastEntryAt === null ? null : new Date(lastEntryAt).toISOString(),
    ...{ voters: facts.voters, removed: facts.removed },
  };
  await printer.answer(document, () => {
    if (isDryRun) show(printer, found);
    else if (isDone) printer.line(`\n${facts.nodeId} is the only voter. Start it: sqlcc node start`);
    else printer.line('nothing was changed');
  });
  return isDone || isDryRun ? EXIT.ok : EXIT.declined;
};
