/**
 * What a follower or learner does with the messages of a leader, and with reads
 * that its own callers ask for. A learner differs only in that nobody counts it.
 */
import type { LogIndex } from '../base/index.ts';
import { assert, LIMITS } from '../base/index.ts';
import type { RaftCore } from './core.ts';
import { campaign, leaderContact, onLeaderLost } from './election.ts';
import { sliceDefect } from './log-slice.ts';
import { settlePassiveRole } from './roles.ts';
import type { RaftMessage } from './types.ts';

type MessageOf<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

/** Raft §5.3. The answer leaves when everything it claims is durable. */
export function onAppend(core: RaftCore, m: MessageOf<'append'>): void {
  leaderContact(core);
  // while a snapshot replaces the log nothing fits; the leader asks again
  if (core.log.isInstalling || sliceDefect(m, m.term) !== null) return;
  if (m.prev.index < core.log.commit) {
    const merged = mergeBehindCommit(core, m);
    acceptAppend(core, m, Math.max(merged, core.log.commit));
    return;
  }
  const last = merge(core, m);
  if (last === null) {
    refuseAppend(core, m);
    return;
  }
  acceptAppend(core, m, last);
}

/** An append that begins in the committed part: agreement there is proven, only its rest can be new. */
function mergeBehindCommit(core: RaftCore, m: MessageOf<'append'>): LogIndex {
  const skip = core.log.commit - m.prev.index;
  const at = m.entries[skip - 1];
  if (at === undefined) return core.log.commit;
  assert(core.log.matches(at), `committed entry ${at.index} differs from the leader's`);
  return merge(core, { ...m, prev: at, entries: m.entries.slice(skip) }) ?? core.log.commit;
}

/** The last index now known to match, or null when `prev` does not fit. */
function merge(core: RaftCore, m: MessageOf<'append'>): LogIndex | null {
  const merged = core.log.merge(m);
  if (merged === null) return null;
  let changed = false;
  if (merged.cutAt !== null) {
    changed = core.configs.truncate(merged.cutAt);
    if (changed) reportMembership(core, false);
  }
  if (core.noteMemberships(merged.added)) {
    changed = true;
    reportMembership(core, false);
  }
  if (changed) settlePassiveRole(core);
  return m.prev.index + m.entries.length;
}

function acceptAppend(core: RaftCore, m: MessageOf<'append'>, last: LogIndex): void {
  core.matched = Math.max(core.matched, last);
  followCommit(core, m.commit);
  const body = {
    kind: 'append-response',
    accepted: true,
    index: last,
    hint: { term: 0, index: 0 },
    appliedIndex: core.log.applied,
    round: m.round,
    session: m.session,
  } as const;
  core.sendDurable(m.from, body, m.fromInstance);
}

function refuseAppend(core: RaftCore, m: MessageOf<'append'>): void {
  core.send(
    m.from,
    {
      kind: 'append-response',
      accepted: false,
      index: m.prev.index,
      hint: core.log.agreementHint(m.prev.index, m.prev.term),
      appliedIndex: core.log.applied,
      round: m.round,
      session: m.session,
    },
    m.fromInstance,
  );
}

/** Follows the leader's commit index as far as this log is known to be the leader's. */
function followCommit(core: RaftCore, commit: LogIndex): void {
  if (!core.log.commitTo(Math.min(commit, core.matched))) return;
  if (!core.configs.commitTo(core.log.commit)) return;
  reportMembership(core, true);
  settlePassiveRole(core);
}

function reportMembership(core: RaftCore, committed: boolean): void {
  const { membership, index } = core.configs.latest();
  core.event({ kind: 'membership-changed', membership, index, committed });
}

/** Answered from memory at once: a slow disk must not look like a dead node. */
export function onHeartbeat(core: RaftCore, m: MessageOf<'heartbeat'>): void {
  leaderContact(core);
  core.ranks = m.ranks;
  followCommit(core, m.commit);
  const { round, session } = m;
  const { loopLagMs, diskLatencyMs } = core;
  const appliedIndex = core.log.applied;
  core.send(
    m.from,
    { kind: 'heartbeat-response', round, session, appliedIndex, loopLagMs, diskLatencyMs },
    m.fromInstance,
  );
}

/**
 * The bytes of a snapshot are here. A log that holds its position already only learns that it is
 * committed.
 */
export function onSnapshot(core: RaftCore, m: MessageOf<'snapshot'>): void {
  leaderContact(core);
  const { log } = core;
  if (log.isInstalling) return;
  const { meta } = m;
  if (meta.index > log.commit) {
    if (log.matches(meta)) {
      core.matched = Math.max(core.matched, meta.index);
      followCommit(core, meta.index);
    } else {
      log.install(meta);
      core.matched = meta.index;
      core.configs.reset({ index: meta.membershipIndex, membership: meta.membership });
      reportMembership(core, true);
      settlePassiveRole(core);
    }
  }
  core.sendDurable(
    m.from,
    {
      kind: 'append-response',
      accepted: true,
      index: log.commit,
      hint: { term: 0, index: 0 },
      appliedIndex: log.applied,
      round: 0,
      session: m.session,
    },
    m.fromInstance,
  );
}

/** The leader hands over: stand at once, without asking whether anybody would vote (dissertation §3.10). */
export function onTimeoutNow(core: RaftCore, m: MessageOf<'timeout-now'>): void {
  if (core.role !== 'follower' || !core.isPromotable()) return;
  if (core.leaderId !== null && core.leaderId !== m.from) return;
  if (core.log.lastIndex < m.expectedLast.index || !core.log.matches(m.expectedLast)) return;
  core.quest = null;
  campaign(core, 'transfer');
}

/** The sender leaves; if it led, its successors need not wait for silence. */
export function onBye(core: RaftCore, m: MessageOf<'bye'>): void {
  const peer = core.leader?.peers.get(m.from);
  if (peer !== undefined) peer.left = true;
  onLeaderLost(core, m.from);
}

/** A caller here wants to read: ask the leader, each try with an id of its own. */
export function forwardRead(core: RaftCore, id: number): void {
  if (core.leaderId === null || core.forwarded.size >= LIMITS.maxPendingReads) {
    core.outbox.reads.push({ id, index: null });
    return;
  }
  const requestId = ++core.requestId;
  core.forwarded.set(requestId, { id, expiresAt: core.now + core.electionTimeoutMs });
  core.send(core.leaderId, { kind: 'read-index', requestId });
}

export function onReadIndexResponse(core: RaftCore, m: MessageOf<'read-index-response'>): void {
  const read = core.forwarded.get(m.requestId);
  if (read === undefined || m.from !== core.leaderId) return;
  core.forwarded.delete(m.requestId);
  core.outbox.reads.push({ id: read.id, index: m.index });
}

/** Forwarded reads whose answer is lost. */
export function expireForwarded(core: RaftCore): void {
  for (const [requestId, read] of core.forwarded) {
    if (read.expiresAt > core.now) return;
    core.forwarded.delete(requestId);
    core.outbox.reads.push({ id: read.id, index: null });
  }
}
