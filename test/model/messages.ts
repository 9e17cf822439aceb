/** What a server of the reference model does with a message: figure 2, and the guards before it. */
import {
  decodeMembership,
  type LogEntry,
  type Membership,
  type MembershipChange,
  type RaftMessage,
  type RaftStatus,
} from '../../src/raft/index.ts';
import { everybody, type RaftModel } from './raft-model.ts';

interface Seen {
  readonly now: number;
  readonly status: RaftStatus;
}

type Of<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

/** What two logs can differ in, of an entry. */
export function readLine(entry: LogEntry) {
  if (entry.kind !== 'membership') return { term: entry.term, membership: null };
  const decoded = decodeMembership(entry.data);
  if (!decoded.ok) throw new Error(`membership ${entry.index}: ${decoded.reason}`);
  return { term: entry.term, membership: decoded.value };
}

/** Steps the model; the answer that must be sent for it, or null. */
export function onMessage(model: RaftModel, m: RaftMessage, seen: Seen): string | null {
  if (!isForUs(model, m)) return null;
  switch (m.kind) {
    case 'pre-vote':
      return onPreVote(model, m, seen);
    case 'pre-vote-response':
      onPreVoteAnswer(model, m, seen);
      return null;
    case 'vote':
      return onVote(model, m, seen);
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      return onLeaderWord(model, m, seen);
    case 'bye':
      onLeaderGone(model, m.from, seen);
      return null;
    case 'read-index':
    case 'read-index-response':
      return null;
    default:
      onTermed(model, m, seen);
      return null;
  }
}

/** The lease binds no more. When it stands is chance, and that may be at once. */
export function onLeaderGone(model: RaftModel, leader: string, { status }: Seen): void {
  if (model.leaderId !== leader || model.role !== 'follower') return;
  model.leaseVoid = true;
  if (status.role === 'pre-candidate' && model.mayStand) model.askBeforeStanding();
}

/** For this disk; and answers only from the disk that the membership names. */
function isForUs(model: RaftModel, m: RaftMessage): boolean {
  if (m.to !== model.id || m.from === model.id) return false;
  if (m.toInstance !== '' && m.toInstance !== model.instanceId) return false;
  const known = everybody(model.membership).find((member) => member.nodeId === m.from);
  const isRequest = ['append', 'heartbeat', 'snapshot', 'vote', 'pre-vote'].includes(m.kind);
  return known === undefined || known.instanceId === m.fromInstance || isRequest;
}

/** Dissertation §9.6: would it be elected? No term moves. */
export function mayGrant(model: RaftModel, m: Of<'pre-vote'>, now: number): boolean {
  const mayBeElected = model.hasOwnDisk && m.term >= model.term && model.isUpToDate(m.last);
  // a vote that is on its way to the disk is for one server only
  const isTaken = model.isVoteOnItsWay() && model.votedFor !== m.from;
  return mayBeElected && !model.isBound(m.from, now) && !isTaken;
}

function onPreVote(model: RaftModel, m: Of<'pre-vote'>, { now, status }: Seen): string {
  const granted = mayGrant(model, m, now);
  model.asker = granted ? null : m;
  // two that stand on the same evidence: one of them may give way
  if (granted && model.role === 'pre-candidate' && status.role === 'follower') model.follow(model.term, null);
  return `pre-vote-response to ${m.from} ${granted}`;
}

function onPreVoteAnswer(model: RaftModel, m: Of<'pre-vote-response'>, { status }: Seen): void {
  if (model.role !== 'pre-candidate' || m.campaign !== model.campaign) return;
  if (m.refusal === 'term' && m.term > model.term) {
    model.follow(m.term, null);
    return;
  }
  // no final word: its leader may turn out to be gone
  if (m.refusal !== 'lease') model.answer(m.from, m.granted);
  // a lost one may also wait and ask once more
  if (model.role === 'pre-candidate' && model.isLost() && status.role !== 'pre-candidate')
    model.follow(model.term, null);
}

/** §5.2, §5.4.1 and dissertation §4.2.3. */
function onVote(model: RaftModel, m: Of<'vote'>, { now }: Seen): string | null {
  if (m.reason !== 'transfer' && m.term > model.term && model.isBound(m.from, now)) return null;
  if (m.term > model.term) model.follow(m.term, null);
  // who follows a leader of this term already has nothing to give
  const isFree = model.votedFor === null ? model.leaderId === null : model.votedFor === m.from;
  const granted = m.term === model.term && model.hasOwnDisk && isFree && model.isUpToDate(m.last);
  if (granted && model.role === 'pre-candidate') model.follow(model.term, null);
  if (granted) model.votedFor = m.from;
  return `vote-response to ${m.from} ${granted}`;
}

function onLeaderWord(
  model: RaftModel,
  m: Of<'append' | 'heartbeat' | 'snapshot'>,
  { now }: Seen,
): string | null {
  if (m.term < model.term) return `append-response to ${m.from} false 0`;
  if (m.term === model.term && model.leaderId !== null && model.leaderId !== m.from) return null;
  if (m.term > model.term || model.leaderId !== m.from || model.role !== 'follower')
    model.follow(m.term, m.from);
  model.contactAt = now;
  model.leaseVoid = false;
  model.asker = null;
  if (m.kind === 'heartbeat') {
    model.commitTo(m.commit);
    return null;
  }
  return m.kind === 'append' ? onAppend(model, m) : onSnapshot(model, m);
}

/** Consecutive, terms never falling, none beyond the message's. */
function isSound(m: Of<'append'>): boolean {
  let before = m.prev;
  for (const entry of m.entries) {
    if (entry.index !== before.index + 1 || entry.term < before.term) return false;
    before = entry;
  }
  return before.term <= m.term;
}

function onAppend(model: RaftModel, m: Of<'append'>): string | null {
  if (!isSound(m)) return null;
  if (!model.merge(m.prev, m.entries, readLine)) return `append-response to ${m.from} false ${m.prev.index}`;
  // before the commit of this very message moves: that much it is known to hold
  const holds = Math.max(model.commit, m.prev.index + m.entries.length);
  model.commitTo(m.commit);
  return `append-response to ${m.from} true ${holds}`;
}

/** §7: a log that holds the snapshot's position keeps its rest. */
function onSnapshot(model: RaftModel, { meta, from }: Of<'snapshot'>): string {
  if (meta.index > model.commit) {
    if (model.termAt(meta.index) === meta.term) {
      model.matched = Math.max(model.matched, meta.index);
      model.commitTo(meta.index);
    } else model.install(meta);
  }
  return `append-response to ${from} true ${model.commit}`;
}

function onTermed(
  model: RaftModel,
  m: Of<'vote-response' | 'append-response' | 'heartbeat-response' | 'timeout-now'>,
  { now, status }: Seen,
): void {
  if (m.term > model.term) model.follow(m.term, null);
  if (m.term < model.term) return;
  if (m.kind === 'vote-response') {
    if (model.role === 'candidate') model.answer(m.from, m.granted);
    return;
  }
  if (m.kind === 'timeout-now') {
    const isTold = model.leaderId === null || model.leaderId === m.from;
    const holds = model.termAt(m.expectedLast.index) === m.expectedLast.term;
    if (model.role === 'follower' && model.mayStand && isTold && holds) model.stand();
    return;
  }
  const peer = model.peers.get(m.from);
  if (peer === undefined || peer.session !== m.session || peer.instanceId !== m.fromInstance) return;
  peer.contactAt = now;
  // who refuses what it had acknowledged may be taken at its word
  const seenMatch = status.peers.find((p) => p.nodeId === m.from)?.match;
  if (m.kind === 'append-response' && !m.accepted && m.index <= peer.match && seenMatch === 0) peer.match = 0;
  // nobody can hold what was never sent
  if (m.kind === 'append-response' && m.accepted && m.index <= model.last.index)
    peer.match = Math.max(peer.match, m.index);
}

/** The membership that a change makes of the one in force, or null when a leader must not take it now. */
export function changed(model: RaftModel, change: MembershipChange): Membership | null {
  const m = model.membership;
  const isReady = model.role === 'leader' && model.commit >= model.termStart && model.isSettled;
  if (!isReady || m.outgoing.length > 0) return null;
  const id = change.kind === 'add-learner' ? change.member.nodeId : change.nodeId;
  const others = (list: Membership['voters']) => list.filter((member) => member.nodeId !== id);
  const learner = m.learners.find((l) => l.nodeId === id);
  const voter = m.voters.find((v) => v.nodeId === id);
  const joint = { outgoing: m.voters, learners: others(m.learners), learnersNext: [] };
  switch (change.kind) {
    case 'add-learner':
      return voter === undefined ? { ...m, learners: [...others(m.learners), change.member] } : null;
    case 'promote':
      return learner === undefined ? null : { voters: [...m.voters, learner], ...joint };
    case 'demote':
      return voter === undefined ? null : { voters: others(m.voters), ...joint, learnersNext: [voter] };
    case 'replace': {
      const taker = m.learners.find((l) => l.nodeId === change.by);
      if (voter === undefined || taker === undefined) return null;
      const learners = m.learners.filter((l) => l.nodeId !== change.by);
      const learnersNext = change.stays ? [voter] : [];
      return { voters: [...others(m.voters), taker], ...joint, learners, learnersNext };
    }
    case 'remove':
      if (learner !== undefined) return { ...m, learners: others(m.learners) };
      return voter === undefined ? null : { voters: others(m.voters), ...joint };
    default: {
      const moved = (list: Membership['voters']) =>
        list.map((member) => (member.nodeId === id ? { ...member, address: change.address } : member));
      return { ...m, voters: moved(m.voters), learners: moved(m.learners) };
    }
  }
}
