/**
 * Read-only picture of a consensus node for metrics, API and terminal; a copy, never a window into the
 * core.
 */
import type { Bytes, Duration, Instant, LogIndex, LogPosition, NodeId, Term } from '../base/index.ts';
import type { RaftCore } from './core.ts';
import type { Progress, ProgressState } from './progress.ts';
import { successors } from './replication.ts';
import type { Membership, RaftRole } from './types.ts';

/** One follower in the leader's eyes. */
export interface PeerStatus {
  readonly nodeId: NodeId;
  readonly state: ProgressState;
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly inflightMessages: number;
  readonly inflightBytes: Bytes;
  /** Since its last answer, ms. */
  readonly silenceMs: Duration;
  readonly loopLagMs: Duration;
  readonly diskLatencyMs: Duration;
  /** Close enough to be promoted. */
  readonly caughtUp: boolean;
  /** How long it has been so, ms; null = it is not. */
  readonly caughtUpMs: Duration | null;
}

/** What any turn may move; cheap enough to be asked after each. */
export interface RaftMarks {
  readonly nodeId: NodeId;
  readonly role: RaftRole;
  readonly term: Term;
  readonly votedFor: NodeId | null;
  readonly leaderId: NodeId | null;
  readonly firstIndex: LogIndex;
  readonly last: LogPosition;
  readonly durableIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly applyingIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly snapshotIndex: LogIndex;
  readonly membership: Membership;
  readonly membershipIndex: LogIndex;
  readonly membershipCommitted: boolean;
}

export interface RaftStatus extends RaftMarks {
  /** May this node campaign? */
  readonly promotable: boolean;
  /** Lower bound of election timeouts in force, with the measured floor. */
  readonly electionTimeoutMs: Duration;
  /** The drawn one that runs now; 0 before the first. */
  readonly drawnTimeoutMs: Duration;
  /**
   * Since the leader's last word, ms; null = none heard, or this node leads. What waited in a queue while
   * this node stood still is no newer than the standstill.
   */
  readonly silenceMs: Duration | null;
  readonly transferringTo: NodeId | null;
  readonly uncommittedBytes: Bytes;
  readonly pendingReads: number;
  /** Successors in order: the leader's own list, or the last one heard. */
  readonly ranks: readonly NodeId[];
  /** Empty unless this node leads. */
  readonly peers: readonly PeerStatus[];
  readonly wakeAt: Instant;
}

export function raftMarks(core: RaftCore): RaftMarks {
  const { log, configs } = core;
  const { membership, index } = configs.latest();
  return {
    nodeId: core.nodeId,
    role: core.role,
    term: core.term,
    votedFor: core.votedFor,
    leaderId: core.leaderId,
    firstIndex: log.firstIndex,
    last: log.last,
    durableIndex: log.durable,
    commitIndex: log.commit,
    applyingIndex: log.applying,
    appliedIndex: log.applied,
    snapshotIndex: log.snapshot()?.index ?? 0,
    membership,
    membershipIndex: index,
    membershipCommitted: configs.isSettled(),
  };
}

export function raftStatus(core: RaftCore, wakeAt: Instant): RaftStatus {
  const { leader } = core;
  return {
    ...raftMarks(core),
    promotable: core.isPromotable(),
    electionTimeoutMs: core.electionTimeoutMs,
    drawnTimeoutMs: core.drawnTimeoutMs,
    silenceMs:
      leader !== null || core.contactAt === null ? null : core.now - (core.lastWord.at ?? core.contactAt),
    transferringTo: leader === null ? null : (core.transfer?.to ?? null),
    uncommittedBytes: leader?.admission.bytes ?? 0,
    pendingReads: (leader?.reads.size ?? 0) + core.forwarded.size,
    ranks: leader === null ? core.ranks : successors(core, leader),
    peers: leader === null ? [] : [...leader.peers.values()].map((p) => peerStatus(core, p)),
    wakeAt,
  };
}

function peerStatus(core: RaftCore, p: Progress): PeerStatus {
  return {
    nodeId: p.nodeId,
    state: p.state,
    match: p.match,
    next: p.next,
    appliedIndex: p.appliedIndex,
    inflightMessages: p.inflightMessages,
    inflightBytes: p.inflightBytes,
    silenceMs: core.now - p.contactAt,
    loopLagMs: p.loopLagMs,
    diskLatencyMs: p.diskLatencyMs,
    caughtUp: p.caughtUp,
    caughtUpMs: p.caughtUp ? core.now - p.caughtUpAt : null,
  };
}
