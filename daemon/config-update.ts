/**
 * One change of the configuration, from text to acknowledgement: validated here and on every live node,
 * proposed, applied, waited for. The steps are those of ConfigUpdateManager; here they meet the cluster.
 */
import type { ConfigPutRequest, ConfigPutResponse, ConfigVersionRequest } from '../src/api/index.ts';
import { type ConfigVersion, type Duration, type NodeId, plural, SqlccError } from '../src/base/index.ts';
import type { ConfigVersionRecord } from '../src/cluster/index.ts';
import type { ConfigChange, ConfigIssue, VersionRequest } from '../src/config/index.ts';
import {
  ConfigUpdateManager,
  ConfigVersionManager,
  diffTexts,
  issueIn,
  nextUpdate,
} from '../src/config/index.ts';
import type { Call } from '../src/rpc/index.ts';
import { ailmentsOf } from './ailments.ts';
import { resultOf } from './applied.ts';
import { acknowledgements, askEarly, checkOnNodes, type EarlyQuestion } from './config-nodes.ts';
import { soundNodes } from './config-trial.ts';
import { revertCommand } from './due-commands.ts';
import { memberFacts, type NodeContext, proposeCommand, requireCluster } from './node-context.ts';
import { tentativeView } from './node-view.ts';
import { ifMatch } from './requests.ts';

/** Nodes that live follow within milliseconds; one that has not by then is named. */
const ACKNOWLEDGE_MS = 3000;
/** What is left of the caller's time for the answer. */
const ANSWER_MS = 300;

/** A change that was found good and is ready to be proposed. */
interface Wanted {
  readonly request: VersionRequest;
  readonly changes: readonly ConfigChange[];
  readonly notes: readonly string[];
  readonly confirmWithinMs: number | undefined;
}

/** Throws precondition_failed or conflict unless the version that the caller has seen is in force. */
function requireVersion(context: NodeContext, call: Call, ifVersion: ConfigVersion | undefined): void {
  const current = new ConfigVersionManager(requireCluster(context).configs).active()?.version ?? 0;
  const matched = ifMatch(call.headers['if-match']);
  const wanted = matched ?? ifVersion;
  if (wanted === undefined || wanted === current) return;
  const text = `the configuration is at version ${current}, not ${wanted}`;
  const code = matched === null ? 'conflict' : 'precondition_failed';
  throw new SqlccError(code, text, { details: { version: current } });
}

function invalid(issues: readonly (ConfigIssue & { readonly node_id?: string })[]): SqlccError {
  const count = plural(issues.length, 'issue');
  const text = `the configuration has ${count}; nothing was changed`;
  return new SqlccError('config_invalid', text, { details: { issues } });
}

/** Asks every live node; throws config_invalid with the node's name at each issue, answers the notes. */
async function checkEverywhere(context: NodeContext, text: string, shown: string): Promise<string[]> {
  const answers = await checkOnNodes(context, text);
  const issues = answers.flatMap(({ nodeId, answer }) =>
    (answer?.issues ?? []).map((issue) => ({
      ...issueIn(shown, { ...issue, message: `on ${nodeId}: ${issue.message}` }),
      node_id: nodeId,
    })),
  );
  if (issues.length > 0) throw invalid(issues);
  return answers.flatMap(({ nodeId, answer, error }) =>
    answer === null
      ? [`${nodeId} did not say whether it would run with it: ${error}`]
      : answer.notes.map((note) => `${nodeId}: ${note}`),
  );
}

function updatesOf(context: NodeContext): ConfigUpdateManager {
  const { nodeId, dataDir } = context.facts;
  const local = { nodeId, dataDir, network: context.config.network };
  return new ConfigUpdateManager(requireCluster(context).configs, local);
}

/** A text becomes the next version. */
export async function changeConfig(
  context: NodeContext,
  call: Call,
  body: ConfigPutRequest,
): Promise<ConfigPutResponse> {
  requireVersion(context, call, body.if_version);
  const updates = updatesOf(context);
  const mode = body.replace === true ? 'replace' : 'merge';
  const prepared = updates.updateClusterConfig(body.text, body.reason ?? '', mode);
  if (!prepared.ok) throw invalid(prepared.issues);
  const { request, checked } = prepared;
  const told = await checkEverywhere(context, request.text, body.text);
  const wanted = {
    ...{ request, changes: checked.changes, notes: [...checked.notes, ...told] },
    confirmWithinMs: body.confirm_within_ms,
  };
  if (body.dry_run === true || checked.changes.length === 0) return unchanged(context, wanted);
  return put(context, call, wanted);
}

function unchanged(context: NodeContext, { changes, notes, request }: Wanted): ConfigPutResponse {
  return {
    ...{ schemaVersion: 1, version: request.ifVersion, changes: [...changes], notes: [...notes] },
    ...{ applied: false, nodes: [], acknowledged: true },
    tentative: tentativeView(requireCluster(context)),
  };
}

/** An old version becomes the next one; while it is the one before a trial, the trial ends. */
export async function returnTo(
  context: NodeContext,
  call: Call,
  { target, body }: { readonly target: ConfigVersionRecord; readonly body: ConfigVersionRequest },
): Promise<ConfigPutResponse> {
  requireVersion(context, call, body.if_version);
  const cluster = requireCluster(context);
  const versions = new ConfigVersionManager(cluster.configs);
  const current = versions.active();
  const reason = body.reason ?? `rollback to ${target.version}`;
  const answer = versions.rollbackVersion(target.version, reason);
  if (!answer.ok) throw new SqlccError('conflict', answer.reason, { hint: 'nothing to do' });
  const { request } = answer;
  const changes = diffTexts(current?.text ?? '', request.text);
  const told = await checkEverywhere(context, request.text, request.text);
  const notes = [...updatesOf(context).notesOnReturn(request.text), ...told];
  if (cluster.tentative?.previous === target.version) {
    const cause = `${call.identity.id} rolled it back${body.reason === undefined ? '' : `: ${body.reason}`}`;
    const command = revertCommand(cluster, context.facts.nodeId, cause);
    const begun = begin(context, call);
    if (command !== null) resultOf((await proposeCommand(context, command, call)).result);
    return settled(context, call, { request, changes, notes, ...begun });
  }
  return put(context, call, { request, changes, notes, confirmWithinMs: body.confirm_within_ms });
}

async function put(context: NodeContext, call: Call, wanted: Wanted): Promise<ConfigPutResponse> {
  const { request, changes, notes, confirmWithinMs } = wanted;
  const trial = confirmWithinMs === undefined ? {} : { trial: trialFrom(context, confirmWithinMs) };
  const command = { kind: 'config-put', ...request, createNode: context.facts.nodeId, ...trial } as const;
  const begun = begin(context, call);
  resultOf((await proposeCommand(context, command, call)).result);
  return settled(context, call, { request, changes, notes, ...begun });
}

/** The cluster as it is before the change: what is worse than that takes it back. */
function trialFrom(context: NodeContext, withinMs: Duration) {
  const cluster = requireCluster(context);
  const { minReplicas } = context.config.replication;
  const voters = (context.consensus.status?.membership.voters ?? []).map((v) => v.nodeId);
  const memberOf = (nodeId: NodeId) => memberFacts(context, nodeId);
  const ailments = [...ailmentsOf(cluster, { memberOf, voters, minReplicas }).keys()];
  return { withinMs, sound: soundNodes(Object.keys(cluster.nodes), memberOf), ailments };
}

interface Proposed extends Pick<Wanted, 'request' | 'changes' | 'notes'> {
  /** Monotonic instant of the proposal. */
  readonly since: number;
  readonly early: EarlyQuestion;
}

/** How long nodes may take from the proposal on. */
function waitMsOf(call: Call): Duration {
  return Math.max(0, Math.min(ACKNOWLEDGE_MS, call.remainingMs() - ANSWER_MS));
}

/** Every node is asked for the version that comes next; one that is refused is never told of. */
function begin(context: NodeContext, call: Call): Pick<Proposed, 'since' | 'early'> {
  const { configs } = requireCluster(context);
  const next = (configs.at(-1)?.version ?? 0) + 1;
  return { since: performance.now(), early: askEarly(context, next, waitMsOf(call)) };
}

/** Waits until every live node runs with what was applied here just now. */
async function settled(
  context: NodeContext,
  call: Call,
  { request, changes, notes, since, early }: Proposed,
): Promise<ConfigPutResponse> {
  const cluster = requireCluster(context);
  const version = new ConfigVersionManager(cluster.configs).active()?.version ?? 0;
  const waitMs = performance.now() - since + waitMsOf(call);
  const nodes = await acknowledgements(context, version, { since, waitMs, early });
  const live = nodes.filter((n) => n.outcome !== 'not_alive').map((n) => n.node_id);
  // the machine of the seed's ConfigUpdateManager says when it is active everywhere
  let update = nextUpdate({ state: 'proposed', request }, { kind: 'committed', version, nodes: live });
  for (const { node_id: nodeId, outcome } of nodes)
    if (outcome === 'applied') update = nextUpdate(update, { kind: 'node-applied', nodeId, version });
  return {
    ...{ schemaVersion: 1, version, changes: [...changes], notes: [...notes], applied: true, nodes },
    acknowledged: update.state === 'active',
    tentative: tentativeView(requireCluster(context)),
  };
}
