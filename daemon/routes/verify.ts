/**
 * Comparison of nodes: the leader puts a mark into the log, each node fixes what it holds there,
 * and what they say of it is compared. Nobody needs to stop writing.
 */
import type { VerifyPartRequest, VerifyPartResponse, VerifyResponse } from '../../src/api/index.ts';
import { errorFromWire } from '../../src/api/index.ts';
import { type Duration, type LogIndex, type NodeId, SqlccError } from '../../src/base/index.ts';
import { STATE_FORMAT, seatOf } from '../../src/cluster/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { shortId } from '../data-dir.ts';
import { verifiedEvent } from '../isolation-watch.ts';
import { type NodeContext, requireCluster, viewSources } from '../node-context.ts';
import { divergencesOf } from '../node-view.ts';
import { encodeCommand } from '../requests.ts';
import { type Comparison, compareDigests, comparisonNews, digestOf, verdictOf } from '../verify-compare.ts';
import { unknownNode } from './cluster.ts';

/** A node that does not answer by then is not waited for: the mark is made without it. */
const WARM_MS = 1500;
/** A node's answer has its way to go. */
const GRACE_MS = 500;
const PROPOSE_MS = 3000;

export async function verifyPart(context: NodeContext, call: Call): Promise<Answer> {
  const request = call.body as VerifyPartRequest;
  return { body: await ownPart(context, request) };
}

async function ownPart(context: NodeContext, request: VerifyPartRequest): Promise<VerifyPartResponse> {
  const { verifier, state, facts } = context;
  const own = { node_id: facts.nodeId, record_format: STATE_FORMAT };
  const told = { ...own, parts: null, damage: null, error: null };
  try {
    if (request.id === null) {
      await verifier.warm(WARM_MS);
      return { ...told, applied_index: state.appliedIndex };
    }
    const { parts, damage } = await verifier.part(request.id, request.index, request.wait_ms);
    return { ...told, applied_index: state.appliedIndex, parts: [...parts], damage };
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    return { ...told, applied_index: state.appliedIndex, error: error.message };
  }
}

async function partOf(
  context: NodeContext,
  nodeId: NodeId,
  body: VerifyPartRequest,
): Promise<VerifyPartResponse | SqlccError> {
  if (nodeId === context.facts.nodeId) return ownPart(context, body);
  const record = requireCluster(context).nodes[nodeId];
  if (record === undefined) return new SqlccError('not_found', `${nodeId} is no node any more`);
  const { host, port } = record;
  try {
    const answer = await context.http.request({
      endpoint: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      method: 'POST',
      path: '/v1/verify/part',
      body,
      timeoutMs: (body.id === null ? WARM_MS : body.wait_ms) + GRACE_MS,
    });
    if (answer.status >= 300) return errorFromWire(answer.status, answer.json());
    return answer.json() as VerifyPartResponse;
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    return error;
  }
}

/** The index of the mark that these nodes stop at. */
async function mark(
  context: NodeContext,
  id: string,
  nodes: readonly NodeId[],
  timeoutMs: Duration,
): Promise<LogIndex> {
  const data = encodeCommand({ kind: 'verify-mark', id, nodes }, context.facts.nodeId);
  const applied = await context.consensus.proposals.propose('command', data, timeoutMs);
  resultOf(applied.result);
  return applied.index;
}

/** Puts what is news into the record; the answer is good also where that is refused. */
async function remember(context: NodeContext, comparison: Comparison, index: LogIndex): Promise<void> {
  const { cluster, members } = viewSources(context);
  const records = Object.values(cluster.nodes);
  const accused = records.filter((n) => divergencesOf(members.values(), n).length > 0).map((n) => n.nodeId);
  const nodes = comparisonNews(comparison, { cluster, accused });
  if (nodes.length === 0) return;
  try {
    const data = encodeCommand({ kind: 'verify-result', index, nodes }, context.facts.nodeId);
    resultOf((await context.consensus.proposals.propose('command', data, PROPOSE_MS)).result);
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    context.logger.log('warn', 'verify-not-recorded', { index, error: error.message });
  }
}

/** Waits for `work`, which goes on behind it, at most so long. */
async function awaitFor(work: Promise<void>, timeoutMs: Duration): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, timeoutMs));
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Compares these nodes; only the leader can. Throws what the log refuses. */
async function compareNodes(
  context: NodeContext,
  nodes: readonly NodeId[],
  timeoutMs: Duration,
): Promise<VerifyResponse> {
  const began = performance.now();
  const left = (): Duration => timeoutMs - (performance.now() - began) - GRACE_MS;
  const ready = { id: null, index: 0, wait_ms: 0 };
  const there = nodes.filter((id) => context.gossip.member(id)?.liveness !== 'dead');
  await Promise.all(there.map((nodeId) => partOf(context, nodeId, ready)));
  const id = shortId();
  // as it is when the mark is made: answers may take minutes, and a name may pass to another disk meanwhile
  const { nodes: records } = requireCluster(context);
  const voters = Object.values(records).filter((n) => seatOf(n) === 'voter');
  const index = await mark(context, id, nodes, Math.max(1, Math.min(PROPOSE_MS, left())));
  const wish = { id, index, wait_ms: Math.max(0, Math.floor(left() - GRACE_MS)) };
  const digests = await Promise.all(
    nodes.map(async (nodeId) => {
      const instanceId = records[nodeId]?.instanceId ?? '';
      return digestOf({ nodeId, instanceId }, await partOf(context, nodeId, wish), STATE_FORMAT);
    }),
  );
  const electorate = { voters: voters.map((n) => n.nodeId), leaderId: context.facts.nodeId };
  const comparison = compareDigests(digests, electorate);
  // where the log is slow the answer goes first: who gets none asks again, and all data is walked again
  await awaitFor(remember(context, comparison, index), left());
  const parts = digests.find((d) => d.digest !== null)?.digest?.parts ?? [];
  return {
    schemaVersion: 1,
    index,
    verdict: verdictOf(comparison),
    took_ms: Math.round(performance.now() - began),
    parts: parts.length,
    rows: parts.reduce((sum, p) => sum + p.rows, 0),
    nodes: comparison.nodes.map(({ nodeId, state, differences, damage, appliedIndex, error }) => ({
      ...{ node_id: nodeId, state, damage, applied_index: appliedIndex, error },
      differences: differences.map((d) => ({ part: d.part, rows: d.rows, expected_rows: d.expectedRows })),
    })),
  };
}

export async function verify(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const known = Object.keys(requireCluster(context).nodes).sort();
  const wanted = (call.body as { nodes?: string[] }).nodes ?? known;
  const unknown = wanted.find((id) => !known.includes(id));
  if (unknown !== undefined) throw unknownNode(unknown, known);
  return { body: await compareNodes(context, wanted, call.remainingMs()) };
}

/** For a node that was cut off or dead and is back; it may ask for itself alone. */
export async function verifyNode(context: NodeContext, call: Call): Promise<Answer> {
  const nodeId = call.params['id'] ?? '';
  if (call.identity.id !== nodeId) {
    throw new SqlccError('permission_denied', `${call.identity.id} may not speak for ${nodeId}`);
  }
  await context.reads.requireLeader(call.remainingMs());
  const { cluster, members } = viewSources(context);
  const answer = await compareReturned(nodeId, {
    leaderId: context.facts.nodeId,
    // who is dead would only be waited for
    others: Object.keys(cluster.nodes).filter((id) => members.get(id)?.liveness !== 'dead'),
    compare: (nodes) => compareNodes(context, nodes, call.remainingMs()),
  });
  if (answer.verdict !== 'incomplete') {
    context.hub.publishOwn({ ...verifiedEvent(nodeId, answer), at: Date.now() });
  }
  return { body: answer };
}

interface ReturnSources {
  readonly leaderId: NodeId;
  /** All nodes that would answer. */
  readonly others: readonly NodeId[];
  readonly compare: (nodes: readonly NodeId[]) => Promise<VerifyResponse>;
}

/**
 * A node that is back, and the leader. That those two hold the same is all that is asked of them; where they
 * differ the leader may be the wrong one, and everybody is asked.
 */
export async function compareReturned(
  nodeId: NodeId,
  { leaderId, others, compare }: ReturnSources,
): Promise<VerifyResponse> {
  const pair = [...new Set([leaderId, nodeId])].sort();
  const answer = await compare(pair);
  if (answer.nodes.every((n) => n.state === 'ok')) return { ...answer, verdict: 'ok' };
  const all = [...new Set([...pair, ...others])].sort();
  return answer.verdict === 'differs' && all.length > pair.length ? compare(all) : answer;
}
