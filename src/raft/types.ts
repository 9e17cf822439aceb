/**
 * The words of consensus: entries, membership, messages, inputs and outputs.
 *
 * This file is the contract of `RaftConsensus`. The core takes one `RaftInput` and
 * the instant, and answers with a `RaftOutput`: a record of what it wants done.
 * It never sends, writes, waits or draws chance that was not handed to it.
 *
 * One rule carries the safety: a reply that attests durability (a granted vote, an
 * acknowledged append, the leader's own match) is only ever found in
 * `RaftOutput.sendAfter` or follows a `storage-ack`. A driver that sends `sendAfter`
 * early breaks the cluster; nothing else it does can.
 */
import type {
  Bytes,
  Duration,
  InstanceId,
  Instant,
  LogIndex,
  LogPosition,
  NodeId,
  Term,
  Timestamp,
} from '../base/index.ts';

/**
 * What an entry carries. `noop` opens a term; `membership` is decoded by the core
 * itself (seed: MEMBER_CHANGE); `config` (CONFIG_CHANGE), `command` and `sql`
 * (DATA_OPERATION) are opaque here and read by the state machine.
 */
export type EntryKind = 'noop' | 'config' | 'membership' | 'command' | 'sql';

/**
 * One entry of the log. `timestamp` was stamped by the proposer, is for people and for `now` in SQL, and
 * decides nothing here.
 */
export interface LogEntry extends LogPosition {
  readonly kind: EntryKind;
  readonly timestamp: Timestamp;
  readonly data: Uint8Array;
}

/** What must survive a crash before any reply of this term leaves (Raft §5.1, figure 2). */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | null;
}

/**
 * A member of the Raft group. `instanceId` tells a wiped disk from the one that was admitted; `address` is
 * `host:port` of its peer listener.
 */
export interface RaftMember {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly address: string;
}

/**
 * Who counts. `outgoing` is empty except in a joint configuration, where majorities
 * of `voters` and of `outgoing` are both needed (Raft §6). `learnersNext` are voters
 * that become learners when the joint configuration is left.
 */
export interface Membership {
  readonly voters: readonly RaftMember[];
  readonly outgoing: readonly RaftMember[];
  readonly learners: readonly RaftMember[];
  readonly learnersNext: readonly RaftMember[];
}

/**
 * A change asked for; the core turns it into joint entries. One node may appear in one change only once.
 */
export type MembershipChange =
  | { readonly kind: 'add-learner'; readonly member: RaftMember }
  | { readonly kind: 'promote'; readonly nodeId: NodeId }
  | { readonly kind: 'demote'; readonly nodeId: NodeId }
  | { readonly kind: 'remove'; readonly nodeId: NodeId }
  /**
   * A caught-up learner takes a voter's place in one joint change: the quorum never grows on the way. The
   * voter goes, or stays as learner.
   */
  | { readonly kind: 'replace'; readonly nodeId: NodeId; readonly by: NodeId; readonly stays: boolean }
  | { readonly kind: 'set-address'; readonly nodeId: NodeId; readonly address: string };

/** What a snapshot stands for; the bytes are the driver's business, found by `id`. */
export interface SnapshotMeta extends LogPosition {
  /** Name of the file; unique for (node, index, attempt). */
  readonly id: string;
  readonly membership: Membership;
  /** Index of the entry that made `membership` effective. */
  readonly membershipIndex: LogIndex;
  readonly size: Bytes;
}

/** A candidate's reason; only `transfer` passes stickiness (dissertation §4.2.3, §6.4.1). */
export type CampaignKind = 'timeout' | 'hint' | 'transfer';

/** Why a vote was refused. */
export type VoteRefusal = 'lease' | 'log' | 'term' | 'voted' | 'not-ready';

interface MessageBase {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly fromInstance: InstanceId;
  /** The instance that the sender believes to talk to; '' = not known yet. */
  readonly toInstance: InstanceId;
  readonly term: Term;
}

/** Messages between voters and learners (raft.md 6.2). Fire and forget; each carries all its context. */
export type RaftMessage = MessageBase &
  (
    | {
        readonly kind: 'pre-vote';
        readonly campaign: number;
        readonly last: LogPosition;
        readonly reason: CampaignKind;
      }
    | {
        readonly kind: 'pre-vote-response';
        readonly campaign: number;
        readonly granted: boolean;
        readonly refusal: VoteRefusal | null;
        /** When refused for `lease`: ms after which asking again makes sense. */
        readonly retryAfterMs: Duration;
        /** Since the sender surely heard a leader; null = never in its life. */
        readonly silenceMs: Duration | null;
      }
    | { readonly kind: 'vote'; readonly last: LogPosition; readonly reason: CampaignKind }
    | { readonly kind: 'vote-response'; readonly granted: boolean; readonly refusal: VoteRefusal | null }
    | {
        readonly kind: 'append';
        readonly prev: LogPosition;
        readonly entries: readonly LogEntry[];
        readonly commit: LogIndex;
        /**
         * Read round: an answer with this or a later one confirms leadership for reads begun before it was
         * sent.
         */
        readonly round: number;
        /**
         * Replication session of the leader towards this follower; answers of another session are dropped.
         */
        readonly session: number;
      }
    | {
        readonly kind: 'append-response';
        readonly accepted: boolean;
        /** Accepted: last index known to match and durable. Refused: `prev.index` that did not fit. */
        readonly index: LogIndex;
        /** Refused: the follower's best guess, a position where both logs may agree (term hint). */
        readonly hint: LogPosition;
        readonly appliedIndex: LogIndex;
        readonly round: number;
        readonly session: number;
      }
    | {
        readonly kind: 'heartbeat';
        readonly commit: LogIndex;
        readonly round: number;
        readonly session: number;
        /** Successors in order; the first campaigns first when the leader's connection breaks. */
        readonly ranks: readonly NodeId[];
      }
    | {
        readonly kind: 'heartbeat-response';
        readonly round: number;
        readonly session: number;
        readonly appliedIndex: LogIndex;
        readonly loopLagMs: Duration;
        readonly diskLatencyMs: Duration;
      }
    /**
     * The transfer of a snapshot's bytes has ended at the receiver; stepped there by its driver with the
     * leader's term.
     */
    | { readonly kind: 'snapshot'; readonly meta: SnapshotMeta; readonly session: number }
    | { readonly kind: 'timeout-now'; readonly expectedLast: LogPosition }
    | { readonly kind: 'read-index'; readonly requestId: number }
    | {
        readonly kind: 'read-index-response';
        readonly requestId: number;
        /** null: the answering node can't tell (no leader, or it lost leadership). */
        readonly index: LogIndex | null;
      }
    /** The sender leaves on purpose: as good as a broken connection, without the doubt. */
    | { readonly kind: 'bye' }
  );

export type RaftMessageKind = RaftMessage['kind'];

/** One proposal; `id` is the driver's and comes back in `RaftOutput.proposals`. */
export interface Proposal {
  readonly id: number;
  readonly kind: Exclude<EntryKind, 'noop' | 'membership'>;
  readonly timestamp: Timestamp;
  readonly data: Uint8Array;
}

export type RaftInput =
  | { readonly kind: 'message'; readonly message: RaftMessage }
  /** The wake-up that `RaftOutput.wakeAt` asked for, or any other moment. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'propose'; readonly proposals: readonly Proposal[] }
  | {
      readonly kind: 'propose-membership';
      readonly id: number;
      readonly change: MembershipChange;
      /** Compare-and-set on the index of the configuration in force; null = whatever it is. */
      readonly expectedMembershipIndex: LogIndex | null;
      readonly timestamp: Timestamp;
    }
  /** Ask for an index at which a local read is linearizable; answered in `RaftOutput.reads`. */
  | { readonly kind: 'read-index'; readonly id: number }
  /** Everything up to and including this persistence token is durable. */
  | { readonly kind: 'storage-ack'; readonly token: number }
  /** The state machine holds everything up to `index`. */
  | { readonly kind: 'apply-ack'; readonly index: LogIndex }
  /**
   * Hard evidence about a peer's process: its connection closed and a reconnect was refused, or it is
   * back.
   */
  | { readonly kind: 'peer-hint'; readonly peer: NodeId; readonly status: 'lost' | 'restored' }
  /** Messages to this peer are being lost: go back to probing. */
  | { readonly kind: 'unreachable'; readonly peer: NodeId }
  /** Hand leadership over; `to` null = the best successor. */
  | { readonly kind: 'transfer'; readonly id: number; readonly to: NodeId | null }
  /** How the sending of a snapshot to a peer ended. */
  | { readonly kind: 'snapshot-report'; readonly peer: NodeId; readonly ok: boolean }
  /** The state machine has a durable snapshot; the log may be cut behind it. */
  | { readonly kind: 'snapshot-made'; readonly meta: SnapshotMeta }
  /** Measured surroundings: raise the floor of the election timeout, tell the leader. */
  | {
      readonly kind: 'environment';
      readonly rttP99Ms: Duration;
      readonly loopLagP99Ms: Duration;
      readonly diskLatencyMs: Duration;
      /** From instants to wall time, for what the core dates itself; absent: as it was, at first unknown. */
      readonly wallOffsetMs?: Duration;
    }
  /** A write has been outstanding too long, or the apply queue is stuck: hand leadership over. */
  | { readonly kind: 'distress'; readonly reason: string }
  /**
   * This node stops on purpose: it says goodbye to all members, leads no more and stands no more. The driver
   * sends what comes out and then ends; hand leadership over first (`transfer`) if there is time.
   */
  | { readonly kind: 'leave' }
  /** New settings, live. */
  | { readonly kind: 'settings'; readonly settings: RaftSettings };

/** Settings of the core; all times in ms. Defaults are the seed's. */
export interface RaftSettings {
  /** 50. */
  readonly heartbeatIntervalMs: Duration;
  /** 150: timeouts are drawn from [this, 2 × this), never below the measured floor. */
  readonly electionTimeoutMs: Duration;
  /** 7: a node of rank r waits r × this (plus ≤ 2 ms; the first not at all) before it campaigns on a hint. */
  readonly hintStaggerMs: Duration;
  /** Voters promote caught-up learners by themselves; false for observers. */
  readonly autoPromote: readonly NodeId[];
  /** A learner must have been caught up this long before it is promoted by itself; 0 unless given. */
  readonly promoteAfterMs?: Duration;
  /** Nodes in maintenance: never ranked as successors, never a transfer's target unless named. */
  readonly avoid: readonly NodeId[];
  /** Entries kept behind a snapshot for those that lag a little; `LIMITS.trailingEntries` unless given. */
  readonly trailingEntries?: number;
  /** Their bytes at most, however few they are; `LIMITS.trailingBytes` unless given. */
  readonly trailingBytes?: Bytes;
  /** Entries' bytes in one append; `LIMITS.maxAppendBytes` unless given. */
  readonly maxAppendBytes?: Bytes;
}

/** One ordered write. Tokens grow by one; parts are applied in the order of these fields. */
export interface PersistRequest {
  readonly token: number;
  readonly hardState: HardState | null;
  /** Drop all entries with index ≥ this first. */
  readonly truncateFrom: LogIndex | null;
  readonly entries: readonly LogEntry[];
  /**
   * A new newest snapshot. `keepSuffix` false: installed from a leader, the whole log is replaced by it
   * (empty,
   * `firstIndex` = `snapshot.index` + 1; `entries` is empty then). True: made here from this very log, no
   * entry
   * is touched and only `compactTo` says what may go.
   */
  readonly snapshot: { readonly meta: SnapshotMeta; readonly keepSuffix: boolean } | null;
  /** Entries with index ≤ this are no longer needed; comes with a snapshot at or behind it. */
  readonly compactTo: LogIndex | null;
}

/** How a proposal fared so far. `accepted` is not committed: watch the applied entries. */
export type ProposalResult =
  | { readonly id: number; readonly kind: 'accepted'; readonly position: LogPosition }
  | {
      readonly id: number;
      readonly kind: 'refused';
      readonly reason:
        | 'not-leader'
        | 'overloaded'
        | 'transferring'
        | 'membership-busy'
        | 'membership-conflict'
        | 'membership-illegal';
      readonly text: string;
    };

/** `index` null: can't tell now (no leader, leadership lost, transferring); ask again with a new id. */
export interface ReadResult {
  readonly id: number;
  readonly index: LogIndex | null;
}

/** What an outsider may want to know; nothing in the core depends on anybody listening. */
export type RaftEvent =
  | { readonly kind: 'role-changed'; readonly role: RaftRole; readonly term: Term }
  | { readonly kind: 'leader-changed'; readonly leaderId: NodeId | null; readonly term: Term }
  | {
      readonly kind: 'campaign-started';
      readonly campaign: CampaignKind;
      readonly term: Term;
      /** Time without a word from the leader when the campaign began, ms; null = there was none. */
      readonly silenceMs: Duration | null;
    }
  | {
      readonly kind: 'elected';
      readonly term: Term;
      readonly campaign: CampaignKind;
      /** From the first PreVote of this campaign to leadership, ms; not what lies before the loss. */
      readonly electionMs: Duration;
      /** Before that: since the last of those who elected heard a leader; null = none of them ever did. */
      readonly silenceMs: Duration | null;
      readonly votes: readonly NodeId[];
    }
  | { readonly kind: 'stepped-down'; readonly term: Term; readonly reason: string }
  | {
      readonly kind: 'vote';
      readonly term: Term;
      readonly candidate: NodeId;
      readonly granted: boolean;
      readonly refusal: VoteRefusal | null;
    }
  | {
      readonly kind: 'membership-changed';
      readonly membership: Membership;
      readonly index: LogIndex;
      readonly committed: boolean;
    }
  | { readonly kind: 'transfer-ended'; readonly id: number; readonly ok: boolean; readonly reason: string }
  | { readonly kind: 'hint-taken'; readonly peer: NodeId; readonly rank: number };

export type RaftRole = 'learner' | 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/**
 * What the core wants done after one or more steps. Do it in this order: persist, sendNow, then what each
 * ack releases.
 */
export interface RaftOutput {
  readonly persist: PersistRequest | null;
  readonly sendNow: readonly RaftMessage[];
  /** Send only once the storage has acknowledged `token`. */
  readonly sendAfter: readonly { readonly token: number; readonly message: RaftMessage }[];
  /** Committed, locally durable entries to apply, in order, each exactly once. */
  readonly apply: readonly LogEntry[];
  /** Replace the state machine by this snapshot (its persist is already acknowledged). */
  readonly restore: SnapshotMeta | null;
  readonly snapshotsToSend: readonly {
    readonly peer: NodeId;
    readonly meta: SnapshotMeta;
    readonly session: number;
  }[];
  readonly proposals: readonly ProposalResult[];
  readonly reads: readonly ReadResult[];
  readonly events: readonly RaftEvent[];
  readonly wakeAt: Instant;
}
