/**
 * Whose words of consensus are heard, beyond what the certificate of the stream says: a
 * node speaks for itself only, an observer neither leads nor votes nor makes terms, and
 * a stranger is heard only by who has no leader to ask. Not the protocol itself: what
 * is heard is judged by src/raft.
 */
import type { NodeClaim, NodeRoster } from '../src/auth/index.ts';
import type { NodeId, Term } from '../src/base/index.ts';
import type { RaftMessage } from '../src/raft/index.ts';

type Kind = RaftMessage['kind'];

/** Each kind, and whether it is for voters only. A new kind does not compile until it has a line. */
const VOTERS_ONLY: Readonly<Record<Kind, boolean>> = {
  'pre-vote': true,
  'pre-vote-response': true,
  vote: true,
  'vote-response': true,
  append: true,
  heartbeat: true,
  snapshot: true,
  'timeout-now': true,
  'append-response': false,
  'heartbeat-response': false,
  'read-index': false,
  'read-index-response': true,
  bye: false,
};

/** What the hearer knows. */
export interface Hearing {
  readonly roster: NodeRoster | null;
  /** Of the Raft group, which may be ahead of the record. */
  readonly members: ReadonlySet<NodeId>;
  readonly leaderId: NodeId | null;
  term(): Term;
}

/** Why the message is not heard; null when it is. */
export function wordRefusal(
  hearing: Hearing,
  speaker: NodeClaim,
  message: Pick<RaftMessage, 'from' | 'kind' | 'term'>,
): string | null {
  const { nodeId, role } = speaker;
  if (message.from !== nodeId) return `it speaks for ${message.from}`;
  // a spare that took a voter's place keeps its certificate: the record says that it votes
  const isSeated = hearing.roster?.nodes[nodeId]?.seat === 'voter';
  if (role === 'observer' && !isSeated) {
    if (VOTERS_ONLY[message.kind]) return `an observer sent ${message.kind}`;
    // observers do not stand: a term that they know first is one that this node learns from its leader
    if (message.term > hearing.term()) return 'an observer is in a later term';
  }
  const { roster, members, leaderId } = hearing;
  const isKnown = roster === null || Object.hasOwn(roster.nodes, nodeId) || members.has(nodeId);
  // who was away long knows the voters of then and must hear the ones of now: until it follows somebody
  if (isKnown || leaderId === null || leaderId === nodeId) return null;
  return 'it is no node of this cluster';
}
