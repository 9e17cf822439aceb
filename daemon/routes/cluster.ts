/** Who is there, who leads, how they are: views of the cluster, each with how it was read. */
import type { AnnounceRequest, UpdateNodeRequest } from '../../src/api/index.ts';
import { openApiDocument } from '../../src/api/index.ts';
import { POLICY } from '../../src/auth/index.ts';
import { compareText, LIMITS, SqlccError } from '../../src/base/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { metricsView } from '../metrics-view.ts';
import { type NodeContext, proposeCommand, requireCluster, viewSources } from '../node-context.ts';
import { isoTime, leaderView, maintenanceView, nodeRow, nodeRows, statusView } from '../node-view.ts';
import { isSet } from '../requests.ts';
import { twinConflict } from '../twin.ts';
import { PROTOCOL } from '../version.ts';

export async function status(context: NodeContext, call: Call): Promise<Answer> {
  const read = await context.reads.bestEffort(isSet(call.query['stale']));
  const totals = context.consensus.measures?.availability;
  const extras = {
    engine: 'sqlite',
    heartbeatIntervalMs: context.config.raft.heartbeatIntervalMs,
    availability: totals === undefined ? null : { ...totals, ...context.availability.report(Date.now()) },
  };
  const { id, role } = call.identity;
  const caller = { id, role, scopes: [...POLICY[role]] };
  return { body: { ...statusView(viewSources(context), read, extras), caller } };
}

export async function nodes(context: NodeContext, call: Call): Promise<Answer> {
  const read = await context.reads.bestEffort(isSet(call.query['stale']));
  const sources = viewSources(context);
  const pause = maintenanceView(sources.cluster.pause);
  return { body: { schemaVersion: 1, nodes: nodeRows(sources), read, pause } };
}

export async function node(context: NodeContext, call: Call): Promise<Answer> {
  const read = await context.reads.bestEffort(isSet(call.query['stale']));
  const id = call.params['id'] ?? '';
  const sources = viewSources(context);
  const record = sources.cluster.nodes[id];
  if (record === undefined) throw unknownNode(id, Object.keys(sources.cluster.nodes));
  return { body: { schemaVersion: 1, node: nodeRow(sources, record), read } };
}

export function unknownNode(id: string, known: readonly string[]): SqlccError {
  return new SqlccError('not_found', `no node "${id}"`, {
    hint: `the nodes are ${[...known].sort().join(', ')}`,
  });
}

export async function updateNode(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const nodeId = call.params['id'] ?? '';
  const body = call.body as UpdateNodeRequest;
  const applied = await proposeCommand(context, { kind: 'node-update', nodeId, ...body }, call);
  resultOf(applied.result);
  return node(context, call);
}

export async function leader(context: NodeContext, call: Call): Promise<Answer> {
  const passed = call.query['beside'];
  if (passed !== undefined) await context.reads.untilLeaderBeside(passed, call.remainingMs());
  const read = await context.reads.bestEffort(isSet(call.query['stale']));
  return { body: leaderView(viewSources(context), read) };
}

/** A node's word on who leads is older than this: it is not counted as its view any more. */
const VIEW_AGE_MS = 5000;

/** Each node's own word, as it last gave it to gossip (about once a second); `local` = only this node's. */
export async function views(context: NodeContext, call: Call): Promise<Answer> {
  const raft = context.consensus.status;
  const own = {
    node_id: context.facts.nodeId,
    leader_id: raft?.leaderId ?? null,
    term: raft?.term ?? null,
    error: null,
  };
  const records = isSet(call.query['local']) ? [] : Object.values(requireCluster(context).nodes);
  const others = records
    .filter((r) => r.nodeId !== context.facts.nodeId)
    .map((r) => otherView(context, r.nodeId));
  const all = [own, ...others].sort((a, b) => compareText(a.node_id, b.node_id));
  const heard = all.filter((v) => v.error === null);
  const agree = heard.every((v) => v.leader_id === own.leader_id && v.term === own.term);
  return { body: { schemaVersion: 1, views: all, agree } };
}

function otherView(context: NodeContext, nodeId: string) {
  const member = context.gossip.member(nodeId);
  const digest = member?.digest ?? null;
  const age = digest === null ? null : Date.now() - digest.at;
  if (digest === null || age === null || age > VIEW_AGE_MS || member?.liveness === 'dead') {
    const error =
      digest === null ? 'no word from it yet' : `${member?.liveness}: last word ${isoTime(digest.at)}`;
    return { node_id: nodeId, leader_id: null, term: null, error };
  }
  return { node_id: nodeId, leader_id: digest.leaderId, term: digest.term, error: null };
}

export async function stateHash(context: NodeContext, call: Call): Promise<Answer> {
  await context.state.whenSettled(context.state.appliedIndex, call.remainingMs());
  const { hash, index } = await context.readers.hash();
  return { body: { schemaVersion: 1, node_id: context.facts.nodeId, index, state_hash: hash } };
}

export async function version(context: NodeContext): Promise<Answer> {
  return {
    body: {
      ...{ schemaVersion: 1, version: context.version, protocol: PROTOCOL, node_id: context.facts.nodeId },
      ...{ boot_counter: context.bootCounter, started_at: isoTime(context.startedAt) },
    },
  };
}

/** `format=prometheus|openmetrics`: the text that scrapers read. */
export async function metrics(context: NodeContext, call: Call): Promise<Answer> {
  const format = call.query['format'] ?? 'json';
  if (format === 'prometheus' || format === 'openmetrics') return context.exposition(format);
  if (format !== 'json') {
    throw new SqlccError('invalid_argument', `format "${format}" is none of json, prometheus, openmetrics`);
  }
  return { body: metricsView(context.facts.nodeId, Date.now(), context.metrics()) };
}

export async function history(context: NodeContext, call: Call): Promise<Answer> {
  const seconds = call.query['seconds'] === undefined ? 300 : Number(call.query['seconds']);
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw new SqlccError('invalid_argument', 'seconds is a number above 0');
  const wish = call.query['step_ms'] === undefined ? 0 : Number(call.query['step_ms']);
  const most = LIMITS.historySeconds * 1000;
  if (!Number.isFinite(wish) || wish < 0 || wish > most)
    throw new SqlccError('invalid_argument', `step_ms is a number from 0 to ${most}`);
  const { stepMs, points } = context.history.since(seconds, Date.now(), wish);
  const told = points.map((p) => ({
    at: isoTime(p.at),
    node_id: p.nodeId,
    cpu_usage: p.cpuUsage,
    lag_entries: p.lagEntries,
    applied_index: p.appliedIndex,
  }));
  const kept = context.history.stepMs;
  return { body: { schemaVersion: 1, step_ms: stepMs, kept_step_ms: kept, points: told } };
}

export async function openapi(context: NodeContext): Promise<Answer> {
  return { body: openApiDocument(context.version) };
}

export async function livez(): Promise<Answer> {
  return { body: {} };
}

export async function readyz(context: NodeContext): Promise<Answer> {
  if (!context.isReady()) throw new SqlccError('unavailable', 'not ready');
  return { body: {} };
}

/** A daemon tells the leader that it runs; the certificate must be that node's own. */
export async function announceNode(context: NodeContext, call: Call): Promise<Answer> {
  const nodeId = call.params['id'] ?? '';
  if (call.identity.id !== nodeId) {
    throw new SqlccError('permission_denied', `${call.identity.id} may not speak for ${nodeId}`);
  }
  await context.reads.requireLeader(call.remainingMs());
  const body = call.body as AnnounceRequest;
  const { host, port, boot_counter: bootCounter } = body;
  const claimant = { nodeId, bootCounter, startedAt: null, host, port };
  const conflict = await twinConflict(context.http, claimant, requireCluster(context).nodes[nodeId]);
  if (conflict !== null) throw conflict;
  const applied = await proposeCommand(context, announcement(nodeId, body), call);
  resultOf(applied.result);
  return { body: {} };
}

/** The command that an announcement becomes. */
export function announcement(nodeId: string, body: AnnounceRequest) {
  return {
    kind: 'node-started',
    nodeId,
    instanceId: body.instance_id,
    bootCounter: body.boot_counter,
    host: body.host,
    port: body.port,
    clientPort: body.client_port,
    peerPort: body.peer_port,
    metricsPort: body.metrics_port,
    version: body.version,
    steps: body.steps,
  } as const;
}
