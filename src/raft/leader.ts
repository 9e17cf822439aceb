/**
 * What a leader does: proposals, answers of followers, its own clock, and what
 * follows from a commit (leaving a joint configuration, leaving office).
 */
import { type Bytes, LIMITS, type LogIndex, type NodeId } from '../base/index.ts';
import { LEARNER_BEATS, type LeaderState, type RaftCore, type Transfer } from './core.ts';
import { isJoint, isVoter, leaveJoint, membersOf, planChange } from './membership.ts';
import type { Progress } from './progress.ts';
import type { ReadOrigin } from './read-index.ts';
import {
  advanceCommit,
  appendMembership,
  appendOwn,
  broadcastHeartbeat,
  isCaughtUp,
  isHeard,
  ownTimestamp,
  quorumRound,
  silentAt,
  successors,
  syncPeers,
} from './replication.ts';
import { answerRead, becomeFollower, endTransfer } from './roles.ts';
import type { MembershipChange, Proposal, ProposalResult, RaftInput, RaftMessage } from './types.ts';

type MessageOf<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;
type InputOf<K extends RaftInput['kind']> = Extract<RaftInput, { kind: K }>;
type RefusalReason = Extract<ProposalResult, { kind: 'refused' }>['reason'];

/** For a live follower that lags a snapshot keeps at most this many times the trailing entries and bytes. */
const LAGGARD_FACTOR = 10;
/** Who has caught up stays so while it is no further behind than this. */
const CLOSE_ENTRIES = 64;
/** The id of a transfer that nobody asked for: distress or removal. */
const OWN_TRANSFER = 0;

export function refuse(core: RaftCore, id: number, reason: RefusalReason, text: string): void {
  core.outbox.proposals.push({ id, kind: 'refused', reason, text });
}

const TOO_MANY_BYTES = 'too many bytes wait for their commit';

/**
 * May this proposal wait for a later turn, behind so many bytes that wait already? What a turn would refuse
 * is refused before it has cost one.
 */
export function admit(core: RaftCore, leader: LeaderState, proposal: Proposal, waitingBytes: Bytes): boolean {
  const { admission } = leader;
  const room = admission.room(core.now) - waitingBytes;
  const isFirst = admission.bytes === 0 && waitingBytes === 0;
  if (isFirst || proposal.data.length <= room) return true;
  refuse(core, proposal.id, 'overloaded', TOO_MANY_BYTES);
  return false;
}

/** Appends what the bounds allow; each proposal is answered, accepted or not. */
export function propose(core: RaftCore, leader: LeaderState, input: InputOf<'propose'>): void {
  if (core.transfer !== null) {
    for (const p of input.proposals) refuse(core, p.id, 'transferring', 'leadership is being handed over');
    return;
  }
  let room = leader.admission.room(core.now);
  const taken = [];
  for (const p of input.proposals) {
    const fits = p.data.length <= room || (leader.admission.bytes === 0 && taken.length === 0);
    if (!fits) {
      refuse(core, p.id, 'overloaded', TOO_MANY_BYTES);
      continue;
    }
    room -= p.data.length;
    taken.push(p);
  }
  if (taken.length === 0) return;
  let index = core.log.lastIndex;
  appendOwn(core, leader, taken);
  for (const p of taken) {
    core.outbox.proposals.push({ id: p.id, kind: 'accepted', position: { term: core.term, index: ++index } });
  }
}

/**
 * One change at a time, only on top of a commit of this term (the single-server erratum), compare-and-set.
 */
export function proposeMembership(
  core: RaftCore,
  leader: LeaderState,
  input: InputOf<'propose-membership'>,
): void {
  const { id, change } = input;
  if (core.transfer !== null) {
    refuse(core, id, 'transferring', 'leadership is being handed over');
    return;
  }
  if (!isMembershipIdle(core, leader)) {
    refuse(core, id, 'membership-busy', 'another change of membership is under way');
    return;
  }
  const current = core.configs.latest();
  if (input.expectedMembershipIndex !== null && input.expectedMembershipIndex !== current.index) {
    refuse(core, id, 'membership-conflict', `the membership in force is that of ${current.index}`);
    return;
  }
  const rising = change.kind === 'promote' ? change.nodeId : change.kind === 'replace' ? change.by : null;
  if (rising !== null && !isCaughtUp(core, leader, rising)) {
    const known = current.membership.learners.some((l) => l.nodeId === rising);
    if (known) {
      refuse(core, id, 'membership-illegal', `${rising} has not caught up`);
      return;
    }
  }
  const plan = planChange(current.membership, change);
  if (plan.kind === 'refused') {
    refuse(core, id, 'membership-illegal', plan.reason);
    return;
  }
  const index = appendMembership(core, leader, plan.membership, input.timestamp);
  core.outbox.proposals.push({ id, kind: 'accepted', position: { term: core.term, index } });
}

function isMembershipIdle(core: RaftCore, leader: LeaderState): boolean {
  return core.log.commit >= leader.termStart && core.configs.isSettled() && !isJoint(core.membership);
}

/** The peer that answered, if the answer is to this term's session with it. */
function answering(
  leader: LeaderState,
  m: MessageOf<'append-response'> | MessageOf<'heartbeat-response'>,
): Progress | null {
  const peer = leader.peers.get(m.from);
  if (peer === undefined || peer.session !== m.session || peer.instanceId !== m.fromInstance) return null;
  return peer;
}

function heardFrom(core: RaftCore, peer: Progress, m: { round: number; appliedIndex: number }): void {
  peer.contactAt = core.now;
  peer.left = false;
  peer.ackedRound = Math.max(peer.ackedRound, m.round);
  peer.appliedIndex = Math.max(peer.appliedIndex, m.appliedIndex);
}

export function onAppendResponse(core: RaftCore, leader: LeaderState, m: MessageOf<'append-response'>): void {
  const peer = answering(leader, m);
  if (peer === null) return;
  heardFrom(core, peer, m);
  if (m.accepted) {
    // what this log does not hold was never sent: such a peer is not believed, and does not end this node
    if (m.index > core.log.lastIndex) return;
    peer.accept(m.index, core.log.firstIndex);
    measureCatchUp(core, peer);
    pushTransfer(core, leader);
  } else {
    // the follower skipped a term of its log, now skip one of ours
    const hint = core.log.agreementHint(Math.min(m.hint.index, m.index), m.hint.term);
    peer.reject(m.index, hint.index);
  }
  confirmReads(core, leader);
}

export function onHeartbeatResponse(
  core: RaftCore,
  leader: LeaderState,
  m: MessageOf<'heartbeat-response'>,
): void {
  const peer = answering(leader, m);
  if (peer === null) return;
  heardFrom(core, peer, m);
  peer.loopLagMs = m.loopLagMs;
  peer.diskLatencyMs = m.diskLatencyMs;
  // the wire works: an append that is still unanswered may have been lost
  if (peer.state === 'probe') peer.paused = false;
  else if (peer.state === 'replicate' && peer.match < peer.next - 1) peer.nudge = true;
  confirmReads(core, leader);
}

/**
 * Learners catch up in rounds; one shorter than an election timeout is enough (dissertation §4.2.1).
 * Who holds the whole log has nothing left to catch up with, however long it took: an idle cluster
 * would never time another round.
 */
function measureCatchUp(core: RaftCore, peer: Progress): void {
  if (peer.match < peer.roundTarget) return;
  const isFast = core.now - peer.roundStartedAt < core.electionTimeoutMs;
  const wasCaughtUp = peer.caughtUp;
  const lag = core.log.lastIndex - peer.match;
  // a slow round says nothing against who is close: whoever waits for a slow commit waits for everybody
  peer.caughtUp = isFast || lag <= 0 || (wasCaughtUp && lag <= CLOSE_ENTRIES);
  if (!wasCaughtUp) peer.caughtUpAt = core.now;
  peer.roundTarget = core.log.lastIndex;
  peer.roundStartedAt = core.now;
}

function confirmReads(core: RaftCore, leader: LeaderState): void {
  if (leader.reads.size === 0) return;
  for (const read of leader.reads.confirm(quorumRound(core, leader))) {
    answerRead(core, read.origin, read.index);
  }
}

/** A read here or on behalf of a follower; refused while leadership is being handed over. */
export function readIndex(core: RaftCore, leader: LeaderState, origin: ReadOrigin): void {
  const commit = core.log.commit >= leader.termStart ? core.log.commit : null;
  if (core.transfer !== null || !leader.reads.add(origin, commit)) {
    answerRead(core, origin, null);
    return;
  }
  confirmReads(core, leader);
}

/**
 * What follows from durable copies: commits, and what commits bring. Called after each step of a leader.
 */
export function settleLeader(core: RaftCore, leader: LeaderState): void {
  if (!advanceCommit(core, leader)) return;
  const { commit } = core.log;
  if (commit >= leader.termStart) {
    leader.reads.release(commit);
    confirmReads(core, leader);
  }
  if (core.configs.commitTo(commit)) {
    const { membership, index } = core.configs.latest();
    core.event({ kind: 'membership-changed', membership, index, committed: true });
    syncPeers(core, leader);
    pushTransfer(core, leader);
  }
  if (commit < leader.termStart || !core.configs.isSettled()) return;
  if (isJoint(core.membership)) {
    appendMembership(core, leader, leaveJoint(core.membership), ownTimestamp(core));
  } else if (!isVoter(core.membership, core.nodeId)) {
    const [best] = successors(core, leader);
    if (best !== undefined) sendTimeoutNow(core, best);
    becomeFollower(core, core.term, null, 'no longer a voter');
  }
}

/** Caught up, and for long enough that it will stay so. */
function isStable(core: RaftCore, leader: LeaderState, id: NodeId): boolean {
  const since = leader.peers.get(id)?.caughtUpAt ?? core.now;
  return isCaughtUp(core, leader, id) && core.now - since >= (core.settings.promoteAfterMs ?? 0);
}

/** Promotes the next learner that the settings name and that has caught up; called once a turn. */
export function autoPromote(core: RaftCore, leader: LeaderState): void {
  const { autoPromote: wanted } = core.settings;
  if (wanted.length === 0 || core.transfer !== null || core.membership.learners.length === 0) return;
  if (!isMembershipIdle(core, leader)) return;
  for (const { nodeId } of core.membership.learners) {
    if (!wanted.includes(nodeId) || !isStable(core, leader, nodeId)) continue;
    const change: MembershipChange = { kind: 'promote', nodeId };
    const plan = planChange(core.membership, change);
    if (plan.kind === 'refused') continue;
    appendMembership(core, leader, plan.membership, ownTimestamp(core));
    return;
  }
}

/**
 * Hands leadership to `to`, or to the best successor: first it catches up, then it is told to stand
 * (§3.10).
 */
export function startTransfer(core: RaftCore, leader: LeaderState, input: InputOf<'transfer'>): boolean {
  const { id } = input;
  const fail = (reason: string): boolean => {
    core.event({ kind: 'transfer-ended', id, ok: false, reason });
    return false;
  };
  if (input.to === core.nodeId) {
    core.event({ kind: 'transfer-ended', id, ok: true, reason: 'it leads already' });
    return true;
  }
  if (core.transfer !== null) return fail(`a transfer to ${core.transfer.to} is under way`);
  const to = input.to ?? successors(core, leader)[0];
  if (to === undefined) return fail('there is no successor');
  if (!core.membership.voters.some((v) => v.nodeId === to)) return fail(`${to} is not a voter`);
  core.transfer = { id, to, deadline: core.now + core.electionTimeoutMs, sent: false };
  pushTransfer(core, leader);
  return true;
}

/** Tells the target to stand as soon as it holds the whole log. */
function pushTransfer(core: RaftCore, leader: LeaderState): void {
  const { transfer } = core;
  if (transfer === null || transfer.sent) return;
  const peer = leader.peers.get(transfer.to);
  if (peer === undefined) {
    endTransfer(core, transfer, false, `${transfer.to} is no member any more`);
    return;
  }
  if (peer.match < core.log.lastIndex) return;
  transfer.sent = true;
  sendTimeoutNow(core, transfer.to);
}

function sendTimeoutNow(core: RaftCore, to: string): void {
  core.send(to, { kind: 'timeout-now', expectedLast: core.log.last });
}

/** Trouble that a successor would not have: hand over, or at least stop leading. */
export function distress(core: RaftCore, leader: LeaderState, reason: string): void {
  if (core.isSoleVoter() || core.transfer?.id === OWN_TRANSFER) return;
  if (core.transfer !== null) return;
  const started = startTransfer(core, leader, { kind: 'transfer', id: OWN_TRANSFER, to: null });
  if (!started) becomeFollower(core, core.term, null, reason);
}

/** Goodbye to everybody: successors need not wait for silence, and the best one is told to stand. */
export function leave(core: RaftCore): void {
  core.isLeaving = true;
  const [best] = core.leader === null ? [] : successors(core, core.leader);
  if (best !== undefined) sendTimeoutNow(core, best);
  for (const { nodeId } of membersOf(core.membership)) {
    if (nodeId !== core.nodeId) core.send(nodeId, { kind: 'bye' });
  }
  if (core.role !== 'learner')
    becomeFollower(core, core.term, core.leader ? null : core.leaderId, 'it leaves');
}

/** The leader's clock: silence of a quorum, heartbeats, the end of a hand-over. */
export function tickLeader(core: RaftCore, leader: LeaderState): void {
  if (core.now >= silentAt(core, leader)) {
    becomeFollower(core, core.term, null, 'no quorum answers');
    return;
  }
  if (core.transfer !== null && core.now >= core.transfer.deadline) abortTransfer(core, core.transfer);
  if (core.leader !== null) beat(core, leader);
}

/** Sends the heartbeat that is due, if one is. */
export function beat(core: RaftCore, leader: LeaderState): void {
  if (core.now < leader.heartbeatAt) return;
  const { heartbeatIntervalMs } = core.settings;
  // anchored, so that a late wake-up does not shift the beat; after a stall it starts anew
  leader.heartbeatAt = Math.max(leader.heartbeatAt + heartbeatIntervalMs, core.now);
  if (leader.heartbeatAt === core.now) leader.heartbeatAt += heartbeatIntervalMs;
  // the first one after an election tells everybody who leads
  broadcastHeartbeat(core, leader, leader.beats++ % LEARNER_BEATS === 0 ? 'all' : 'voters');
}

function abortTransfer(core: RaftCore, transfer: Transfer): void {
  endTransfer(core, transfer, false, `${transfer.to} did not take over in time`);
  if (transfer.id === OWN_TRANSFER)
    becomeFollower(core, core.term, null, 'in distress, and nobody took over');
}

/**
 * How far a snapshot at `index` lets the log be cut: not behind what live followers still need, within
 * reason. Reason ends at a number of entries and at their bytes, whichever is met first.
 */
export function compactionPoint(core: RaftCore, index: LogIndex): LogIndex {
  const entries = core.settings.trailingEntries ?? LIMITS.trailingEntries;
  const bytes = core.settings.trailingBytes ?? LIMITS.trailingBytes;
  const behind = (factor: number): LogIndex =>
    Math.max(0, index - factor * entries, core.log.tailWithin(index, factor * bytes) - 1);
  let point = behind(1);
  if (core.leader !== null) {
    for (const peer of core.leader.peers.values()) {
      if (isHeard(core, peer)) point = Math.min(point, peer.match);
    }
  }
  return Math.max(point, behind(LAGGARD_FACTOR));
}
