/**
 * What `metrics_port` answers: metrics in text, and whether this node is what a load
 * balancer looks for, as a status (the paths are Patroni's, so that its users' HAProxy
 * and Kubernetes files work). It tells how this node is, nothing that changes anything.
 */
import { parseSize } from '../src/base/index.ts';
import type { RaftRole } from '../src/raft/index.ts';
import type { PlainAnswer, PlainQuestion } from '../src/rpc/index.ts';
import type { TextFormat } from './metrics-source.ts';
import type { NodeContext } from './node-context.ts';

/** A consensus thread that has said nothing for so long hangs; it speaks five times a second. */
export const SILENT_MS = 10_000;

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
  readonly isInMaintenance: boolean;
  readonly health: string;
  /** Applied behind the leader's log, by estimate; null = nobody knows. */
  readonly lagBytes: number | null;
}

/** `maxLag` in bytes; null = any. */
type Probe = (node: ProbedNode, maxLag: number | null) => boolean;

const isPrimary: Probe = (node) => node.isReady && node.role === 'leader';

const isNear: Probe = ({ lagBytes }, maxLag) => maxLag === null || (lagBytes !== null && lagBytes <= maxLag);

const isReplica: Probe = (node, maxLag) =>
  node.isReady &&
  (node.role === 'follower' || node.role === 'learner') &&
  !node.isInMaintenance &&
  node.health !== 'UNHEALTHY' &&
  isNear(node, maxLag);

/** Writes wait for a majority: a voter that follows is what others call a synchronous replica. */
const isQuorumReplica: Probe = (node, maxLag) => node.isVoter && isReplica(node, maxLag);

const PROBES: Readonly<Record<string, Probe>> = {
  '/primary': isPrimary,
  '/leader': isPrimary,
  '/read-write': isPrimary,
  '/replica': isReplica,
  '/read-only': (node, maxLag) => isPrimary(node, maxLag) || isReplica(node, maxLag),
  '/synchronous': isQuorumReplica,
  '/quorum': isQuorumReplica,
  '/asynchronous': (node, maxLag) => !node.isVoter && isReplica(node, maxLag),
  '/health': (node) => node.isOpen && node.health !== 'UNHEALTHY',
  '/readiness': (node, maxLag) => node.isReady && (node.role === 'leader' || isNear(node, maxLag)),
  '/liveness': (node) => node.isResponsive,
};

function json(status: number, body: object): PlainAnswer {
  return { status, contentType: 'application/json', text: `${JSON.stringify(body)}\n` };
}

function plain(status: number, text: string): PlainAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', text };
}

/** The answer of a load balancer's path; undefined for another path. */
export function probe(node: ProbedNode, path: string, query: URLSearchParams): PlainAnswer | undefined {
  const isWhatIsWanted = Object.hasOwn(PROBES, path) ? PROBES[path] : undefined;
  if (isWhatIsWanted === undefined) return undefined;
  const wish = query.get('lag');
  const maxLag = wish === null ? null : parseSize(wish);
  if (maxLag === undefined) return json(400, { message: 'lag is no size such as 10MB' });
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
  };
  return json(isWhatIsWanted(node, maxLag) ? 200 : 503, body);
}

function probed(context: NodeContext): ProbedNode {
  const { consensus, state, facts } = context;
  const raft = consensus.status;
  const { nodeId } = facts;
  const maintenance = state.cluster?.maintenance ?? {};
  return {
    nodeId,
    role: raft?.role ?? null,
    leaderId: raft?.leaderId ?? null,
    term: raft?.term ?? null,
    isVoter: raft?.membership.voters.some((v) => v.nodeId === nodeId) ?? false,
    isReady: context.isReady(),
    isOpen: state.cluster !== null,
    isResponsive: raft === null || consensus.statusAgeMs < SILENT_MS,
    isInMaintenance: Object.hasOwn(maintenance, nodeId),
    health: context.ownFacts().digest?.health ?? 'UNKNOWN',
    lagBytes: context.lag().applied,
  };
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
    default:
      return probe(probed(context), path, query) ?? plain(404, 'not found\n');
  }
}
