/**
 * The only place that changes the role.
 *
 * The table below is the whole of it; `become…` functions assert it. Term and vote
 * move together with the role here: a new term clears the vote, the same term never
 * does, however often the role changes (a vote given twice elects two leaders).
 */
import type { Duration, LogIndex, NodeId, Term } from '../base/index.ts';
import { assert, NEVER } from '../base/index.ts';
import { Admission } from './admission.ts';
import { Ballot } from './ballot.ts';
import { LEARNER_BEATS, type RaftCore, type Transfer } from './core.ts';
import type { ReadOrigin } from './read-index.ts';
import { ReadIndexQueue } from './read-index.ts';
import { appendOwn, ownTimestamp, quorumContact, syncPeers } from './replication.ts';
import type { CampaignKind, RaftRole } from './types.ts';

/** From each role, the roles that may follow it. */
export const ROLE_TRANSITIONS: Readonly<Record<RaftRole, readonly RaftRole[]>> = {
  learner: ['follower'],
  follower: ['learner', 'pre-candidate', 'candidate'],
  'pre-candidate': ['follower', 'learner', 'pre-candidate', 'candidate'],
  candidate: ['follower', 'learner', 'pre-candidate', 'leader'],
  leader: ['follower', 'learner'],
};

function changeRole(core: RaftCore, role: RaftRole): void {
  if (core.role === role) return;
  assert(ROLE_TRANSITIONS[core.role].includes(role), `no way from ${core.role} to ${role}`);
  core.role = role;
  core.event({ kind: 'role-changed', role, term: core.term });
}

/** Draws an election timeout from [T, 2T) and starts it; a learner's is the time until it forgets who led. */
export function resetElectionTimer(core: RaftCore): void {
  const base = core.electionTimeoutMs;
  core.drawnTimeoutMs = base + core.random.next() * base;
  const patienceMs = core.role === 'learner' ? LEARNER_BEATS * core.settings.heartbeatIntervalMs : 0;
  core.electionAt = core.now + core.drawnTimeoutMs + patienceMs;
}

/** The passive role that the configuration gives this node. */
export function settlePassiveRole(core: RaftCore): void {
  if (core.role !== 'follower' && core.role !== 'learner') return;
  changeRole(core, core.isCountedVoter() ? 'follower' : 'learner');
}

/** A newer term: adopt it, with no vote given in it yet. */
function adoptTerm(core: RaftCore, term: Term): void {
  assert(term > core.term, `term ${term} after ${core.term}`);
  core.term = term;
  core.votedFor = null;
  core.voteToken = 0;
  core.supported.clear();
  core.matched = 0;
}

/**
 * Follows `leaderId` (null = nobody known) in `term`, which is the current one or a
 * newer. In the same term the vote stays (Raft §5.2).
 */
export function becomeFollower(core: RaftCore, term: Term, leaderId: NodeId | null, reason: string): void {
  const led = core.leader;
  if (term > core.term) adoptTerm(core, term);
  core.ballot = null;
  // who stands no more is free to support another
  if (core.support?.to === core.nodeId && core.voteToken === 0) core.support = null;
  if (led !== null) {
    core.leader = null;
    core.event({ kind: 'stepped-down', term, reason });
    for (const origin of led.reads.drain()) answerRead(core, origin, null);
    // its lease on the others is over, and so is theirs on it
    core.contactAt = null;
    const followedAt = quorumContact(core, led);
    if (Number.isFinite(followedAt)) core.lastWord.heard(followedAt);
  }
  changeRole(core, core.isCountedVoter() ? 'follower' : 'learner');
  if (leaderId === null || leaderId !== core.leaderId) failForwarded(core);
  core.setLeader(leaderId);
  resetElectionTimer(core);
}

/** Answers a read, here or at the node that forwarded it. */
export function answerRead(core: RaftCore, origin: ReadOrigin, index: LogIndex | null): void {
  if (origin.kind === 'local') core.outbox.reads.push({ id: origin.id, index });
  else {
    core.send(origin.from, { kind: 'read-index-response', requestId: origin.id, index }, origin.fromInstance);
  }
}

/** Forwarded reads can't be answered by this leader any more. */
function failForwarded(core: RaftCore): void {
  for (const { id } of core.forwarded.values()) core.outbox.reads.push({ id, index: null });
  core.forwarded.clear();
}

/** Begins to ask who would vote for this node (dissertation §9.6); term and vote stay. */
export function becomePreCandidate(core: RaftCore): void {
  assert(core.isPromotable(), 'only a voter campaigns');
  changeRole(core, 'pre-candidate');
  core.setLeader(null);
  failForwarded(core);
  core.campaign++;
  core.ballot = new Ballot();
  core.ballot.record(core.nodeId, true);
  core.retryAt = NEVER;
  core.hint = null;
  resetElectionTimer(core);
}

/** Stands in a new term and votes for itself; that vote counts when it is durable. */
export function becomeCandidate(core: RaftCore): void {
  assert(core.isPromotable(), 'only a voter campaigns');
  adoptTerm(core, core.term + 1);
  core.votedFor = core.nodeId;
  changeRole(core, 'candidate');
  core.setLeader(null);
  failForwarded(core);
  core.campaign++;
  core.ballot = new Ballot();
  core.voteToken = Number.POSITIVE_INFINITY;
  core.retryAt = NEVER;
  core.hint = null;
  resetElectionTimer(core);
}

/**
 * How long nobody led, in two parts. Who asked for votes long before, because it alone heard no leader, has
 * been electing no longer than the others missed one.
 */
function vacancyOf({ quest, now }: RaftCore): {
  readonly electionMs: Duration;
  readonly silenceMs: Duration | null;
} {
  const askedMs = quest === null ? 0 : now - quest.startedAt;
  const heardAt = quest?.heardAt ?? null;
  if (heardAt === null) return { electionMs: askedMs, silenceMs: null };
  const electionMs = Math.min(askedMs, now - heardAt);
  return { electionMs, silenceMs: now - heardAt - electionMs };
}

/** Won: opens the term with an empty entry, whose commit makes all before it committed (Raft §8). */
export function becomeLeader(core: RaftCore, kind: CampaignKind): void {
  const { quest } = core;
  const votes = core.ballot?.granted() ?? [];
  changeRole(core, 'leader');
  core.leader = {
    peers: new Map(),
    reads: new ReadIndexQueue(),
    termStart: core.log.lastIndex + 1,
    heartbeatAt: core.now,
    askedAt: Number.NEGATIVE_INFINITY,
    commitHeldUntil: core.now,
    beats: 0,
    hasMore: false,
    admission: new Admission(),
  };
  core.event({
    kind: 'elected',
    term: core.term,
    campaign: quest?.kind ?? kind,
    ...vacancyOf(core),
    votes,
  });
  core.ballot = null;
  core.support = null;
  core.quest = null;
  core.electionAt = NEVER;
  core.leaseVoid = false;
  core.setLeader(core.nodeId);
  syncPeers(core, core.leader);
  appendOwn(core, core.leader, [{ kind: 'noop', timestamp: ownTimestamp(core), data: new Uint8Array(0) }]);
}

/** Ends a hand-over with its verdict. */
export function endTransfer(core: RaftCore, transfer: Transfer, ok: boolean, reason: string): void {
  core.transfer = null;
  core.event({ kind: 'transfer-ended', id: transfer.id, ok, reason });
}
