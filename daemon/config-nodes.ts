/**
 * What the answering node asks the others about the configuration: would you run with it, do you run with it,
 * what waits for your restart. Asked directly and only when somebody wants to know: the answer is the node's
 * own and as new as it can be, and a cluster at rest pays nothing for it.
 */
import type { ConfigCheckResponse, ConfigStateResponse } from '../src/api/index.ts';
import { errorFromWire } from '../src/api/index.ts';
import type { ConfigVersion, Duration, NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { NodeRecord } from '../src/cluster/index.ts';
import { checkOnNode } from './config-check.ts';
import { type NodeContext, requireCluster } from './node-context.ts';

/** A node that is asked whether it would take a text; a silent one does not hold everybody up. */
const CHECK_MS = 800;
const PENDING_MS = 1000;
/** The answer of a node that waited until its deadline has its way to go. */
const GRACE_MS = 200;

/** One node's answer, or why there is none. */
export type NodeAnswer<T> = { readonly nodeId: NodeId } & (
  | { readonly answer: T; readonly error: null }
  | { readonly answer: null; readonly error: string }
);

/** Nodes on record that are there, this one first. */
function liveNodes(context: NodeContext): readonly NodeRecord[] {
  const self = context.facts.nodeId;
  return Object.values(requireCluster(context).nodes)
    .filter(({ nodeId }) => nodeId === self || isThere(context, nodeId))
    .sort((a, b) => Number(b.nodeId === self) - Number(a.nodeId === self));
}

function isThere(context: NodeContext, nodeId: NodeId): boolean {
  const liveness = context.gossip.member(nodeId)?.liveness;
  return liveness === undefined || liveness === 'alive' || liveness === 'suspect';
}

interface Question {
  readonly path: string;
  readonly body: unknown;
  readonly timeoutMs: Duration;
}

async function ask<T>(context: NodeContext, node: NodeRecord, question: Question): Promise<NodeAnswer<T>> {
  const { nodeId, host, port } = node;
  try {
    const answer = await context.http.request({
      endpoint: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      method: 'POST',
      ...question,
    });
    if (answer.status >= 300) throw errorFromWire(answer.status, answer.json());
    return { nodeId, answer: answer.json() as T, error: null };
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    return { nodeId, answer: null, error: error.message };
  }
}

function askAll<T>(
  context: NodeContext,
  question: Question,
  own: () => Promise<T>,
): Promise<NodeAnswer<T>[]> {
  const self = context.facts.nodeId;
  return Promise.all(
    liveNodes(context).map(async (node) =>
      node.nodeId === self
        ? { nodeId: self, answer: await own(), error: null }
        : ask<T>(context, node, question),
    ),
  );
}

/** This node's own answer to `/v1/config/check`. */
export async function ownCheck(context: NodeContext, text: string): Promise<ConfigCheckResponse> {
  const { config, ownFile: file } = context;
  const { issues, notes } = await checkOnNode(text, { config, file, env: process.env });
  return { node_id: context.facts.nodeId, issues: [...issues], notes: [...notes] };
}

/** This node's own answer to `/v1/config/state`: when it runs with `version`, or at the deadline. */
export async function ownState(
  context: NodeContext,
  version: ConfigVersion,
  waitMs: Duration,
): Promise<ConfigStateResponse> {
  if (waitMs > 0) await context.live.until(version, waitMs);
  const { pending, fileIssue } = context.ownFile.pendingRestart();
  return {
    ...{ node_id: context.facts.nodeId, version: context.live.version, config_file: context.ownFile.path },
    ...{ pending: [...pending], file_issue: fileIssue },
  };
}

/** Whether the nodes would run with `text`. */
export function checkOnNodes(context: NodeContext, text: string): Promise<NodeAnswer<ConfigCheckResponse>[]> {
  const question = { path: '/v1/config/check', body: { text }, timeoutMs: CHECK_MS };
  return askAll(context, question, () => ownCheck(context, text));
}

/** What waits for a restart, node by node. */
export function statesOfNodes(context: NodeContext): Promise<NodeAnswer<ConfigStateResponse>[]> {
  const question = { path: '/v1/config/state', body: { version: 0, wait_ms: 0 }, timeoutMs: PENDING_MS };
  return askAll(context, question, () => ownState(context, 0, 0));
}

export interface Acknowledgement {
  readonly node_id: NodeId;
  readonly outcome: 'applied' | 'unknown' | 'not_alive';
  readonly ms: number | null;
  readonly error: string | null;
}

type StateAnswer = NodeAnswer<ConfigStateResponse>;

/** Answers that are under way to a question about a version that is yet to be made. */
export interface EarlyQuestion {
  readonly version: ConfigVersion;
  readonly answers: ReadonlyMap<NodeId, Promise<StateAnswer>>;
}

function askState(
  context: NodeContext,
  node: NodeRecord,
  { version, waitMs }: { readonly version: ConfigVersion; readonly waitMs: Duration },
): Promise<StateAnswer> {
  const { nodeId } = node;
  if (nodeId === context.facts.nodeId)
    return ownState(context, version, waitMs).then((answer) => ({ nodeId, answer, error: null }));
  const body = { version, wait_ms: Math.max(0, Math.floor(waitMs)) };
  return ask(context, node, { path: '/v1/config/state', body, timeoutMs: waitMs + GRACE_MS });
}

/**
 * Asks the live nodes for `version` before it is proposed: the question lies with them when they apply it,
 * and its way there takes no time of the change.
 */
export function askEarly(context: NodeContext, version: ConfigVersion, waitMs: Duration): EarlyQuestion {
  const nodes = liveNodes(context);
  return {
    version,
    answers: new Map(nodes.map((n) => [n.nodeId, askState(context, n, { version, waitMs })])),
  };
}

interface Waiting {
  /** Monotonic instant of the proposal. */
  readonly since: number;
  readonly waitMs: Duration;
  readonly early: EarlyQuestion;
}

/** Waits until the live nodes run with `version`; who does not say so to the early question is asked anew. */
export async function acknowledgements(
  context: NodeContext,
  version: ConfigVersion,
  { since, waitMs, early }: Waiting,
): Promise<Acknowledgement[]> {
  const live = liveNodes(context);
  const told = live.map(async (node): Promise<Acknowledgement> => {
    const { nodeId: node_id } = node;
    const first = early.version === version ? await early.answers.get(node_id) : undefined;
    const isTold = first?.answer != null && first.answer.version >= version;
    const leftMs = Math.max(0, since + waitMs - performance.now());
    const { answer, error } = isTold ? first : await askState(context, node, { version, waitMs: leftMs });
    const ms = Math.round((performance.now() - since) * 10) / 10;
    if (answer === null) return { node_id, outcome: 'unknown', ms: null, error };
    if (answer.version >= version) return { node_id, outcome: 'applied', ms, error: null };
    const behind = `it runs with version ${answer.version} after ${Math.round(ms)} ms`;
    return { node_id, outcome: 'unknown', ms: null, error: behind };
  });
  const there = new Set(live.map((n) => n.nodeId));
  const absent = Object.keys(requireCluster(context).nodes).filter((id) => !there.has(id));
  const missing = absent.map((node_id): Acknowledgement => {
    const liveness = context.gossip.member(node_id)?.liveness ?? 'unknown';
    return { node_id, outcome: 'not_alive', ms: null, error: liveness };
  });
  return [...(await Promise.all(told)), ...missing].sort((a, b) => (a.node_id < b.node_id ? -1 : 1));
}
