/**
 * What `metrics_port` answers: metrics in text, and whether this node is what a load
 * balancer looks for, as a status (the paths are Patroni's, so that its users' HAProxy
 * and Kubernetes files work). It tells how this node is, nothing that changes anything.
 */
import { parseSize } from '../src/base/index.ts';
import type { RaftRole } from '../src/raft/index.ts';
import type { PlainAnswer, PlainQuestion } from '../src/rpc/index.ts';
import type { TextFormat } from './metrics-source.ts';
import { type NodeContext, viewSources } from './node-context.ts';
import { nodeRows } from './node-view.ts';

/** A consensus thread that has said nothing for so long hangs; it speaks five times a second. */
export const SILENT_MS = 10_000;
/** And one this long says nothing of who leads: another node may be elected by then. */
const STALE_MS = 3000;

/** This node as its probes see it. */
export interface ProbedNode {
  readonly nodeId: string;
  /** Null before consensus has begun. */
  readonly role: RaftRole | null;
  readonly leaderId: string | null;
  readonly term: number | null;
  readonly isVoter: boolean;
  /** All start steps done, a leader known, the stop not begun. */
  readonly isReady: boolean;
  /** It holds the cluster's state. */
  readonly isOpen: boolean;
  readonly isResponsive: boolean;
  /** Its consensus has said of late who leads: what it says is what is. */
  readonly isCurrent: boolean;
  readonly isInMaintenance: boolean;
  readonly health: string;
  readonly zone: string;
  /** What operators wrote on it (`sqlcc node set`): Patroni's tags. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Applied behind the leader's log, by estimate; null = nobody knows. */
  readonly lagBytes: number | null;
}

/** `maxLag` in bytes; null = any. */
type Probe = (node: ProbedNode, maxLag: number | null) => boolean;

const TAG = 'tag_';

/** One that hangs says that it leads while another one does: it must not take writes beside it. */
const isPrimary: Probe = (node) => node.isReady && node.isCurrent && node.role === 'leader';

const isNear: Probe = ({ lagBytes }, maxLag) => maxLag === null || (lagBytes !== null && lagBytes <= maxLag);

const isReplica: Probe = (node, maxLag) =>
  node.isReady &&
  node.isCurrent &&
  (node.role === 'follower' || node.role === 'learner') &&
  !node.isInMaintenance &&
  node.health !== 'UNHEALTHY' &&
  isNear(node, maxLag);

/** Writes wait for a majority: a voter that follows is what others call a synchronous replica. */
const isQuorumReplica: Probe = (node, maxLag) => node.isVoter && isReplica(node, maxLag);

const isAnyRole: Probe = (node, maxLag) => isPrimary(node, maxLag) || isReplica(node, maxLag);
const isAsynchronous: Probe = (node, maxLag) => !node.isVoter && isReplica(node, maxLag);

const PROBES: Readonly<Record<string, Probe>> = {
  '/': isPrimary,
  '/master': isPrimary,
  '/primary': isPrimary,
  '/leader': isPrimary,
  '/read-write': isPrimary,
  '/replica': isReplica,
  '/read-only': isAnyRole,
  '/synchronous': isQuorumReplica,
  '/sync': isQuorumReplica,
  '/quorum': isQuorumReplica,
  '/read-only-sync': (node, maxLag) => isPrimary(node, maxLag) || isQuorumReplica(node, maxLag),
  '/read-only-quorum': (node, maxLag) => isPrimary(node, maxLag) || isQuorumReplica(node, maxLag),
  '/asynchronous': isAsynchronous,
  '/async': isAsynchronous,
  // there are no standby clusters
  '/standby-leader': () => false,
  '/health': (node) => node.isOpen && node.health !== 'UNHEALTHY',
  '/readiness': (node, maxLag) =>
    node.isReady && node.isCurrent && (node.role === 'leader' || isNear(node, maxLag)),
  '/liveness': (node) => node.isResponsive,
  // how it is, whatever that is
  '/patroni': () => true,
};

function json(status: number, body: object): PlainAnswer {
  return { status, contentType: 'application/json', text: `${JSON.stringify(body)}\n` };
}

function plain(status: number, text: string): PlainAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', text };
}

/** `?tag_disk=ssd`: only a node with that word in its metadata, or in that zone. */
function hasTags({ metadata, zone }: ProbedNode, query: URLSearchParams): boolean {
  const tags: Readonly<Record<string, string>> = { ...metadata, zone };
  return [...query].every(([name, value]) => {
    if (!name.startsWith(TAG)) return true;
    const tag = name.slice(TAG.length);
    return Object.hasOwn(tags, tag) && tags[tag] === value;
  });
}

/** The answer of a load balancer's path; undefined for another path. */
export function probe(node: ProbedNode, path: string, query: URLSearchParams): PlainAnswer | undefined {
  const isWhatIsWanted = Object.hasOwn(PROBES, path) ? PROBES[path] : undefined;
  if (isWhatIsWanted === undefined) return undefined;
  const wish = query.get('lag');
  const maxLag = wish === null ? null : parseSize(wish);
  if (maxLag === undefined) return json(400, { message: 'lag is no size such as 10MB' });
  const isWanted = isWhatIsWanted(node, maxLag) && hasTags(node, query);
  const body = {
    node_id: node.nodeId,
    role: node.role === 'leader' ? 'primary' : 'replica',
    state: node.isReady ? 'running' : 'not ready',
    leader_id: node.leaderId,
    term: node.term,
    voter: node.isVoter,
    maintenance: node.isInMaintenance,
    health: node.health,
    lag_bytes: node.lagBytes,
    tags: { ...node.metadata, zone: node.zone },
  };
  return json(isWanted ? 200 : 503, body);
}

function probed(context: NodeContext): ProbedNode {
  const { consensus, state, facts } = context;
  const raft = consensus.status;
  const { nodeId } = facts;
  const { maintenance = {}, drains = {} } = state.cluster ?? {};
  return {
    nodeId,
    role: raft?.role ?? null,
    leaderId: raft?.leaderId ?? null,
    term: raft?.term ?? null,
    isVoter: raft?.membership.voters.some((v) => v.nodeId === nodeId) ?? false,
    isReady: context.isReady(),
    isOpen: state.cluster !== null,
    isResponsive: raft === null || consensus.statusAgeMs < SILENT_MS,
    isCurrent: raft !== null && consensus.statusAgeMs < STALE_MS,
    isInMaintenance: Object.hasOwn(maintenance, nodeId) || Object.hasOwn(drains, nodeId),
    health: context.ownFacts().digest?.health ?? 'UNKNOWN',
    zone: state.cluster?.nodes[nodeId]?.zone ?? '',
    metadata: state.cluster?.nodes[nodeId]?.metadata ?? {},
    lagBytes: context.lag().applied,
  };
}

/** Patroni's `/cluster`: who is there and how far; addresses only, nothing that a probe may not see. */
function clusterAnswer(context: NodeContext): PlainAnswer {
  const { cluster } = context.state;
  if (cluster === null || context.consensus.status === null) return json(503, { message: 'starting' });
  const members = nodeRows(viewSources(context)).map((row) => ({
    name: row.node_id,
    role: row.role === 'leader' ? 'leader' : row.voter ? 'quorum_standby' : 'replica',
    state: row.liveness === 'alive' ? 'running' : row.liveness,
    ...{
      host: row.host,
      port: row.port,
      lag: row.role === 'leader' ? null : context.bytesOf(row.lag_entries),
    },
    tags: { ...row.metadata, zone: row.zone },
  }));
  return json(200, { scope: cluster.name, members });
}

/** Patroni's `/history`: its rows are timeline, position, reason, time, new leader. */
function historyAnswer(context: NodeContext): PlainAnswer {
  const elections = context.state.cluster?.elections ?? [];
  const rows = elections.map((e) => [e.term, e.index, e.cause, new Date(e.at).toISOString(), e.nodeId]);
  return { status: 200, contentType: 'application/json', text: `${JSON.stringify(rows)}\n` };
}

/** What a scraper asks for by name, or the newest format that it says it understands. */
function wantedFormat({ query, accept }: PlainQuestion): TextFormat {
  const named = query.get('format');
  if (named !== null) return named === 'openmetrics' ? 'openmetrics' : 'prometheus';
  return accept.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus';
}

export function plainAnswer(context: NodeContext, question: PlainQuestion): PlainAnswer {
  const { path, query } = question;
  switch (path) {
    case '/livez':
      return plain(200, 'ok\n');
    case '/readyz':
      return context.isReady() ? plain(200, 'ok\n') : plain(503, 'not ready\n');
    case '/metrics': {
      if (!context.config.monitoring.enableMetrics) return plain(404, 'enable_metrics is off\n');
      return { status: 200, ...context.exposition(wantedFormat(question)) };
    }
    case '/cluster':
      return clusterAnswer(context);
    case '/history':
      return historyAnswer(context);
    default:
      return probe(probed(context), path, query) ?? plain(404, 'not found\n');
  }
}
