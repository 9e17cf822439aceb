/** `sqlcc node leave`, `node remove`, `node replace` and `node maintenance …`. */
import { SqlccError } from '../../base/index.ts';
import type { NodeRow } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Flags, given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';
import { pauseBanner } from './pause-banner.ts';
import { act } from './show-operation.ts';

const WAIT_DEFAULT_MS = 60_000;

/** The node that is meant: argument, `--node`, else the one that the first address leads to. */
export async function nodeOf(
  context: CliContext,
  flags: Flags,
  argument: string | undefined,
): Promise<string> {
  const named = argument ?? flags.text('node');
  if (named !== undefined) return named;
  const client = await context.client();
  const { node_id } = await client.version();
  if (context.terminal.stderr.isTTY === true)
    context.printer.note(`node ${node_id} (it answered; --node names another)`);
  return node_id;
}

function common(flags: Flags): { isDryRun: boolean; isWait: boolean; timeoutMs: number } {
  return {
    isDryRun: flags.is('dryRun'),
    isWait: !flags.isOff('wait'),
    timeoutMs: flags.duration('timeout') ?? WAIT_DEFAULT_MS,
  };
}

/** What may stand in the request of each change. */
function wishOf(flags: Flags) {
  return {
    ...given('expect_leader', flags.text('expectLeader')),
    ...given('expect_term', flags.integer('expectTerm')),
    ...given('reason', flags.text('reason')),
  };
}

/** Takes a node out for good; one that is to leave itself, or another one, alive or dead. */
function takeOut(verb: string): Run {
  return async (context, { args, flags }) => {
    const named = args[0] ?? flags.text('node');
    // taking the wrong node out can't be undone: no guessing here
    if (named === undefined)
      throw new SqlccError('invalid_argument', 'which node shall leave?', { hint: `sqlcc ${verb} NODE-ID` });
    return act(context, {
      request: { kind: 'remove-node', node_id: named, ...wishOf(flags) },
      verb,
      consent: 'cluster',
      ...common(flags),
    });
  };
}

export const nodeLeave: Run = takeOut('node leave');
export const nodeRemove: Run = takeOut('node remove');

export const nodeReplace: Run = async (context, { args, flags }) => {
  const [node_id = '', to = ''] = args;
  return act(context, {
    request: {
      kind: 'replace-node',
      ...{ node_id, to, keep: flags.is('keep') },
      ...wishOf(flags),
    },
    verb: 'node replace',
    consent: 'cluster',
    ...common(flags),
  });
};

/**
 * The node of a change. Unnamed it is a guess, and a guess is for people who are shown it and asked; a script
 * would put whichever node happened to answer aside.
 */
async function nodeToChange(context: CliContext, flags: Flags, verb: string): Promise<string> {
  const willAsk = context.canAsk && !context.isYes;
  const isNamed = flags.text('node') !== undefined;
  if (!isNamed && !willAsk && !flags.is('dryRun')) {
    throw new SqlccError('invalid_argument', `${verb} needs --node: nobody can be asked which one is meant`, {
      hint: `sqlcc ${verb} --node NODE-ID; sqlcc node list names them`,
    });
  }
  return nodeOf(context, flags, undefined);
}

export const maintenanceEnable: Run = async (context, { flags }) =>
  act(context, {
    request: {
      kind: 'maintenance',
      enable: true,
      node_id: await nodeToChange(context, flags, 'node maintenance enable'),
      ...given('for_ms', flags.duration('for', { leastMs: 1000 })),
      ...(flags.is('allowSwitchover') && { allow_switchover: true }),
      ...(flags.is('acceptQuorumRisk') && { accept_quorum_risk: true }),
      ...wishOf(flags),
    },
    verb: 'node maintenance enable',
    consent: 'none',
    ...common(flags),
  });

export const maintenanceDisable: Run = async (context, { flags }) =>
  act(context, {
    request: {
      kind: 'maintenance',
      enable: false,
      node_id: await nodeToChange(context, flags, 'node maintenance disable'),
      ...wishOf(flags),
    },
    verb: 'node maintenance disable',
    consent: 'none',
    ...common(flags),
  });

function drainRun(enable: boolean): Run {
  const verb = enable ? 'node drain' : 'node undrain';
  return async (context, { args, flags }) =>
    act(context, {
      request: {
        ...{ kind: 'drain', enable, node_id: args[0] ?? '' },
        ...(enable && given('for_ms', flags.duration('for', { leastMs: 1000 }))),
        ...(enable && given('grace_ms', flags.duration('grace'))),
        ...wishOf(flags),
      },
      verb,
      consent: 'none',
      ...common(flags),
    });
}

export const nodeDrain: Run = drainRun(true);
export const nodeUndrain: Run = drainRun(false);

const COLUMNS: readonly Column<NodeRow>[] = [
  { name: 'NAME', of: (n) => n.node_id },
  { name: 'MAINTENANCE', of: (n) => (n.maintenance === null ? 'no' : { text: 'yes', tone: 'warn' }) },
  { name: 'OWNER', of: (n) => n.maintenance?.owner },
  { name: 'SINCE', of: (n) => time(n.maintenance?.since ?? null) },
  { name: 'EXPIRES', of: (n) => time(n.maintenance?.expires ?? null) },
  { name: 'REASON', of: (n) => n.maintenance?.reason },
];

export const maintenanceStatus: Run = async (context, { flags }) => {
  const client = await context.client();
  const answer = await client.nodes();
  const named = flags.text('node');
  const rows = named === undefined ? answer.nodes : answer.nodes.filter((n) => n.node_id === named);
  if (named !== undefined && rows.length === 0) {
    const hint = `the nodes are ${answer.nodes.map((n) => n.node_id).join(', ')}`;
    throw new SqlccError('not_found', `the cluster has no node "${named}"`, { hint });
  }
  const nodes = rows.map(({ node_id, maintenance }) => ({ node_id, maintenance }));
  await context.printer.answer(
    { nodes, read: answer.read },
    () => {
      pauseBanner(context.printer, answer.pause);
      context.printer.table(COLUMNS, rows);
    },
    nodes,
  );
  return EXIT.ok;
};
