/**
 * What the leader sends to whom, and when an entry is committed.
 *
 * Nothing is sent while inputs are handled: `replicateAll` runs once a turn, so a
 * thousand proposals become one append for each follower. The commit index counts
 * only entries of the own term (Raft §5.4.2, figure 8), and the leader's own copy
 * counts only when its disk has it, like everybody's.
 */
import type { Instant, LogIndex, NodeId, Timestamp } from '../base/index.ts';
import { LIMITS, NEVER } from '../base/index.ts';
import { encodeMembership } from './codec-membership.ts';
import { LEARNER_BEATS, type LeaderState, type RaftCore } from './core.ts';
import { entryBytes } from './log-slice.ts';
import { findMember, isVoter, membersOf } from './membership.ts';
import { Progress } from './progress.ts';
import { quorumValue } from './quorum.ts';
import type { EntryKind, LogEntry, Membership, RaftMember } from './types.ts';

/** A commit of so many entries is told with the entries that follow, or after so long by itself. */
const BURST_ENTRIES = 8;
const COMMIT_HOLD_MS = 10;

export type Draft = {
  readonly kind: EntryKind;
  readonly timestamp: Timestamp;
  readonly data: Uint8Array;
};

/** Appends entries of the leader's own term; they count as uncommitted until a quorum holds them. */
export function appendOwn(core: RaftCore, leader: LeaderState, drafts: readonly Draft[]): void {
  let index = core.log.lastIndex;
  let bytes = 0;
  const entries: LogEntry[] = [];
  for (const draft of drafts) {
    bytes += entryBytes(draft);
    entries.push({
      term: core.term,
      index: ++index,
      kind: draft.kind,
      timestamp: draft.timestamp,
      data: draft.data,
    });
  }
  core.log.append(entries);
  leader.admission.appended(index, bytes, core.now);
}

/** Of an entry that nobody proposed: wall time as the driver told it, 0 before it did. */
export function ownTimestamp({ now, wallOffsetMs }: RaftCore): Timestamp {
  return wallOffsetMs === null ? 0 : Math.round(now + wallOffsetMs);
}

/** Appends a configuration, which is in force from now on (Raft §6). */
export function appendMembership(
  core: RaftCore,
  leader: LeaderState,
  membership: Membership,
  timestamp: Timestamp,
): LogIndex {
  appendOwn(core, leader, [{ kind: 'membership', timestamp, data: encodeMembership(membership) }]);
  const index = core.log.lastIndex;
  // who loses its vote is a learner from now on: how long it has kept up as a voter says nothing
  for (const peer of leader.peers.values()) {
    if (isVoter(core.membership, peer.nodeId) && !isVoter(membership, peer.nodeId))
      peer.caughtUpAt = core.now;
  }
  core.configs.push({ index, membership });
  core.event({ kind: 'membership-changed', membership, index, committed: false });
  syncPeers(core, leader);
  return index;
}

/**
 * Follows every member of every configuration in force: one that leaves is told until its leaving is
 * committed.
 */
export function syncPeers(core: RaftCore, leader: LeaderState): void {
  const wanted = new Map<NodeId, RaftMember>();
  for (const { membership } of core.configs.all()) {
    for (const member of membersOf(membership)) wanted.set(member.nodeId, member);
  }
  wanted.delete(core.nodeId);
  for (const [id, peer] of leader.peers) {
    if (wanted.get(id)?.instanceId === peer.instanceId) continue;
    // the last word to somebody who left: what is committed, his removal included
    if (!wanted.has(id)) sendFarewell(core, leader, peer);
    leader.peers.delete(id);
  }
  for (const member of wanted.values()) {
    if (leader.peers.has(member.nodeId)) continue;
    const { nodeId, instanceId } = member;
    const lastIndex = core.log.lastIndex;
    const session = ++core.session;
    leader.peers.set(nodeId, new Progress({ nodeId, instanceId, session, lastIndex, now: core.now }));
  }
}

function sendFarewell(core: RaftCore, leader: LeaderState, peer: Progress): void {
  if (peer.state !== 'replicate') return;
  peer.nudge = true;
  replicate(core, leader, peer);
}

/** Sends what each peer may get now; called once a turn. */
export function replicateAll(core: RaftCore, leader: LeaderState): void {
  leader.hasMore = false;
  for (const peer of leader.peers.values()) replicate(core, leader, peer);
  // a read waits for voters: those without a vote would answer for nothing, at each read
  if (leader.reads.takeBroadcast()) broadcastHeartbeat(core, leader, 'voters');
}

function replicate(core: RaftCore, leader: LeaderState, peer: Progress): void {
  if (peer.state === 'probe') {
    if (!peer.paused) sendAppend(core, leader, peer);
    return;
  }
  const before = peer.inflightBytes;
  while (peer.state === 'replicate' && peer.next <= core.log.lastIndex && !peer.isPaused()) {
    if (peer.inflightBytes - before >= LIMITS.maxTurnBytes) {
      leader.hasMore = true;
      return;
    }
    if (!sendAppend(core, leader, peer)) return;
  }
  if (peer.state !== 'replicate') return;
  // an empty append carries a new commit index, or finds out what was lost
  const isDue = core.now >= leader.commitHeldUntil && peer.next > core.log.lastIndex && isBehind(core, peer);
  if (peer.nudge || isDue) sendEmpty(core, leader, peer);
}

/** It may know of a newer commit than it was told. */
function isBehind(core: RaftCore, peer: Progress): boolean {
  return peer.state === 'replicate' && Math.min(core.log.commit, peer.next - 1) > peer.sentCommit;
}

/** When somebody must be told of a commit that no entries have carried to him; NEVER when all know. */
export function commitDueAt(core: RaftCore, leader: LeaderState): Instant {
  if (core.now >= leader.commitHeldUntil) return NEVER;
  for (const peer of leader.peers.values()) if (isBehind(core, peer)) return leader.commitHeldUntil;
  return NEVER;
}

/** One append at `peer.next`; false when a snapshot is needed instead. */
function sendAppend(core: RaftCore, leader: LeaderState, peer: Progress): boolean {
  const { log } = core;
  const prevTerm = log.term(peer.next - 1);
  const maxBytes = core.settings.maxAppendBytes ?? LIMITS.maxAppendBytes;
  const entries = prevTerm === undefined ? undefined : log.entries(peer.next, log.lastIndex, maxBytes);
  if (prevTerm === undefined || entries === undefined) {
    planSnapshot(core, peer);
    return false;
  }
  const prev = { index: peer.next - 1, term: prevTerm };
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  peer.sent(prev.index + entries.length, bytes);
  post(core, leader, peer, { prev, entries });
  return true;
}

function sendEmpty(core: RaftCore, leader: LeaderState, peer: Progress): void {
  const index = peer.next - 1;
  const term = core.log.term(index);
  peer.nudge = false;
  if (term !== undefined) post(core, leader, peer, { prev: { index, term }, entries: [] });
  // a whole window was lost and compacted meanwhile: nothing in the log can wake it up
  else planSnapshot(core, peer);
}

function post(
  core: RaftCore,
  leader: LeaderState,
  peer: Progress,
  slice: { readonly prev: { index: LogIndex; term: number }; readonly entries: readonly LogEntry[] },
): void {
  const { prev, entries } = slice;
  const commit = core.log.commit;
  peer.sentCommit = Math.min(commit, prev.index + entries.length);
  const { session } = peer;
  const round = leader.reads.round;
  core.send(peer.nodeId, { kind: 'append', prev, entries, commit, round, session }, peer.instanceId);
}

/** What the peer needs is compacted away: have the newest snapshot sent, if the peer lives. */
function planSnapshot(core: RaftCore, peer: Progress): void {
  const lives = isHeard(core, peer);
  const meta = core.log.snapshot();
  if (!lives || meta === null) {
    // asked again when it answers a heartbeat
    if (peer.state !== 'probe') peer.becomeProbe();
    peer.paused = true;
    return;
  }
  peer.becomeSnapshot(meta.index);
  core.outbox.snapshots.push({ peer: peer.nodeId, meta, session: peer.session });
}

/** True when the peer has answered lately: within an election timeout behind the heartbeats that it gets. */
export function isHeard(core: RaftCore, peer: Progress): boolean {
  const betweenMs = isVoter(core.membership, peer.nodeId)
    ? 0
    : LEARNER_BEATS * core.settings.heartbeatIntervalMs;
  return core.now - peer.contactAt < core.electionTimeoutMs + betweenMs;
}

/**
 * One heartbeat to everybody, or to who votes and who is not in step: its answer lets replication go on.
 * Touches no disk and waits for none.
 */
export function broadcastHeartbeat(core: RaftCore, leader: LeaderState, to: 'all' | 'voters' = 'all'): void {
  const ranks = successors(core, leader);
  const round = leader.reads.round;
  if (leader.askedAt <= quorumContact(core, leader)) leader.askedAt = core.now;
  for (const peer of leader.peers.values()) {
    const isIdle = peer.state === 'replicate' && !isVoter(core.membership, peer.nodeId);
    if (to === 'voters' && isIdle) continue;
    const { session } = peer;
    const commit = core.log.commit;
    core.send(peer.nodeId, { kind: 'heartbeat', commit, round, session, ranks }, peer.instanceId);
  }
}

/**
 * Voters that could lead next, best first: heard lately, longest log, then name; nodes in maintenance
 * never.
 */
export function successors(core: RaftCore, leader: LeaderState): NodeId[] {
  const { electionTimeoutMs, now } = core;
  const ranked: { id: NodeId; silent: number; match: LogIndex }[] = [];
  for (const { nodeId: id } of core.membership.voters) {
    const peer = leader.peers.get(id);
    if (peer === undefined || core.settings.avoid.includes(id)) continue;
    const silent = peer.left || now - peer.contactAt >= electionTimeoutMs ? 1 : 0;
    ranked.push({ id, silent, match: peer.match });
  }
  ranked.sort((a, b) => a.silent - b.silent || b.match - a.match || (a.id < b.id ? -1 : 1));
  return ranked.map((r) => r.id);
}

/** Commits what every needed majority holds durably, if it is of this term; true when the index moved. */
export function advanceCommit(core: RaftCore, leader: LeaderState): boolean {
  const { log } = core;
  const index = quorumValue(core.membership, (id) =>
    id === core.nodeId ? log.durable : (leader.peers.get(id)?.match ?? 0),
  );
  if (index <= log.commit || !Number.isFinite(index) || log.term(index) !== core.term) return false;
  holdCommit(core, leader, index - log.commit);
  log.commitTo(index);
  leader.admission.committed(index, core.now);
  return true;
}

/** After a burst comes the next one, and carries the commit; who waits for an earlier one waits no longer. */
function holdCommit(core: RaftCore, leader: LeaderState, entries: number): void {
  // the first commit of a term is much at once and says little of what comes next
  const isBurst = entries >= BURST_ENTRIES && core.log.commit >= leader.termStart;
  if (!isBurst) leader.commitHeldUntil = Math.min(leader.commitHeldUntil, core.now);
  else if (commitDueAt(core, leader) === NEVER) leader.commitHeldUntil = core.now + COMMIT_HOLD_MS;
}

/** The instant of the last contact with a quorum; the leader itself is always in touch. */
export function quorumContact(core: RaftCore, leader: LeaderState): number {
  return quorumValue(core.membership, (id) =>
    id === core.nodeId ? core.now : (leader.peers.get(id)?.contactAt ?? Number.NEGATIVE_INFINITY),
  );
}

/**
 * When a leader that no quorum answers gives up: an election timeout behind the last contact. One that stood
 * still itself, and asked late, waits for what the others would have had: its own standstill judges nobody.
 */
export function silentAt(core: RaftCore, leader: LeaderState): Instant {
  const contactAt = quorumContact(core, leader);
  if (leader.askedAt <= contactAt) return NEVER;
  const answersMs = core.electionTimeoutMs - core.settings.heartbeatIntervalMs;
  return Math.max(contactAt + core.electionTimeoutMs, leader.askedAt + answersMs);
}

/** The newest read round that a quorum has answered. */
export function quorumRound(core: RaftCore, leader: LeaderState): number {
  return quorumValue(core.membership, (id) =>
    id === core.nodeId ? leader.reads.round : (leader.peers.get(id)?.ackedRound ?? 0),
  );
}

/** Is this learner close enough to become a voter without slowing commits down? */
export function isCaughtUp(core: RaftCore, leader: LeaderState, id: NodeId): boolean {
  const peer = leader.peers.get(id);
  return (
    peer?.caughtUp === true &&
    peer.state === 'replicate' &&
    isHeard(core, peer) &&
    findMember(core.membership, id)?.instanceId === peer.instanceId
  );
}
