/**
 * How a leader is found: campaigns, votes, leases.
 *
 * Three guards stand before a term moves. PreVote: nobody stands who could not win
 * (dissertation §9.6). Stickiness: who hears a leader elects no other (§4.2.3).
 * Evidence: a hint that the leader's process is gone voids the lease for pre-votes
 * only, and ranked waiting keeps the successors from standing all at once.
 */
import type { Duration, NodeId } from '../base/index.ts';
import { must, NEVER } from '../base/index.ts';
import type { RaftCore } from './core.ts';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  resetElectionTimer,
} from './roles.ts';
import { supportElected, supportOther, supportSelf, supportsAnother } from './support.ts';
import type { CampaignKind, RaftMessage, VoteRefusal } from './types.ts';

type MessageOf<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

/** A refused campaign asks again after 15 to 35 ms, not after a whole timeout. */
const RETRY_MIN_MS = 15;
const RETRY_MAX_MS = 35;
const HINT_JITTER_MS = 2;
/** Staggers that a waiting successor gives to one that stands already. */
const HOLD_STAGGERS = 4;

/**
 * How long this node is still bound to the leader it hears, ms; 0 = free to vote. A leader that itself
 * asks to be elected leads no more: it binds nobody against its own request.
 */
export function remainingLease(core: RaftCore, asker: NodeId): Duration {
  if (core.leader !== null) return core.electionTimeoutMs;
  if (core.leaderId === asker) return 0;
  if (core.leaderId === null || core.contactAt === null || core.leaseVoid) return 0;
  return Math.max(0, core.contactAt + core.electionTimeoutMs - core.now);
}

/** Word of a living leader: its lease runs again and every plan against it is dropped. */
export function leaderContact(core: RaftCore): void {
  core.contactAt = core.now;
  core.lastWord.heard(core.now);
  core.leaseVoid = false;
  core.hint = null;
  core.retryAt = NEVER;
  core.quest = null;
  core.support = null;
  core.supported.clear();
  core.leaseAsker = null;
  resetElectionTimer(core);
}

/** Starts or repeats a campaign; `transfer` skips the pre-vote because the leader itself asked for it. */
export function campaign(core: RaftCore, kind: CampaignKind): void {
  // a hand-over that elected nobody is over: from here on this node asks like everybody
  if (core.quest?.kind === 'transfer') core.quest = { ...core.quest, kind };
  const { startedAt, silenceMs } = core.quest ?? {
    startedAt: core.now,
    silenceMs: core.contactAt === null ? null : core.now - core.contactAt,
  };
  core.quest = { kind: core.quest?.kind ?? kind, startedAt, silenceMs, heardAt: core.lastWord.at };
  if (kind === 'transfer') {
    becomeCandidate(core);
    core.event({ kind: 'campaign-started', campaign: kind, term: core.term, silenceMs });
    askForVotes(core, kind);
    return;
  }
  becomePreCandidate(core);
  supportSelf(core);
  core.event({ kind: 'campaign-started', campaign: kind, term: core.term, silenceMs });
  const last = core.log.last;
  for (const id of electorate(core)) {
    core.send(id, { kind: 'pre-vote', campaign: core.campaign, last, reason: kind });
  }
  countPreVotes(core);
}

function electorate(core: RaftCore): NodeId[] {
  const ids = new Set([...core.membership.voters, ...core.membership.outgoing].map((m) => m.nodeId));
  ids.delete(core.nodeId);
  return [...ids];
}

/**
 * The request leaves when the own vote is durable: a candidate that forgot its term must not have asked.
 */
function askForVotes(core: RaftCore, reason: CampaignKind): void {
  const last = core.log.last;
  for (const id of electorate(core)) core.sendDurable(id, { kind: 'vote', last, reason });
}

function countPreVotes(core: RaftCore): void {
  const result = must(core.ballot, 'the ballot').result(core.membership);
  if (result === 'won') {
    becomeCandidate(core);
    askForVotes(core, core.quest?.kind ?? 'timeout');
  } else if (result === 'lost' && core.retryAt === NEVER) {
    becomeFollower(core, core.term, null, 'pre-vote lost');
  }
}

/** Counts the votes that are in; called after each answer and when the own vote is durable. */
function countVotes(core: RaftCore): void {
  const result = must(core.ballot, 'the ballot').result(core.membership);
  if (result === 'won') becomeLeader(core, core.quest?.kind ?? 'timeout');
  else if (result === 'lost') becomeFollower(core, core.term, null, 'election lost');
}

/** Why this node would not vote for the sender; null = it would. */
function preVoteRefusal(core: RaftCore, m: MessageOf<'pre-vote'>): VoteRefusal | null {
  if (!core.hasOwnIdentity() || core.log.isInstalling) return 'not-ready';
  if (m.term < core.term) return 'term';
  if (!core.log.isUpToDate(m.last)) return 'log';
  if (remainingLease(core, m.from) > 0) return 'lease';
  return !givesWay(core, m) && supportsAnother(core, m.from, m.last) ? 'voted' : null;
}

/** Would this node vote for the sender? Changes nothing here but own plans to stand. */
export function onPreVote(core: RaftCore, m: MessageOf<'pre-vote'>): void {
  const refusal = preVoteRefusal(core, m);
  core.leaseAsker = refusal === 'lease' ? m : null;
  if (refusal === null) {
    standBehind(core, m.from);
    supportOther(core, m.from, m.last);
    // its own answers would make a second candidate
    if (core.role === 'pre-candidate' && supportsAnother(core, core.nodeId))
      becomeFollower(core, core.term, null, `${m.from} stands`);
  }
  const retryAfterMs = refusal === 'lease' ? remainingLease(core, m.from) : 0;
  const heardAt = core.lastWord.at;
  const silenceMs = heardAt === null ? null : core.now - heardAt;
  const answer = { campaign: m.campaign, granted: refusal === null, refusal, retryAfterMs, silenceMs };
  core.send(m.from, { kind: 'pre-vote-response', ...answer }, m.fromInstance);
}

/**
 * Two that ask each other and support only themselves would refuse each other for a whole timeout. Of equal
 * logs the one that ranks behind gives way, the one with the later name where the leader's ranks say nothing:
 * both decide by the same order.
 */
function givesWay(core: RaftCore, { from, reason }: MessageOf<'pre-vote'>): boolean {
  if (core.role !== 'pre-candidate' || core.voteToken !== 0 || core.support?.to !== core.nodeId) return false;
  const [own, other] = [core.ranks.indexOf(core.nodeId), core.ranks.indexOf(from)];
  const areRanked = own >= 0 && other >= 0 && core.quest?.kind === 'hint' && reason === 'hint';
  return areRanked ? other < own : from < core.nodeId;
}

/**
 * Somebody else stands who could win: an own campaign on the same evidence would only split the votes. One
 * that waits goes on waiting, long enough for two round trips and a sync; one that has begun gives way to a
 * successor of a better rank.
 */
function standBehind(core: RaftCore, candidate: NodeId): void {
  const at = core.now + HOLD_STAGGERS * core.settings.hintStaggerMs;
  if (core.hint !== null) {
    core.hint.at = Math.max(core.hint.at, at);
    return;
  }
  if (core.role !== 'pre-candidate' || core.quest?.kind !== 'hint') return;
  const [own, other] = [core.ranks.indexOf(core.nodeId), core.ranks.indexOf(candidate)];
  if (other < 0 || own < other) return;
  becomeFollower(core, core.term, null, `${candidate} stands and ranks before`);
  core.hint = { at, peer: candidate, rank: own };
}

export function onPreVoteResponse(core: RaftCore, m: MessageOf<'pre-vote-response'>): void {
  if (core.role !== 'pre-candidate' || m.campaign !== core.campaign) return;
  if (m.refusal === 'term' && m.term > core.term) {
    becomeFollower(core, m.term, null, 'a pre-vote answer has a higher term');
    planRetry(core, 0);
    return;
  }
  // no final word: whoever says so answers again when it learns that its leader is gone
  if (m.refusal === 'lease') planRetry(core, m.retryAfterMs);
  else must(core.ballot, 'the ballot').record(m.from, m.granted);
  if (m.granted) noteSilence(core, m.silenceMs);
  countPreVotes(core);
}

/** Nobody leads since the last of those who elect heard a leader: this node may have missed it for long. */
function noteSilence(core: RaftCore, silenceMs: Duration | null): void {
  if (core.quest === null || silenceMs === null) return;
  const heardAt = Math.max(core.quest.heardAt ?? Number.NEGATIVE_INFINITY, core.now - silenceMs);
  core.quest = { ...core.quest, heardAt };
}

function planRetry(core: RaftCore, afterMs: Duration): void {
  const wait = Math.min(Math.max(afterMs, RETRY_MIN_MS), RETRY_MAX_MS - 5) + core.random.next() * 5;
  core.retryAt = Math.min(core.retryAt, core.now + wait);
}

/** A vote request of the current term (Raft §5.2, §5.4.1). The voter's own configuration has no say. */
export function onVote(core: RaftCore, m: MessageOf<'vote'>): void {
  let refusal: VoteRefusal | null = null;
  if (!core.hasOwnIdentity() || core.log.isInstalling) refusal = 'not-ready';
  else if (core.votedFor === null ? core.leaderId !== null : core.votedFor !== m.from) refusal = 'voted';
  else if (!core.log.isUpToDate(m.last)) refusal = 'log';
  const granted = refusal === null;
  core.event({ kind: 'vote', term: core.term, candidate: m.from, granted, refusal });
  const body = { kind: 'vote-response', granted, refusal } as const;
  if (!granted) {
    core.send(m.from, body, m.fromInstance);
    return;
  }
  // a late answer to an own pre-vote must not move the term past the one that it has just voted in
  if (core.role === 'pre-candidate') becomeFollower(core, core.term, null, `voted for ${m.from}`);
  if (core.votedFor === null) core.voteToken = Number.POSITIVE_INFINITY;
  core.votedFor = m.from;
  core.hint = null;
  core.retryAt = NEVER;
  core.quest = null;
  resetElectionTimer(core);
  core.sendDurable(m.from, body, m.fromInstance);
}

export function onVoteResponse(core: RaftCore, m: MessageOf<'vote-response'>): void {
  if (core.role !== 'candidate') return;
  must(core.ballot, 'the ballot').record(m.from, m.granted);
  countVotes(core);
}

/** The write with the vote is durable: now it leaves or counts, and from now on its election may take. */
export function onVoteDurable(core: RaftCore): void {
  if (core.voteToken === 0 || core.voteToken > core.ackedToken) return;
  core.voteToken = 0;
  if (core.leaderId === null) supportElected(core);
  // it may have fallen silent again meanwhile, and the timer has given up
  else if (core.electionAt === NEVER && core.leader === null) resetElectionTimer(core);
  if (core.role !== 'candidate') return;
  must(core.ballot, 'the ballot').record(core.nodeId, true);
  countVotes(core);
}

/**
 * Hard evidence that the leader's process is gone: wait by rank, then campaign. Who had the same evidence
 * earlier and was refused for the lease gets its answer now instead of when it asks again.
 */
export function onLeaderLost(core: RaftCore, peer: NodeId): void {
  if (core.role !== 'follower' && core.role !== 'learner') return;
  if (core.leaderId !== peer) return;
  core.leaseVoid = true;
  planHint(core, peer);
  const asked = core.leaseAsker;
  core.leaseAsker = null;
  if (asked !== null && preVoteRefusal(core, asked) === null) onPreVote(core, asked);
  standIfHintDue(core);
}

function planHint(core: RaftCore, peer: NodeId): void {
  if (core.hint !== null || !core.isPromotable()) return;
  const rank = ownRank(core);
  if (rank < 0 || core.now - core.lastHintAt < core.electionTimeoutMs) return;
  const jitter = core.random.next() * HINT_JITTER_MS;
  // whom the leader named first needs none: nobody else stands so soon
  const isNamedFirst = rank === 0 && core.ranks.length > 0;
  const wait = isNamedFirst ? 0 : rank * core.settings.hintStaggerMs + jitter;
  core.hint = { at: core.now + wait, peer, rank };
  core.event({ kind: 'hint-taken', peer, rank });
}

/** True when this node stands now because its wait after a hint is over. */
function standIfHintDue(core: RaftCore): boolean {
  // a campaign asked for by anything but the timer is void where another one is supported
  if (supportsAnother(core, core.nodeId)) core.hint = null;
  if (core.hint === null || core.now < core.hint.at) return false;
  core.hint = null;
  if (!core.isPromotable() || (core.role !== 'follower' && core.role !== 'learner')) return false;
  core.lastHintAt = core.now;
  campaign(core, 'hint');
  return true;
}

/** Position among the successors that the leader named; by name before it named any; -1 = not asked for. */
function ownRank(core: RaftCore): number {
  if (core.ranks.length > 0) return core.ranks.indexOf(core.nodeId);
  if (core.settings.avoid.includes(core.nodeId)) return -1;
  const { leaderId } = core;
  const names = core.membership.voters.map((v) => v.nodeId).filter((id) => id !== leaderId);
  return names.sort().indexOf(core.nodeId);
}

/** Timers of everybody but the leader. */
export function tickElection(core: RaftCore): void {
  if (supportsAnother(core, core.nodeId)) core.retryAt = NEVER;
  if (standIfHintDue(core)) return;
  if (core.now >= core.retryAt) {
    core.retryAt = NEVER;
    if (core.isPromotable()) {
      campaign(core, core.quest?.kind ?? 'timeout');
      return;
    }
  }
  if (core.now < core.electionAt) return;
  // a vote given in this term must be durable before another one can be; what follows is timed from there
  if (core.voteToken !== 0) {
    core.electionAt = NEVER;
    return;
  }
  if (core.isPromotable()) {
    campaign(core, 'timeout');
    return;
  }
  // a learner has nobody to elect: it only forgets who led
  core.electionAt = NEVER;
  if (core.role === 'candidate' || core.role === 'pre-candidate' || core.leaderId !== null) {
    becomeFollower(core, core.term, null, 'no leader heard');
    core.electionAt = NEVER;
  }
}
