/**
 * The replicated configuration: read, compared, changed. A change is validated against the version in force
 * and on every live node, then proposed, then waited for on every live node.
 */
import type { ConfigPutRequest, ConfigVersionRequest } from '../../src/api/index.ts';
import { type ConfigVersion, SqlccError } from '../../src/base/index.ts';
import type { ConfigVersionRecord } from '../../src/cluster/index.ts';
import { ConfigVersionManager, diffTexts } from '../../src/config/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { ownCheck, ownState, statesOfNodes } from '../config-nodes.ts';
import { changeConfig, returnTo } from '../config-update.ts';
import { type NodeContext, proposeCommand, requireCluster } from '../node-context.ts';
import { configVersionView } from '../views.ts';

function versionsOf(context: NodeContext): ConfigVersionManager {
  return new ConfigVersionManager(requireCluster(context).configs);
}

/** A version as it was asked for; undefined = the one in force. */
function find(context: NodeContext, wanted: string | undefined): ConfigVersionRecord {
  const versions = versionsOf(context);
  if (wanted === undefined) {
    const active = versions.active();
    if (active === undefined) throw new SqlccError('not_found', 'no configuration was replicated yet');
    return active;
  }
  const number = /^\d{1,15}$/.test(wanted) ? Number(wanted) : null;
  if (number === null) throw new SqlccError('invalid_argument', `"${wanted}" is no version`);
  const found = versions.version(number);
  if (found !== undefined) return found;
  const all = versions.getVersionHistory();
  const hint = `versions ${all.at(-1)?.version} to ${all[0]?.version} are kept`;
  throw new SqlccError('not_found', `no configuration version ${number}`, { hint });
}

export async function config(context: NodeContext, call: Call): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const record = find(context, call.params['version'] ?? call.query['version']);
  return { body: { schemaVersion: 1, version: configVersionView(record), text: record.text, read } };
}

export async function configVersions(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const versions = requireCluster(context).configs.map(configVersionView);
  return { body: { schemaVersion: 1, versions, read } };
}

export async function configDiff(context: NodeContext, call: Call): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const to = find(context, call.query['to']);
  const from = find(context, call.query['from'] ?? String(Math.max(1, to.version - 1)));
  const changes = diffTexts(from.text, to.text);
  return { body: { schemaVersion: 1, from: from.version, to: to.version, changes, read } };
}

export async function putConfig(context: NodeContext, call: Call): Promise<Answer> {
  const body = call.body as ConfigPutRequest;
  await prepared(context, call);
  return { body: await changeConfig(context, call, body) };
}

/** A change is made by the leader, on what is the case now. */
async function prepared(context: NodeContext, call: Call): Promise<void> {
  await context.reads.requireLeader(call.remainingMs());
  await context.reads.prepare({ level: 'linearizable', minIndex: 0 }, call.remainingMs());
}

export async function rollbackConfig(context: NodeContext, call: Call): Promise<Answer> {
  await prepared(context, call);
  const target = find(context, call.params['version']);
  return { body: await returnTo(context, call, { target, body: call.body as ConfigVersionRequest }) };
}

export async function activateConfig(context: NodeContext, call: Call): Promise<Answer> {
  await prepared(context, call);
  const target = find(context, call.params['version']);
  const { version } = target;
  if (!target.isActive) {
    return { body: await returnTo(context, call, { target, body: call.body as ConfigVersionRequest }) };
  }
  if (target.confirmation === 'awaited') await confirm(context, call, version);
  const none = { changes: [], notes: [], applied: false, nodes: [], acknowledged: true, tentative: null };
  return { body: { schemaVersion: 1, version, ...none } };
}

export async function confirmConfig(context: NodeContext, call: Call): Promise<Answer> {
  await prepared(context, call);
  const { version: wanted } = call.body as { version?: ConfigVersion };
  const version = wanted ?? requireCluster(context).tentative?.version;
  if (version === undefined) {
    throw new SqlccError('failed_precondition', 'no configuration is on trial', {
      hint: '"sqlcc cluster config history" says what became of each version',
    });
  }
  await confirm(context, call, version);
  return { body: { schemaVersion: 1, version } };
}

async function confirm(context: NodeContext, call: Call, version: ConfigVersion): Promise<void> {
  resultOf((await proposeCommand(context, { kind: 'config-confirm', version }, call)).result);
}

export async function configPending(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const told = new Map((await statesOfNodes(context)).map((row) => [row.nodeId, row]));
  const nodes = Object.keys(requireCluster(context).nodes)
    .sort()
    .map((node_id) => {
      const row = told.get(node_id);
      const { version = null, config_file = null, pending = [], file_issue = null } = row?.answer ?? {};
      const error = row === undefined ? 'it is not alive' : row.error;
      return { node_id, version, config_file, pending, file_issue, error };
    });
  return { body: { schemaVersion: 1, nodes, read } };
}

export async function checkConfig(context: NodeContext, call: Call): Promise<Answer> {
  return { body: await ownCheck(context, (call.body as { text: string }).text) };
}

export async function configState(context: NodeContext, call: Call): Promise<Answer> {
  const { version, wait_ms: waitMs } = call.body as { version: ConfigVersion; wait_ms: number };
  return { body: await ownState(context, version, Math.min(waitMs, call.remainingMs())) };
}
